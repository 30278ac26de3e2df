package steps

import (
	"context"
	"slices"
	"strings"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/doubt"
)

// Enrolling says which factor each target gets.
type Enrolling struct {
	Factor  oktaclient.Enrollment                    // without its profile
	Send    oktaclient.Send                          // how Okta sends the link that activates it; "": it doesn't
	Profile func(runner.Row) (map[string]any, error) // from a row's own cells; with SendSMS also the number
}

// name returns the step's name, with everything that decides what is enrolled: a resume has to
// ask for the same.
func (e *Enrolling) name() string {
	f := e.Factor
	var how []string
	if f.Activate {
		how = append(how, "activate")
	}
	if f.UpdatePhone {
		how = append(how, runner.UpdatePhone)
	}
	if len(how) == 0 {
		return "enroll " + f.String()
	}
	return "enroll " + f.String() + " (" + strings.Join(how, ", ") + ")"
}

// wants reports whether a listed factor is the one that a profile asks for. Another phone isn't,
// nor a pending factor if it has to be active.
func (e *Enrolling) wants(f oktaclient.Factor, profile map[string]any) bool {
	if f.Type != e.Factor.Type || f.Provider != e.Factor.Provider || e.Factor.Activate && f.Status != oktaclient.FactorActive {
		return false
	}
	for _, field := range []string{"phoneNumber", "email"} {
		want, _ := profile[field].(string)
		if got, _ := f.Profile[field].(string); !strings.EqualFold(got, want) {
			return false
		}
	}
	return true
}

// checkProfile reads the row's cells for the new factor, before anything is changed: a user who
// can't be enrolled isn't reset.
func (l *List) checkProfile(_ context.Context, t *Target, res *runner.Result) error {
	f := l.opts.Enroll.Factor
	var err error
	if f.Profile, err = l.opts.Enroll.Profile(t.Job.Row); err == nil {
		err = f.Check()
	}
	if err != nil {
		res.Settle(runner.StatusInvalid, runner.ReasonProfile, err.Error())
		return nil
	}
	t.profile = f.Profile
	if l.opts.Enroll.Send == oktaclient.SendSMS {
		t.phone, _ = f.Profile["phoneNumber"].(string)
		delete(t.profile, "phoneNumber") // it is the link's, not the factor's
	}
	return nil
}

// enroll enrolls the target's new factor. If an earlier attempt may have done so, a factor that
// was created since then is adopted.
func (l *List) enroll(ctx context.Context, t *Target, res *runner.Result) error {
	if err := l.begin(t, res); err != nil {
		return err
	}
	if t.goesOn() {
		// The factors from before the reset are gone, and older anyway.
		adopted, err := l.adopt(ctx, t, res, res.StartedAt.Add(-doubt.ClockDoubt))
		if err != nil {
			res.Leave(false, t.unsent(runner.ReasonEnroll), "list factors: "+err.Error())
			return fatal(err)
		}
		if adopted {
			return nil
		}
	}
	f := l.opts.Enroll.Factor
	f.Profile = t.profile
	c := l.change(t, runner.ReasonEnroll)
	enrolled, rep, err := l.client.EnrollFactor(ctx, t.UserID, f, c.dispatch)
	fate := oktaclient.FateOf(err)
	if fate == oktaclient.Refused && (f.Profile["phoneNumber"] != nil || f.Profile["email"] != nil) {
		// Perhaps the user already has that very phone or address: a verified email address
		// survives a reset.
		if adopted, _ := l.adopt(ctx, t, res, time.Time{}); adopted {
			res.Attempts += rep.Attempts
			return nil
		}
	}
	stop := l.settleChange(ctx, t, res, c, rep, err)
	if err == nil {
		t.gets(enrolled, res)
	}
	if f.OtherPhone(err) {
		l.otherPhone.Store(true)
	}
	switch fate {
	case oktaclient.Done, oktaclient.InDoubt:
		if l.opts.Enroll.Send == "" { // else the link decides
			return l.watchEnrolls(t, false, stop)
		}
	case oktaclient.Refused, oktaclient.Forbidden, oktaclient.Missing:
		return l.watchEnrolls(t, true, stop)
	}
	return stop
}

// gets takes the factor as the one that the target got.
func (t *Target) gets(f oktaclient.Factor, res *runner.Result) {
	t.factor, res.FactorID, res.FactorStatus = f, f.ID, f.Status
}

// watchEnrolls ends the run if the first ten users were all refused what they were to get.
func (l *List) watchEnrolls(t *Target, refused bool, stop error) error {
	if l.enrolls.all(refused) && !t.goesOn() && stop == nil {
		return ErrNoEnrollment
	}
	return stop
}

// adopt uses a listed factor as the target's new one if it is the wanted one and was created since
// a time of the server's clock. One that waits for its activation comes first: another that is
// active already may be somebody else's work.
func (l *List) adopt(ctx context.Context, t *Target, res *runner.Result, since time.Time) (bool, error) {
	factors, rep, err := l.client.ListFactors(ctx, t.UserID)
	if err != nil {
		note(res, rep, err)
		return false, err
	}
	fit := slices.DeleteFunc(factors, func(f oktaclient.Factor) bool {
		return !l.opts.Enroll.wants(f, t.profile) || f.Created.Before(since)
	})
	if len(fit) == 0 {
		return false, nil
	}
	waiting := slices.IndexFunc(fit, func(f oktaclient.Factor) bool { return f.Status == oktaclient.FactorPending })
	t.gets(fit[max(0, waiting)], res)
	return true, nil
}

// Enrolled reports whether any enrollment wasn't refused.
func (l *List) Enrolled() bool { return l.enrolls.worked() }

// OtherPhone reports whether an enrollment was refused that may succeed once the number is replaced
// that Okta keeps.
func (l *List) OtherPhone() bool { return l.otherPhone.Load() }

// NoEnrollment returns [ErrNoEnrollment] if all enrollments so far were refused, and there were
// enough of them.
func (l *List) NoEnrollment() error {
	if l.enrolls.allWrong() {
		return ErrNoEnrollment
	}
	return nil
}
