package audit

import (
	"context"
	"fmt"
	"strings"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner/evidence"
	"oktareset/runner/results"
	"oktareset/runner/steps"
	"oktareset/runner/table"
)

// This file compares what the results say of a verification with the log. A run verifies one user,
// so there are few rows of that kind.

// verification is what a row says of how its user proved who they are.
type verification struct {
	user, by string
	at       time.Time
	request  string // Okta's ID of the request; "": the manifest is about another verification
	event    string // ID of the event that shows it; "": none does
}

// Verified records the cells of [table.VerifiedColumns] of the line that [Audit.Row] got last. An
// error says what in them can't be understood.
func (a *Audit) Verified(rec *table.Record, cells []string) error {
	row := int32(len(a.rows) - 1)
	if len(cells) < len(table.VerifiedColumns) {
		return fmt.Errorf("row %s: its cells %q are missing", rec.Row, table.VerifiedColumns)
	}
	by, at := cells[0], cells[1]
	if by == "" && at == "" {
		if a.rows[row].claim != nothing {
			a.verified[row] = nil
		}
		return nil
	}
	v := &verification{user: rec.UserID, by: by}
	var err error
	if v.at, err = time.Parse(time.RFC3339, at); err != nil {
		return fmt.Errorf("row %s: its verified_at is %q", rec.Row, at)
	}
	if m := a.subject.Verified; m != nil && m.UserID == v.user && results.Stamp(m.At).Equal(v.at) {
		v.request = m.RequestID
	}
	a.verified[row] = v
	return nil
}

// readVerified reads the events of the verifications that have none yet.
func (a *Audit) readVerified(ctx context.Context, log *oktaclient.Client) error {
	for _, v := range a.verified {
		if v == nil || v.event != "" {
			continue
		}
		q := oktaclient.LogQuery{
			Types: []string{oktaclient.EventVerify}, Targets: []string{v.user}, Actors: []string{v.user},
			Since: v.at.Add(-steps.VerifiedFor), Until: v.at.Add(lateTime),
		}
		if _, err := evidence.Read(ctx, log, q, evidence.Bounds{}, v.take); err != nil {
			return err
		}
	}
	return nil
}

// take takes an event if it shows the verification: by the ID of its request or, where one of the
// two has none, by user, factor and time. A push is answered by a request of the user's own device,
// so that its event may have another ID.
func (v *verification) take(e *oktaclient.LogEvent) {
	f, ok := evidence.FactOf(e)
	if !ok || f.Kind != evidence.Proved || !f.Done || e.Actor.ID != v.user && f.User.ID != v.user {
		return
	}
	same, other := false, false // the request
	if id := e.RequestID(); id != "" && v.request != "" {
		same, other = id == v.request, id != v.request && !strings.HasPrefix(v.by, "push:")
	}
	late := e.Published.After(v.at.Add(evidence.ClockSlack)) || e.Published.Before(v.at.Add(-steps.VerifiedFor))
	if same || !other && !late && (f.Factor == "" || oktaclient.EventFactor(f.Factor) == v.by) {
		v.event = e.UUID
	}
}

// removed returns when the last of a row's factors went, by the log. It is zero if none did.
func (a *Audit) removed(r *row) (last time.Time) {
	proved := a.proved(r)
	for i := r.marks; i >= 0; i = a.marks.all[i].next {
		if m := &a.marks.all[i]; m.success && !(proved && m.proof == ByTime) && m.time().After(last) {
			last = m.time()
		}
	}
	return last
}

// unverified reports whether the log may yet have an event of a verification.
func (a *Audit) unverified() bool {
	for _, v := range a.verified {
		if v != nil && v.event == "" {
			return true
		}
	}
	return false
}

// verify adds to a row's finding what the log says of its verification.
func (a *Audit) verify(n int, f *Finding) {
	v, ok := a.verified[int32(n)]
	say := func(text string) {
		if f.Note != "" {
			text = f.Note + "; " + text
		}
		f.Note = text
	}
	if !ok {
		return
	}
	removed := a.removed(&a.rows[n])
	switch {
	case v != nil && removed.After(v.at.Add(steps.VerifiedFor+lateTime)): // a request under way takes its time
		say(fmt.Sprintf("a factor went at %s, more than 5 minutes after the verification by %s at %s", stamp(removed), v.by, stamp(v.at)))
	case v != nil && v.event != "":
		f.Verified = true
		say(fmt.Sprintf("the log has the verification by %s, event %s", v.by, v.event))
		return
	case v != nil:
		say(fmt.Sprintf("the log has no verification by %s at %s", v.by, stamp(v.at)))
	default:
		say("the run was to verify the user first, and the result doesn't say that it did")
	}
	if f.Verdict.OK() {
		f.Verdict = Missing
	}
}
