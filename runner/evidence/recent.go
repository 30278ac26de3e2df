package evidence

import (
	"cmp"
	"context"
	"slices"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner"
)

// Reset is the last whole reset of a user.
type Reset struct {
	At       time.Time // by the server's clock
	By       Source
	Enrolled bool // a factor was enrolled since
}

// Query says what [ReadRecent] reads, and its limits.
type Query struct {
	Since, Until time.Time         // by the server's clock
	Own          func(Source) bool // whose resets don't count; nil: all count
	Kin          func(Source) bool // whose changes Found gets; nil: nobody's
	KinSince     time.Time         // from when on these are looked for, if that is before Since
	Found        func(Change)
	Pages        int           // at most this many, at least 1
	For          time.Duration // no request begins after this time
}

// Change is an event in which a run of the reader's results, or of a copy of them, took one factor
// or all from somebody.
type Change struct {
	UserID, Login string // as in the log
	At            time.Time
	By            Source
}

// Recent says who was reset lately. A nil Recent knows nobody.
type Recent struct {
	since   time.Time // everything published after it is known; zero: nothing is
	whole   bool
	users   map[runner.Key]int32 // by ID and by login: index into entries
	entries []entry
	sources []Source
	known   map[Source]int32
}

// entry is what is known about one user.
type entry struct {
	at       int64 // of the last whole reset, in milliseconds since 1970; 0: none yet
	by       int32 // index into sources
	enroller int32 // who enrolled a factor after it: index into sources, nobody or several
}

// The values of enroller that aren't sources.
const (
	nobody  = -1
	several = -2
)

// ReadRecent reads who was reset. Reaching a limit is no error: then [Recent.Whole] is false. An
// error is the client's, or the cause of ctx's end; the Recent then has what was read until then.
func ReadRecent(ctx context.Context, log *oktaclient.Client, q Query) (*Recent, error) {
	r := &Recent{users: make(map[runner.Key]int32), known: make(map[Source]int32)}
	begin := q.Since
	if !q.KinSince.IsZero() && q.KinSince.Before(begin) {
		begin = q.KinSince
	}
	asked := oktaclient.LogQuery{Types: slices.Concat(oktaclient.FactorsTaken, oktaclient.FactorsGiven), Since: begin, Until: q.Until, NewestFirst: true}
	whole, err := Read(ctx, log, asked, Bounds{q.Pages, q.For}, func(e *oktaclient.LogEvent) { r.take(e, &q) })
	switch {
	case whole:
		r.since, r.whole = q.Since, true
	case r.whole && ctx.Err() == nil: // only what its own runs did before isn't known
		err = nil
	}
	return r, err
}

// take adds an event. Of events older than the period, only changes by the reader's own runs
// matter.
func (r *Recent) take(e *oktaclient.LogEvent, q *Query) {
	f, ok := FactOf(e)
	ok = ok && f.Done
	if ok && f.Kind == Took && q.Kin != nil && q.Kin(f.By) {
		q.Found(Change{UserID: f.User.ID, Login: f.User.Login(), At: e.Published, By: f.By})
	}
	if e.Published.Before(q.Since) {
		r.since, r.whole = q.Since, true
	}
	if !r.whole {
		if ok {
			r.add(f, e.Published, q.Own)
		}
		r.since = e.Published
	}
}

// Whole reports whether the whole period was read.
func (r *Recent) Whole() bool { return r != nil && r.whole }

// Since returns the time after which everything published is known; zero if nothing is.
func (r *Recent) Since() time.Time {
	if r == nil {
		return time.Time{}
	}
	return r.since
}

// Reached reports whether everything published after a time was read.
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
	// An enrollment by the run that did the reset doesn't show that the user came back.
	return Reset{At: time.UnixMilli(e.at).UTC(), By: by, Enrolled: e.enroller != nobody && (e.enroller != e.by || by.RunID == "")}, true
}

// add adds a fact. They come newest first: so a user's first reset in this order is the last one,
// and enrollments before it in this order came after the reset.
func (r *Recent) add(f Fact, at time.Time, own func(Source) bool) {
	if !f.Whole && f.Kind != Gave || f.Whole && own != nil && own(f.By) {
		return
	}
	u := r.user(f.User)
	switch {
	// in the same millisecond, either may have been first
	case u.at != 0 && (f.Whole || at.UnixMilli() != u.at):
	case f.Whole:
		u.at, u.by = max(1, at.UnixMilli()), r.source(f.By)
	case u.enroller == nobody:
		u.enroller = r.source(f.By)
	case u.enroller != r.source(f.By):
		u.enroller = several
	}
}

// user returns the entry for the user of an event.
func (r *Recent) user(p oktaclient.LogParty) *entry {
	id := runner.Identifier{Kind: cmp.Or(kindOf(p.ID), runner.KindLogin), Value: p.ID}
	place, ok := r.users[id.Key()]
	if !ok {
		place = int32(len(r.entries))
		r.entries = append(r.entries, entry{enroller: nobody})
		r.users[id.Key()] = place
		// The newest event with a login shows whose login it is now.
		if login, reason := runner.ParseIdentifier(p.Login()); reason == "" && login.Kind == runner.KindLogin {
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
