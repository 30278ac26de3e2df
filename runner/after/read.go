package after

import (
	"context"
	"slices"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner/console"
	"oktareset/runner/evidence"
	"oktareset/runner/fault"
)

const (
	// mostPages is how many pages of events since the reset are read at most, and a page more for
	// each usersOfPage users: a reset and the enrollment after it write some eight events. A default
	// token may read 60 pages a minute; to list factors instead takes a call for each user.
	mostPages   = 200
	usersOfPage = 100
	// overlap is how far a reading goes back before the end of the last one, because the log lags.
	overlap = 10 * time.Minute
	// wholeEvery is the time after which everything is read again, for events that came even later.
	wholeEvery = time.Hour

	// historyTime is how far back sign-ins are read, historyPages how many pages of them.
	historyTime  = 30 * 24 * time.Hour
	historyPages = 60
)

// reading is how far the log was read.
type reading struct {
	until time.Time // by the server's clock
	whole time.Time // the same, when all was read for the last time
	blind bool      // it can't be read
}

// asks are the events that say who is back.
var asks = slices.Concat(oktaclient.FactorsTaken, oktaclient.FactorsGiven, []string{oktaclient.EventAdmin})

// readLog reads the events since the first reset, or since the last reading.
func (r *run) readLog(ctx context.Context) error {
	if r.log.blind {
		return nil
	}
	until := r.client.Now().Add(time.Second) // that clock is known by a Date, which is cut to seconds
	since, again := r.first().Add(-evidence.ClockSlack), !r.log.until.IsZero()
	switch {
	case again && until.Sub(r.log.whole) < wholeEvery:
		since = r.log.until.Add(-overlap)
	case again:
		r.log.whole = until
	default:
		r.log.whole = until
		if old := until.Add(-evidence.LogRetention); since.Before(old) {
			since = old
			r.Console.Warn(evidence.WarnForgotten, r.first().Format(time.DateOnly))
		}
		r.Console.Info("reading the System Log from %s to %s", since.UTC().Format(evidence.ShortFor), until.UTC().Format(evidence.ShortFor))
	}
	q := oktaclient.LogQuery{Types: asks, Since: since, Until: until, NewestFirst: true}
	reached, events, told := until, 0, time.Now()
	whole, err := evidence.Read(ctx, r.client, q, evidence.Bounds{Pages: pagesFor(len(r.people))}, func(e *oktaclient.LogEvent) {
		reached = e.Published
		if events++; time.Since(told) >= evidence.TellEvery {
			told = time.Now()
			r.Console.Info("progress: %s read, back to %s", console.Plural(events, "event"), reached.UTC().Format(evidence.ShortFor))
		}
		f, ok := evidence.FactOf(e)
		if p := r.byID[f.User.ID]; ok && f.Done && p != nil {
			p.take(e, &f, r.runs.Made(f.By), r.kept)
		}
	})
	switch {
	case ctx.Err() == nil && (oktaclient.FateOf(err) == oktaclient.Forbidden || oktaclient.LacksScope(err)):
		r.log.blind = true
		r.Console.Warn("the System Log can't be read (%s): only the lists of factors say who is back, and nobody can say whom to look at", evidence.HintLog)
		return nil
	case err != nil:
		return r.explain(err)
	case !whole && !again:
		r.Console.Warn("the System Log was read back to %s only%s; before that, only the lists of factors say who is back",
			reached.UTC().Format(evidence.ShortFor), fault.Held(r.client))
	}
	r.log.until = until
	return nil
}

// pagesFor returns how many pages of events are read at most.
func pagesFor(users int) int { return mostPages + users/usersOfPage }

// first returns when the first reset began.
func (r *run) first() time.Time {
	return slices.MinFunc(r.people, func(a, b *person) int { return a.since.Compare(b.since) }).since
}

// readHistory reads from where the users who have enrolled since signed in before the reset. It
// asks about each of them once.
func (r *run) readHistory(ctx context.Context) error {
	var ask []*person
	for _, p := range r.people {
		n := p.fold(r.classic)
		if p.past().since.IsZero() && slices.ContainsFunc(n.given, func(m mark) bool { return p.own(&m) && m.from.IP != "" }) {
			ask = append(ask, p)
		}
	}
	if len(ask) == 0 || r.log.blind {
		return nil
	}
	groups := [][]*person{ask}
	if len(ask) <= evidence.FewUsers {
		groups = slices.Collect(slices.Chunk(ask, oktaclient.LogTargets))
	}
	var back time.Time // everything since then is known of all
	for _, some := range groups {
		reached, err := r.readHistoryOf(ctx, some, max(1, historyPages/len(groups)), len(ask) <= evidence.FewUsers)
		if err != nil {
			return err
		}
		if reached.After(back) {
			back = reached
		}
	}
	if back.After(r.historyBegin()) {
		r.Console.Warn("sign-ins before the reset were read back to %s only: an address or a country from before that counts as new",
			back.UTC().Format(evidence.ShortFor))
	}
	return nil
}

// historyBegin returns the time from which on sign-ins are read.
func (r *run) historyBegin() time.Time {
	since := r.first().Add(-historyTime)
	if old := r.client.Now().Add(-evidence.LogRetention); since.Before(old) {
		return old
	}
	return since
}

// readHistoryOf reads the sign-ins of some users before the last of their resets, by their names or
// out of everybody's, and returns since when they are known.
func (r *run) readHistoryOf(ctx context.Context, some []*person, pages int, named bool) (reached time.Time, err error) {
	last := slices.MaxFunc(some, func(a, b *person) int { return a.wasReset().Compare(b.wasReset()) })
	q := oktaclient.LogQuery{Types: []string{oktaclient.EventSignIn}, Since: r.historyBegin(), Until: last.wasReset().Add(time.Second), NewestFirst: true}
	wanted := make(map[string]*person, len(some))
	for _, p := range some {
		wanted[p.id] = p
		if named {
			q.Actors = append(q.Actors, p.id)
		}
	}
	reached = q.Until
	whole, err := evidence.Read(ctx, r.client, q, evidence.Bounds{Pages: pages}, func(e *oktaclient.LogEvent) {
		reached = e.Published
		f, ok := evidence.FactOf(e)
		if p := wanted[f.User.ID]; ok && f.Done && p != nil {
			p.signedIn(e, r.kept)
		}
	})
	if err != nil {
		return reached, r.explain(err)
	}
	if whole {
		reached = q.Since
	}
	for _, p := range some {
		p.before = p.past()
		p.before.since = reached
	}
	return reached, nil
}
