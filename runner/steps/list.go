package steps

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner"
)

// ErrLimit ends a run that has done as many users as [Options.Limit] allows; those that are under way belong to them.
var ErrLimit error = runner.Enough{Err: errors.New("the limit of this run is reached")}

// ErrNoPermission ends a run whose first ten calls were all refused for want of permission (403 E0000006): the next thousand
// would be too.
var ErrNoPermission = errors.New("the first ten users were all refused (403): these credentials may not reset factors")

// forbiddenStreak is how many calls at the start of a run have to be forbidden to end it.
const forbiddenStreak = 10

// Options of a list of steps.
type Options struct {
	DryRun        bool
	RecordFactors bool   // list the factors before the change, into the result; a call a row in the reset's own bucket
	Limit         int    // users to take (of a dry run: to find ready for it) before the run ends; 0: all
	RunID         string // of this run, as its User-Agent has it
	Forbidden     bool   // many are expected to be forbidden: ten at the start mean nothing
	Self          string // ID of the user whose credentials these are: never reset; "" if it isn't a user
}

// Target is the user that a row names, as the steps learn it.
type Target struct {
	Job    runner.Job
	UserID string
	Login  string // "" until looked up
	Status string // Okta's; "" until looked up

	take func() error // records that the target is taken; nothing may be sent if it fails
}

// Step is one thing that is done to a target. It settles the row by giving the result a status; then no later step is done.
type Step struct {
	Name    string
	Changes bool
	Do      func(context.Context, *Target, *runner.Result) error
}

// List is the steps of a run, in order. It is safe for concurrent use.
type List struct {
	steps  []Step
	client *oktaclient.Client
	opts   Options
	seen   *runner.Seen

	taken atomic.Int64

	mu        sync.Mutex
	finished  int // calls that changed something or were refused to
	forbidden int // of the first of these
}

// Reset lists the steps of resetting all factors of a user. seen is what runner.Jobs claims identifiers in.
func Reset(c *oktaclient.Client, seen *runner.Seen, o Options) *List {
	l := &List{client: c, opts: o, seen: seen}
	l.add(Step{Name: "identify", Do: l.identify})
	l.add(Step{Name: "protect", Do: l.protect})
	if o.RecordFactors {
		l.add(Step{Name: "record_factors", Do: l.recordFactors})
	}
	l.add(Step{Name: "reset_factors", Changes: true, Do: l.resetFactors})
	return l
}

// Protect keeps the user with this ID from being reset. It comes before the first Do.
func (l *List) Protect(userID string) { l.opts.Self = userID }

// add appends a step; a dry run has none that changes something.
func (l *List) add(s Step) {
	if !s.Changes || !l.opts.DryRun {
		l.steps = append(l.steps, s)
	}
}

// Names are the names of the steps, in order.
func (l *List) Names() []string {
	names := make([]string, len(l.steps))
	for i, s := range l.steps {
		names[i] = s.Name
	}
	return names
}

// Do does the steps to one job's target. It is a [runner.Do].
func (l *List) Do(ctx context.Context, j runner.Job, b runner.Book) (runner.Result, error) {
	res := runner.Result{Row: j.Row, StartedAt: l.client.Now()}
	t := &Target{Job: j}
	t.take = func() error {
		res.StartedAt = l.client.Earliest()
		taken := runner.Taken{UserID: t.UserID, Login: t.Login, At: res.StartedAt, Factors: res.Factors}
		if j.Doubt != nil {
			taken.At, taken.Earlier = j.Doubt.StartedAt, j.Doubt.RunID
		}
		return b.Take(j.Row, taken)
	}
	err := l.do(ctx, t, &res)
	res.UserID, res.Login = t.UserID, t.Login
	res.FinishedAt = later(l.client.Now(), res.StartedAt)
	if res.Status == runner.StatusUnknown {
		res.RunID = l.opts.RunID
	}
	if j.Doubt != nil && res.Status != runner.StatusReset {
		res = l.stillInDoubt(*j.Doubt, res)
	}
	return res, err
}

// stillInDoubt is the result of a row that was sent before, may have been done then, and was now sent again without success: whatever came
// back says nothing of the first time.
func (l *List) stillInDoubt(before, now runner.Result) runner.Result {
	runs := before.RunID + " " + l.opts.RunID
	if now.Status == runner.StatusUnknown {
		now.StartedAt, now.RunID = before.StartedAt, runs
		return now
	}
	before.Row, before.Attempts, before.RunID = now.Row, now.Attempts, runs
	text := "may have been reset before; tried again: " + string(now.Status)
	if now.Error != "" {
		text += ": " + now.Error
	}
	settle(&before, runner.StatusUnknown, runner.ReasonUnverified, text)
	return before
}

func (l *List) do(ctx context.Context, t *Target, res *runner.Result) error {
	for _, s := range l.steps {
		if err := s.Do(ctx, t, res); err != nil || res.Status != "" {
			return err
		}
	}
	if err := l.count(); err != nil { // only a dry run comes here: nothing settled the row
		res.Status = runner.StatusNotAttempted
		return err
	}
	res.Status = runner.StatusWouldReset
	return nil
}

// count takes one user off the limit.
func (l *List) count() error {
	if l.opts.Limit > 0 && l.taken.Add(1) > int64(l.opts.Limit) {
		return ErrLimit
	}
	return nil
}

// later keeps a result's times in order: the server's clock is known to the second, and may be set back.
func later(t, start time.Time) time.Time {
	if t.Before(start) {
		return start
	}
	return t
}
