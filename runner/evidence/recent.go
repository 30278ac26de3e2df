package evidence

import (
	"cmp"
	"context"
	"errors"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner"
)

// Source is who did something, and in which run: "" for none of this program's.
type Source struct {
	ActorID string
	Actor   string // what people call it
	RunID   string
}

// Reset is the last whole reset of a user.
type Reset struct {
	At       time.Time // by the server's clock
	By       Source
	Enrolled bool // a factor was enrolled since
}

// Query says what [ReadRecent] reads, and how much of it at most.
type Query struct {
	Since, Until time.Time         // by the server's clock
	Own          func(Source) bool // whose resets don't count; nil: nobody's
	OwnSince     time.Time         // from when on these are looked for, if that is before Since
	Found        func(Change)      // gets what these took; nil: nobody wants it
	Pages        int               // at most so many, at least 1
	For          time.Duration     // no request begins after so long
}

// Change is an event of one of the reader's own runs that took a factor from somebody, or all.
type Change struct {
	UserID, Login string // as the log has them
	At            time.Time
	By            Source
}

// Recent is who was reset lately. A nil Recent is nobody.
type Recent struct {
	since   time.Time // everything published after it is known; zero: nothing
	whole   bool
	users   map[runner.Key]int32 // by ID and by login: place in entries
	entries []entry
	sources []Source
	known   map[Source]int32
}

// entry is what is known of one user.
type entry struct {
	at       int64 // of the last whole reset, in milliseconds since 1970; 0: none yet
	by       int32 // place in sources
	enroller int32 // of what was enrolled after it: place in sources, nobody or several
}

// The enrollers besides the sources.
const (
	nobody  = -1
	several = -2
)

// emptyPages in a row are the end of what a log without an end is read for.
const emptyPages = 2

// errBound ends a reading by its time.
var errBound = errors.New("the System Log was read for as long as is allowed")

// ReadRecent reads who was reset. An end by a bound is no error: then [Recent.Whole] is false. An
// error is the client's, or the cause of ctx's end, and comes with what was read until then.
func ReadRecent(ctx context.Context, log *oktaclient.Client, q Query) (*Recent, error) {
	r := &Recent{users: make(map[runner.Key]int32), known: make(map[Source]int32)}
	bounded, cancel := context.WithTimeoutCause(ctx, q.For, errBound)
	defer cancel()
	begin := q.Since
	if !q.OwnSince.IsZero() && q.OwnSince.Before(begin) {
		begin = q.OwnSince
	}
	empty := 0
	for page, at := 0, oktaclient.RecentFactorEvents(begin, q.Until); page < q.Pages && empty < emptyPages; page++ {
		events, next, err := log.ReadEvents(bounded, at)
		for i := range events {
			r.take(&events[i], &q)
		}
		switch {
		case ctx.Err() != nil:
			return r, context.Cause(ctx)
		case bounded.Err() != nil:
			return r, nil
		case err != nil && !r.whole:
			return r, err
		case err != nil, next == "":
			r.since, r.whole = q.Since, true
			return r, nil
		case next == at:
			return r, errors.New("okta's next page of the System Log is the same page again")
		}
		if at = next; len(events) > 0 {
			empty = 0
		} else {
			empty++
		}
	}
	return r, nil
}

// take takes in an event. What is older than the period is looked for changes of the reader's own
// runs only.
func (r *Recent) take(e *oktaclient.LogEvent, q *Query) {
	if q.Found != nil && q.Own != nil && (e.EventType == oktaclient.EventResetAll || e.EventType == oktaclient.EventDeactivate) && e.Outcome.Result == oktaclient.OutcomeSuccess {
		by, user := Source{ActorID: e.Actor.ID, Actor: ActorName(e.Actor), RunID: RunID(e)}, e.User()
		if user.ID != "" && q.Own(by) {
			q.Found(Change{UserID: user.ID, Login: user.AlternateID, At: e.Published, By: by})
		}
	}
	if e.Published.Before(q.Since) {
		r.since, r.whole = q.Since, true
	}
	if !r.whole {
		r.add(e, q.Own)
		r.since = e.Published
	}
}

// Whole reports whether all of the period was read.
func (r *Recent) Whole() bool { return r != nil && r.whole }

// Since is the time after which everything that was published is known: zero if nothing is.
func (r *Recent) Since() time.Time {
	if r == nil {
		return time.Time{}
	}
	return r.since
}

// Reached reports whether everything published since a time was read.
func (r *Recent) Reached(since time.Time) bool {
	return r != nil && (r.whole || !r.since.IsZero() && r.since.Before(since))
}

// Empty reports whether nobody was reset, as far as the log was read.
func (r *Recent) Empty() bool {
	if r == nil {
		return true
	}
	for i := range r.entries {
		if r.entries[i].at != 0 {
			return false
		}
	}
	return true
}

// Of returns the last whole reset of the user with an ID or a login, if the log has one.
func (r *Recent) Of(user runner.Identifier) (Reset, bool) {
	if r == nil || user.Value == "" {
		return Reset{}, false
	}
	place, ok := r.users[user.Key()]
	if !ok || r.entries[place].at == 0 {
		return Reset{}, false
	}
	e := &r.entries[place]
	by := r.sources[e.by]
	// What a run enrolled itself after its own reset is no sign of anybody else.
	return Reset{At: time.UnixMilli(e.at).UTC(), By: by, Enrolled: e.enroller != nobody && (e.enroller != e.by || by.RunID == "")}, true
}

// add takes in an event. They come newest first, so a user's first reset is the last one, and what
// came before it is what was enrolled since.
func (r *Recent) add(e *oktaclient.LogEvent, own func(Source) bool) {
	user, reset := e.User(), e.Whole()
	if user.ID == "" || e.Outcome.Result != oktaclient.OutcomeSuccess || !reset && !e.Enrolls() {
		return
	}
	by := Source{ActorID: e.Actor.ID, Actor: ActorName(e.Actor), RunID: RunID(e)}
	if reset && own != nil && own(by) {
		return
	}
	u := r.user(user)
	switch {
	case u.at != 0 && (reset || e.Published.UnixMilli() != u.at): // in the same millisecond, either may have been first
	case reset:
		u.at, u.by = max(1, e.Published.UnixMilli()), r.source(by)
	case u.enroller == nobody:
		u.enroller = r.source(by)
	case u.enroller != r.source(by):
		u.enroller = several
	}
}

// user returns the entry of the user of an event.
func (r *Recent) user(p oktaclient.LogParty) *entry {
	id := runner.Identifier{Kind: cmp.Or(kindOf(p.ID), runner.KindLogin), Value: p.ID}
	place, ok := r.users[id.Key()]
	if !ok {
		place = int32(len(r.entries))
		r.entries = append(r.entries, entry{enroller: nobody})
		r.users[id.Key()] = place
		// The newest event that names a login says whose it is now.
		if login, reason := runner.ParseIdentifier(p.AlternateID); reason == "" && login.Kind == runner.KindLogin {
			if _, taken := r.users[login.Key()]; !taken {
				r.users[login.Key()] = place
			}
		}
	}
	return &r.entries[place]
}

func kindOf(id string) runner.Kind {
	i, _ := runner.ParseIdentifier(id)
	return i.Kind
}

func (r *Recent) source(s Source) int32 {
	place, ok := r.known[s]
	if !ok {
		place = int32(len(r.sources))
		r.sources, r.known[s] = append(r.sources, s), place
	}
	return place
}
