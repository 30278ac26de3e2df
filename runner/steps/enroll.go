package steps

import (
	"context"
	"strings"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner"
)

// Enrolling says which factor each target gets.
type Enrolling struct {
	Factor  oktaclient.Enrollment                    // without its profile
	Profile func(runner.Row) (map[string]any, error) // of a row's own cells
}

// name is the step's, with everything that decides what is enrolled: a resume has to ask for the same.
func (e *Enrolling) name() string {
	f := e.Factor
	var how []string
	add := func(set bool, text string) {
		if set {
			how = append(how, text)
		}
	}
	add(f.Activate, "activate")
	add(f.UpdatePhone, "update phone")
	add(f.TemplateID != "", "template "+f.TemplateID)
	add(f.TokenLifetime != 0, "token lifetime "+f.TokenLifetime.String())
	if len(how) == 0 {
		return "enroll " + f.String()
	}
	return "enroll " + f.String() + " (" + strings.Join(how, ", ") + ")"
}

// checkProfile reads the row's cells for the new factor, before anything is sent: who can't be enrolled isn't reset.
func (l *List) checkProfile(_ context.Context, t *Target, res *runner.Result) error {
	f := l.opts.Enroll.Factor
	var err error
	if f.Profile, err = l.opts.Enroll.Profile(t.Job.Row); err == nil {
		err = f.Check()
	}
	if err != nil {
		settle(res, runner.StatusInvalid, runner.ReasonProfile, err.Error())
		return nil
	}
	t.profile = f.Profile
	return nil
}

// enroll gives the target its new factor. If an earlier taking may have done it, a factor of its type that was created since is adopted.
func (l *List) enroll(ctx context.Context, t *Target, res *runner.Result) error {
	if t.goesOn() {
		found, rep, err := l.enrolledSince(ctx, t, res.StartedAt)
		if err != nil {
			note(res, rep, err)
			settle(res, runner.StatusPartial, runner.ReasonEnroll, "list factors: "+err.Error())
			return fatal(err)
		}
		if found != nil {
			res.FactorID, res.FactorStatus = found.ID, found.Status
			return nil
		}
	}
	f := l.opts.Enroll.Factor
	f.Profile = t.profile
	c := l.change(t, runner.ReasonEnroll)
	enrolled, rep, err := l.client.EnrollFactor(ctx, t.UserID, f, c.dispatch)
	res.FactorID, res.FactorStatus = enrolled.ID, enrolled.Status
	stop := l.settleLater(res, runner.ReasonEnroll, c, rep, err)
	switch oktaclient.FateOf(err) {
	case oktaclient.Done, oktaclient.InDoubt, oktaclient.Refused, oktaclient.Forbidden, oktaclient.Missing:
		if l.enrolls.all(err != nil && !res.InDoubt) && stop == nil {
			stop = ErrNoEnrollment
		}
	}
	return stop
}

// enrolledSince returns the target's factor of the wanted type that was created since a time of the server's clock, nil if none is listed. What
// the target had before is gone by then, or older.
func (l *List) enrolledSince(ctx context.Context, t *Target, since time.Time) (*oktaclient.Factor, oktaclient.Reply, error) {
	factors, rep, err := l.client.ListFactors(ctx, t.UserID)
	if err != nil {
		return nil, rep, err
	}
	for _, f := range factors {
		if f.Type == l.opts.Enroll.Factor.Type && f.Provider == l.opts.Enroll.Factor.Provider && !f.Created.Before(since.Add(-clockSlack)) {
			return &f, rep, nil
		}
	}
	return nil, rep, nil
}
