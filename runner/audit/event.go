package audit

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/evidence"
)

// Proof says how certain it is that an event belongs to a row. A higher proof is more certain.
type Proof uint8

// The proofs.
const (
	ByTime    Proof = iota + 1 // user, time and the account of one of the runs alone
	ByRun                      // the run's id in the User-Agent, and that run's account
	ByRequest                  // Okta's request ID
)

// String returns the audit's word for the proof: time, run or request; "" for no proof.
func (p Proof) String() string { return [...]string{"", "time", "run", "request"}[p] }

// Stray is a reset, or the removal of a single factor, that no row explains.
type Stray struct {
	User    oktaclient.LogParty
	Actor   oktaclient.LogParty
	RunID   string // that its User-Agent names
	At      time.Time
	Events  []string
	Factors []string
	Whole   bool // all factors were removed, for certain
}

// Event records an event of the log. An event that comes again counts once.
func (a *Audit) Event(e *oktaclient.LogEvent) {
	f, ok := evidence.FactOf(e)
	if !ok || f.Kind != evidence.Took {
		return
	}
	a.tickets.alias(f.User.ID, f.User.Login())
	switch i, proof := a.match(e, &f); {
	case i >= 0:
		a.note(i, e, &f, proof)
	case f.Done && f.By.ActorID != f.User.ID: // not people who remove a factor of their own
		a.stray(e, &f)
	}
}

// match returns the row that an event belongs to, or -1.
func (a *Audit) match(e *oktaclient.LogEvent, f *evidence.Fact) (place int32, p Proof) {
	first, ok := a.byUser[f.User.ID]
	if !ok {
		return -1, 0
	}
	request := a.hash(e.RequestID())
	best := first // of a user's rows, the one that says that something was done
	for i := first; i >= 0; i = a.rows[i].next {
		if request != 0 && a.rows[i].request == request {
			return i, ByRequest
		}
		if a.rows[i].claim > a.rows[best].claim {
			best = i
		}
	}
	at := e.Published.UnixMilli()
	switch r := &a.rows[best]; {
	case a.subject.Runs.Made(f.By):
		return best, ByRun
	case f.By.RunID == "" && r.claim != nothing && at >= r.from && at <= r.to && a.subject.Runs.Used(f.By.ActorID):
		return best, ByTime
	}
	return -1, 0
}

// note adds an event to a row.
func (a *Audit) note(place int32, e *oktaclient.LogEvent, f *evidence.Fact, p Proof) {
	r := &a.rows[place]
	for i := r.marks; i >= 0; i = a.marks.all[i].next {
		if a.marks.id(i) == e.UUID {
			return
		}
	}
	r.marks = a.marks.add(e, f, p, a.hash(e.RequestID()), r.login, r.marks)
	if p == ByTime {
		a.byTime = append(a.byTime, loose{mark: r.marks, row: place, user: f.User})
	}
}

// loose is an event that belongs to a row by time alone. If the row turns out to have an event
// of its own, the loose one is a stray: the same account was at work elsewhere.
type loose struct {
	mark, row int32
	user      oktaclient.LogParty
}

// proved reports whether a row has an event of its own, which can't be a coincidence.
func (a *Audit) proved(r *row) bool {
	for i := r.marks; i >= 0; i = a.marks.all[i].next {
		if a.marks.all[i].success && a.marks.all[i].proof > ByTime {
			return true
		}
	}
	return false
}

// loginHash returns a hash that is the same for logins of the same user, or 0 if login isn't a
// login.
func loginHash(login string) uint64 {
	id, reason := runner.ParseIdentifier(login)
	if reason != "" {
		return 0
	}
	k := id.Key()
	return max(1, binary.BigEndian.Uint64(k[:8]))
}

// stray adds an event that no row explains to the others of its request.
func (a *Audit) stray(e *oktaclient.LogEvent, f *evidence.Fact) {
	x := Stray{User: f.User, Actor: e.Actor, RunID: f.By.RunID, At: e.Published, Events: []string{e.UUID}, Whole: f.Whole}
	if f.Factor != "" {
		x.Factors = []string{f.Factor}
	}
	a.addStray(evidence.ResetKey(e, f.User.ID), x)
}

// addStray adds an event, as a stray of its own, to the one with the same key.
func (a *Audit) addStray(key string, x Stray) {
	place, ok := a.byKey[key]
	if !ok {
		a.byKey[key] = len(a.strays)
		a.strays = append(a.strays, x)
		return
	}
	s := &a.strays[place]
	if slices.Contains(s.Events, x.Events[0]) {
		return
	}
	s.Events, s.Factors = append(s.Events, x.Events...), append(s.Factors, x.Factors...)
	s.Whole = s.Whole || x.Whole
	if x.At.Before(s.At) {
		s.At = x.At
	}
}

// Strays returns the resets that no row explains, the oldest first. Read the log first.
func (a *Audit) Strays() []Stray {
	for _, l := range a.byTime {
		m := &a.marks.all[l.mark]
		if !m.success || !a.proved(&a.rows[l.row]) {
			continue
		}
		x := Stray{
			User: l.user, Actor: oktaclient.LogParty{ID: a.marks.texts[m.actor], AlternateID: a.marks.texts[m.name]}, At: m.time(),
			Events: []string{a.marks.id(l.mark)}, Whole: m.whole,
		}
		if f := a.marks.texts[m.factor]; f != "" {
			x.Factors = []string{f}
		}
		a.addStray(fmt.Sprintf("%s by time %d", l.user.ID, m.request), x)
	}
	a.byTime = nil
	slices.SortStableFunc(a.strays, func(x, y Stray) int { return x.At.Compare(y.At) })
	clear(a.byKey) // their places have changed
	return a.strays
}
