package audit

import (
	"context"
	"slices"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/evidence"
)

const (
	// askEvery is how often the log is asked again for what is missing: it lags, usually by
	// seconds.
	askEvery = 15 * time.Second
	// fewEvents are read again in whole: they are a few calls, and what others did shows, too.
	fewEvents = 5 * oktaclient.LogPage
)

// Reading is how far [Audit.Read] is.
type Reading struct {
	Events int       // read so far
	At     time.Time // published of the newest
	Open   int       // rows that wait for an event; 0 while the log is read for the first time
	Until  time.Time // how long they wait, by this machine's clock
}

// Read reads the log for the time of the rows, page by page, and, as long as an event is
// missing, again until wait is over. tell is called now and then. An error is the client's, or
// the cause of ctx's end.
func (a *Audit) Read(ctx context.Context, log *oktaclient.Client, wait time.Duration, tell func(Reading)) error {
	since, until, ok := a.Span()
	if !ok {
		return nil
	}
	ends := time.Now().Add(wait)
	r := reader{Audit: a, tell: tell, told: time.Now()}
	if err := r.read(ctx, log, nil, since, until); err != nil {
		return err
	}
	if err := a.readVerified(ctx, log); err != nil {
		return err
	}
	first := r.Events
	for {
		open, from := a.waiting()
		left := time.Until(ends)
		if len(open) == 0 && !a.unverified() || left <= 0 {
			return nil
		}
		r.Open, r.Until = max(1, len(open)), ends
		tell(r.Reading)
		if err := runner.Pause(ctx, min(left, askEvery)); err != nil {
			return err
		}
		only := len(open) == 0 && first > fewEvents // a verification is missing
		switch {
		case first <= fewEvents:
			open, from = nil, since
		case len(open) > evidence.FewUsers:
			open = nil
		}
		if !only {
			if err := r.again(ctx, log, open, from, until); err != nil {
				return err
			}
		}
		if err := a.readVerified(ctx, log); err != nil {
			return err
		}
	}
}

// reader reads events into an audit.
type reader struct {
	*Audit
	Reading
	tell func(Reading)
	told time.Time
}

// again reads the log again: for some users, or for all.
func (r *reader) again(ctx context.Context, log *oktaclient.Client, users []string, since, until time.Time) error {
	if len(users) == 0 {
		return r.read(ctx, log, nil, since, until)
	}
	for some := range slices.Chunk(users, oktaclient.LogTargets) {
		if err := r.read(ctx, log, some, since, until); err != nil {
			return err
		}
	}
	return nil
}

// read reads the events that took factors from some users, or from anybody.
func (r *reader) read(ctx context.Context, log *oktaclient.Client, users []string, since, until time.Time) error {
	q := oktaclient.LogQuery{Types: oktaclient.FactorsTaken, Targets: users, Since: since, Until: until}
	_, err := evidence.Read(ctx, log, q, evidence.Bounds{}, func(e *oktaclient.LogEvent) {
		r.Event(e)
		r.Events++
		r.At = e.Published
		if r.Open == 0 && time.Since(r.told) >= evidence.TellEvery {
			r.told = time.Now()
			r.tell(r.Reading)
		}
	})
	return err
}

// waiting returns the users of the rows that wait for an event, and since when that may have
// been published.
func (a *Audit) waiting() (users []string, since time.Time) {
	for id, first := range a.byUser {
		for i := first; i >= 0; i = a.rows[i].next {
			r := &a.rows[i]
			if !a.open(r) {
				continue
			}
			users = append(users, id)
			if from := time.UnixMilli(r.from); since.IsZero() || from.Before(since) {
				since = from
			}
			break
		}
	}
	return users, since
}
