package audit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner"
)

// Verdict is what the log says of a row. The set is closed.
type Verdict string

// The verdicts.
const (
	Confirmed       Verdict = "confirmed"         // the log has the reset that the result has, whole; or it settles what was unknown
	NoEventExpected Verdict = "no_event_expected" // nothing was taken, by the result, and the log has nothing
	Missing         Verdict = "missing"           // the result has a reset, the log doesn't, or not all of it
	Contradicted    Verdict = "contradicted"      // the log has another number of resets than the result
	Unproved        Verdict = "unproved"          // the result doesn't know, nor does the log for certain
	Unexplained     Verdict = "unexplained"       // the log has a reset that no row has
)

// Verdicts lists every verdict, best news first.
var Verdicts = []Verdict{Confirmed, NoEventExpected, Unproved, Missing, Contradicted, Unexplained}

// OK reports whether a verdict needs nobody's attention.
func (v Verdict) OK() bool { return v == Confirmed || v == NoEventExpected }

// Finding is what the log has of a row.
type Finding struct {
	Verdict  Verdict
	Note     string // what a person should read; "" where the verdict says it all
	Proof    Proof  // the strongest of its events; 0: there are none
	Events   []string
	Factors  []string  // that went, in the log's words, each once
	First    time.Time // published; zero: there are none
	Login    string    // what the log calls the user, where the results say nothing or something else; "" else
	ActorID  string
	Actor    string // login or name
	Settled  bool   // the result doesn't know it, the log does
	Verified bool   // the log shows that the user had proved who they are
}

// Verdict returns the finding of the line that was the n-th for [Audit.Row], 0 being the first.
func (a *Audit) Verdict(n int) Finding {
	r := &a.rows[n]
	f, resets := a.gather(r)
	happened := resets > 0
	part := ""
	if happened {
		part = a.part(r)
	}
	switch {
	case resets > 1:
		f.Verdict, f.Note = Contradicted, fmt.Sprintf("the log has %d resets of this user by these runs", resets)
	case r.claim == nothing && happened:
		f.Verdict, f.Note = Contradicted, "the log has a reset of this user by these runs, the result says "+string(r.status)
	case r.claim == nothing:
		f.Verdict = NoEventExpected
	case r.claim == perhaps && happened && f.Proof != ByTime && part != "":
		f.Verdict, f.Note = Unproved, part
	case r.claim == perhaps && happened && f.Proof != ByTime:
		f.Verdict, f.Settled = Confirmed, true
		f.Note = "the answer was lost; the log proves the reset"
	case r.claim == perhaps && happened:
		f.Verdict, f.Note = Unproved, "this user was reset at that time, but nothing shows that the row's request did it"
	case r.claim == perhaps:
		f.Verdict, f.Note = Unproved, "the log has no reset of this user by these runs"
	case part != "":
		f.Verdict, f.Note = Missing, part
	case happened:
		f.Verdict = Confirmed
	case len(f.Events) > 0:
		f.Verdict, f.Note = Contradicted, "the log says that the reset failed"
	case r.noFactors:
		f.Verdict, f.Note = NoEventExpected, "no factor was listed"
	default:
		f.Verdict, f.Note = Missing, a.missingNote()
	}
	a.verify(n, &f)
	return f
}

func (a *Audit) missingNote() string {
	if a.subject.Recorded {
		return "the log has no reset of this user by these runs"
	}
	return "the log has no reset of this user by these runs; a user who had no factor may have none (--record-factors would tell)"
}

// gather puts a row's events together, and counts how many resets took place: by request where
// all factors went, else one at most.
func (a *Audit) gather(r *row) (f Finding, resets int) {
	var whole []uint64
	single, proved := false, a.proved(r)
	for i := r.marks; i >= 0; i = a.marks.all[i].next {
		m := &a.marks.all[i]
		if proved && m.proof == ByTime {
			continue // a stray
		}
		f.Events = append(f.Events, a.marks.id(i))
		f.ActorID, f.Actor = a.marks.texts[m.actor], a.marks.texts[m.name]
		f.Login = cmp.Or(f.Login, a.marks.texts[m.user])
		if f.First.IsZero() || m.time().Before(f.First) {
			f.First = m.time()
		}
		if m.proof > f.Proof {
			f.Proof = m.proof
		}
		if factor := a.marks.texts[m.factor]; factor != "" && !slices.Contains(f.Factors, factor) {
			f.Factors = append(f.Factors, factor)
		}
		switch {
		case !m.success:
		case !m.whole:
			single = true
		case !slices.Contains(whole, m.request):
			whole = append(whole, m.request)
		}
	}
	slices.Reverse(f.Events) // the newest is the first of the chain
	slices.Sort(f.Factors)
	if len(whole) == 0 && single {
		return f, 1
	}
	return f, len(whole)
}

// part says why the row's events may be those of a part of a reset only; "" if they aren't. Of a
// row whose answer came, that is only so if they leave out a factor that is known to have been
// there.
func (a *Audit) part(r *row) string {
	left, all := a.uncovered(r)
	switch {
	case len(left) > 0:
		return "the log has a part of the reset, and no event for " + strings.Join(left, ", ")
	case r.claim == perhaps && !all && (r.part || r.factors == 0):
		return "the log has single factors that went; oktareset reset --resume finds out whether all did"
	}
	return ""
}

// uncovered returns the factors, as they were listed before the change, for which the row's events
// don't account: an event of all factors accounts for each, one of push or signed_nonce for all of
// Okta Verify, and one that doesn't say which factor it took for any one. all reports whether there
// is an event of all factors.
func (a *Audit) uncovered(r *row) (left []string, all bool) {
	var names []string
	anyone, proved := 0, a.proved(r)
	for i := r.marks; i >= 0; i = a.marks.all[i].next {
		switch m := &a.marks.all[i]; {
		case !m.success, proved && m.proof == ByTime:
		case m.all:
			return nil, true
		case m.factor == 0:
			anyone++
		default:
			names = append(names, a.marks.texts[m.factor])
		}
	}
	verify := slices.ContainsFunc(names, oktaclient.TakesVerify)
	for text := range strings.FieldsSeq(a.marks.texts[r.factors]) {
		f := oktaclient.ParseFactor(text)
		name := f.LogName()
		if f.ResetTakes() && name != "" && !slices.Contains(names, name) && !(f.OktaVerify() && verify) && !slices.Contains(left, text) {
			left = append(left, text)
		}
	}
	return left[min(anyone, len(left)):], false
}

// took reports whether the row's user lost factors by its run, as far as anybody knows: those
// are the resets that need a ticket.
func (a *Audit) took(n int, f *Finding) bool {
	return a.rows[n].claim == done || f.Settled || f.Verdict == Contradicted && a.rows[n].status != runner.StatusReset
}

// open reports whether the log may yet have an event that the row needs.
func (a *Audit) open(r *row) bool {
	if r.claim == nothing || r.noFactors {
		return false
	}
	for i := r.marks; i >= 0; i = a.marks.all[i].next {
		if a.marks.all[i].success {
			return a.part(r) != ""
		}
	}
	return true
}
