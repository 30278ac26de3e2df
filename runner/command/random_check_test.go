package command

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner"
)

// check compares every row's result with what was done to its user.
func (r *random) check() {
	rows := r.rows()
	changed := make(map[int]bool) // users of whom some row says that they were or may have been changed
	again := make(map[int]int)    // by user: how often a row says that it was sent again
	for n, row := range rows {
		if row != nil && r.owner[n] >= 0 {
			again[r.owner[n]] += strings.Count(row[8], "sent again at ") - strings.Count(row[8], linkAgain)
		}
		if row != nil && slices.Contains([]string{"reset", "partial", "unknown", "taken"}, row[4]) {
			changed[r.owner[n]] = true
		}
	}
	for n, row := range rows {
		i := r.owner[n]
		switch {
		case row == nil && !r.crashed:
			r.fail("row %d has no line", n+1)
		case row == nil, i < 0:
			continue
		case row[4] == "taken" && !r.crashed:
			r.fail("row %d is taken", n+1)
		}
		did := r.v.org.Did(r.v.ids[i])
		gone := r.gone(i)
		allowed := 1 + r.allowed[i]
		if r.late { // a reset that took effect too late was rightly sent again, and its row says so
			allowed += again[i]
		}
		parts := did.PartResets
		if !r.parts { // nothing shows that a part was done: neither the log nor, where they aren't recorded, the factors
			parts = 0
		}
		if r.excl[i] && did.Resets+did.Enrolls+did.Unenrolls+did.SessionsCleared > 0 {
			r.fail("row %d: user %d is excluded: %+v", n+1, i, did)
		}
		switch {
		case did.Resets+parts > allowed:
			r.fail("row %d: user %d was reset %d times, and %d times in part", n+1, i, did.Resets, did.PartResets)
		case did.ResetCalls > 1 && row[4] == "reset" && did.Resets > 1 && again[i] == 0:
			r.fail("row %d: user %d was reset %d times, and it doesn't say so", n+1, i, did.Resets)
		case did.Enrolls > allowed && !r.late: // a reset that comes late takes the new factor, too
			r.fail("row %d: user %d got %d factors", n+1, i, did.Enrolls)
		case row[4] == "reset" && gone < len(r.old[i]):
			r.fail("row %d: reset, but of %q only %d are gone", n+1, r.old[i], gone)
		case row[4] == "reset" && r.what.sessions && did.SessionsCleared == 0:
			r.fail("row %d: reset, but the sessions go on", n+1)
		case row[4] == "reset" && r.what.enroll && !r.has(i, row[14]) && r.allowed[i] == 0 && !r.late:
			r.fail("row %d: reset, but there is no factor %q", n+1, row[14])
		case row[4] == "reset" && (r.what.send && row[15] == "PENDING_ACTIVATION" && did.Links == 0 || did.Links > did.Resets && !strings.Contains(row[8], linkAgain)):
			r.fail("row %d: user %d got %d links: none, or more than it says", n+1, i, did.Links)
		case row[4] == "partial" && row[5] != "unenroll" && gone < len(r.old[i]):
			r.fail("row %d: partial, but of %q only %d are gone", n+1, r.old[i], gone)
		case !runner.Status(row[4]).Open() && row[4] != "reset" && row[4] != "taken" && row[5] != "duplicate" && row[5] != "not_enrolled" &&
			gone > 0 && !changed[i]:
			r.fail("row %d: %s, but of %q %d are gone", n+1, row[4], r.old[i], gone)
		}
		for _, id := range r.kept[i] {
			if !r.has(i, id) && r.allowed[i] == 0 && !r.late {
				r.fail("row %d: user %d has lost %s, enrolled after the change", n+1, i, id)
			}
		}
	}
}

// gone returns how many of the factors that the run shall remove are removed.
func (r *random) gone(i int) int {
	n := 0
	for _, id := range r.old[i] {
		if !r.has(i, id) {
			n++
		}
	}
	return n
}

func (r *random) has(i int, factor string) bool {
	u, _ := r.v.org.User(r.v.ids[i])
	return slices.ContainsFunc(u.Factors, func(f standin.Factor) bool { return f.ID == factor })
}

// end lets everything work, and resumes: every row must end as well as it can.
func (r *random) end() {
	r.v.org.Clear()
	r.crashed = false
	for range 3 {
		code := r.v.reset(slices.Concat(r.what.flags, r.extra, []string{"--resume", "--confirm=acme.okta.com:0-1000", "--retry", "failed,forbidden"})...)
		r.trace = append(r.trace, fmt.Sprintf("at the end: exit code %d", code))
		r.check()
		<-time.After(10 * time.Minute)
	}
	settled := make(map[int]bool)
	for n, row := range r.rows() {
		if r.owner[n] >= 0 && row[5] != "duplicate" {
			settled[r.owner[n]] = true
		}
		if s := row[4]; s == "not_attempted" || s == "failed" || s == "forbidden" || s == "partial" || s == "unknown" && len(r.what.types) > 0 {
			r.fail("row %d is %s for ever", n+1, s)
		}
	}
	for n, i := range r.owner {
		if i >= 0 && !settled[i] {
			r.fail("row %d: user %d is lost: each row is the other's duplicate", n+1, i)
		}
	}
	if s := r.v.org.Stats().Surprises; len(s) > 0 {
		r.fail("surprises: %q", s)
	}
}
