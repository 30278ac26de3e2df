package steps

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/doubt"
	"oktareset/runner/fault"
)

// ErrNoPermission ends a run whose first ten calls were all refused for lack of permission (403
// E0000006): the next thousand would be too.
var ErrNoPermission = fault.New(fault.ExitNoAccess, "", "the first ten users were all refused (403): these credentials may not reset factors")

// ErrNoEnrollment ends a run whose first ten enrollments, or the links that activate them, were all
// refused: the next thousand users would be left without a factor too.
var ErrNoEnrollment = fault.New(fault.ExitNoAccess, "", "the first ten enrollments were all refused: see the results for the reason")

// firstCalls is how many calls at the start of a run have to fail to end it.
const firstCalls = 10

// Target is the user that a row names, filled in step by step.
type Target struct {
	Job    runner.Job
	UserID string
	Login  string // "" until looked up
	Status string // Okta's; "" until looked up

	again    string             // why the next step is sent again; "": it isn't
	verified Verified           // zero: not in this run
	taken    bool               // in this run
	begun    bool               // it counts towards the limit
	changed  bool               // a change was made, in this run or before
	series   *oktaclient.Series // of its changes; nil: there is only one change
	unenroll []string           // IDs of the factors to unenroll
	profile  map[string]any     // of the factor to enroll
	phone    string             // that gets the link to activate it; "": none does
	factor   oktaclient.Factor  // that was enrolled; its ID is "" until then

	// take records that the target is taken for a step; if it fails, nothing may be sent.
	take func(step runner.Reason) error
}

// goesOn reports whether an earlier attempt changed the target and this row continues with a
// later step.
func (t *Target) goesOn() bool {
	return t.Job.Before != nil && t.Job.Before.Status == runner.StatusPartial
}

// firstDone reports whether an earlier attempt did the whole first step, and so removed every
// factor that the run removes.
func (t *Target) firstDone() bool {
	return t.goesOn() && !runner.StepOf(t.Job.Before.Open.Step).First
}

// takenBefore reports whether this row continues an earlier attempt; time and factors are then
// kept from that attempt.
func (t *Target) takenBefore() bool {
	return t.goesOn() || t.Job.Before != nil && t.Job.Before.Open.Step == runner.ReasonUnenroll
}

// tried returns what was done to the row earlier.
func (t *Target) tried() runner.Tried {
	if b := t.Job.Before; b != nil {
		return runner.Tried{Attempts: b.Attempts, Again: b.Again}
	}
	return t.Job.Tried
}

// sentBy reports whether this run has already sent the row: then the user already counts for the
// run.
func (t *Target) sentBy(run string) bool {
	return t.goesOn() || t.Job.Before != nil && slices.Contains(strings.Fields(t.Job.Before.RunID), run)
}

// step is one thing that is done to a target. If it can't be done, it settles the row by giving
// the result a status; then no later step is done.
type step struct {
	runner.Step
	Do func(context.Context, *Target, *runner.Result) error
}

// With is what is known about a run by the time of its first row.
type With struct {
	// ID of the owner of the credentials, who is never reset; "" if that isn't a user
	Self     string
	Excluded *Excluded // left alone; nil: nobody
	// Recent says why a recently reset user is left alone. nil: nobody is.
	Recent func(userID string) (why string, ok bool)
	// Verify lets a user prove who they are by one of the listed factors. It returns once the
	// success is recorded. A [*NotVerified] is about the user, any other error isn't. It is only
	// needed with [Options.Verify].
	Verify func(ctx context.Context, userID, login string, listed []oktaclient.Factor) (Verified, error)
	// Prover records the fate of rows in doubt, and proves it. nil: nothing in doubt is ever sent
	// again.
	Prover *doubt.Prover
	// Finish is the context for the remaining steps of a user who was already changed, so that a
	// stop rule leaves nobody half done. nil: the first step's context.
	Finish context.Context
	// Warn gets what a person should know before the results. nil: nobody is there.
	Warn func(text string)
}

// List does the steps of a plan, in order. It is safe for concurrent use.
type List struct {
	*Plan
	with   With
	steps  []step
	client *oktaclient.Client
	seen   *runner.Seen

	rolesRead  atomic.Bool // somebody's roles could be read
	otherPhone atomic.Bool // an enrollment was refused, perhaps for another number

	first    streak // calls for the first change
	enrolls  streak // users who were to get a new factor
	policies streak // policies that were asked for
	warned   sync.Once
	profiles profiles
}

// New makes the List for a plan. seen is where runner.Jobs claims identifiers.
func New(c *oktaclient.Client, seen *runner.Seen, p *Plan, with With) *List {
	l := &List{Plan: p, with: with, client: c, seen: seen}
	for _, s := range p.Steps {
		l.steps = append(l.steps, step{s, l.does(s)})
	}
	return l
}

// finishing returns the context for the remaining steps of a target that was changed.
func (l *List) finishing(ctx context.Context, t *Target) context.Context {
	if l.with.Finish != nil {
		return t.series.In(l.with.Finish)
	}
	return ctx
}

// does returns the function for a step.
func (l *List) does(s runner.Step) func(context.Context, *Target, *runner.Result) error {
	switch {
	case s.Flag != "":
		return l.later(s.Open)
	case s.Changes && s.Open == runner.StepReset:
		return l.resetFactors
	case s.Changes && s.Open == runner.ReasonUnenroll:
		return l.unenroll
	case s.Changes && s.Open == runner.ReasonEnroll:
		return l.enroll
	case s.Changes && s.Open == runner.ReasonSend:
		return l.send
	}
	switch s.Name {
	case runner.StepIdentify:
		return l.identify
	case runner.StepProtect:
		return l.protect
	case runner.StepSkipAdmins:
		return l.skipAdmins
	case runner.StepCheckProfile:
		return l.checkProfile
	case runner.StepCheckPolicy:
		return l.checkPolicy
	case runner.StepRecordFactors:
		return l.recordFactors
	case runner.StepChooseFactors:
		return l.chooseFactors
	case runner.StepVerify:
		return l.verify
	}
	panic("nobody does the step " + s.Name)
}

// Do does the steps to one job's target. It is a [runner.Do].
func (l *List) Do(ctx context.Context, j runner.Job, b runner.Book) (runner.Result, error) {
	t := &Target{Job: j}
	res := runner.Result{Row: j.Row, StartedAt: l.client.Now(), Again: t.tried().Again}
	if b := j.Before; b != nil {
		t.UserID, t.Login, t.unenroll = b.UserID, b.Login, b.Open.Factors
	}
	if t.takenBefore() {
		res.StartedAt, res.Factors, res.RequestID = j.Before.StartedAt, j.Before.Factors, j.Before.RequestID
		res.RunID = runner.JoinRuns(j.Before.RunID, l.opts.RunID)
	}
	t.begun, t.changed = t.sentBy(l.opts.RunID), t.goesOn()
	if l.changes > 1 || len(l.opts.Unenroll) > 0 {
		t.series = l.client.NewSeries(t.changed)
		defer t.series.Close() // when the row ends, nobody needs its room any more
		ctx = t.series.In(ctx)
	}
	t.take = func(step runner.Reason) error { return l.take(t, &res, b, step) }
	err := l.do(ctx, t, &res)
	res.UserID, res.Login, res.FactorStatus = t.UserID, runner.Clip(t.Login), runner.Clip(res.FactorStatus)
	res.Factors = runner.ClipAll(res.Factors)
	res.FinishedAt = runner.Later(l.client.Now(), res.StartedAt)
	if res.Status.Open() && res.RunID == "" {
		res.RunID = l.opts.RunID
	}
	if t.goesOn() {
		// It is the reset's: later reads have their own.
		res.RequestID = cmp.Or(j.Before.RequestID, res.RequestID)
	}
	res.Attempts += t.tried().Attempts
	if j.Before != nil && j.Before.Status == runner.StatusUnknown {
		return l.settleAgain(ctx, t, res, err)
	}
	return res, err
}

// take records a taking. The row keeps the time of the first one.
func (l *List) take(t *Target, res *runner.Result, b runner.Book, step runner.Reason) error {
	if runner.StepOf(step).First {
		t.mark(res)
	}
	if runner.StepOf(step).First && !t.takenBefore() {
		res.StartedAt = l.client.Earliest()
	}
	if t.again != "" {
		at := res.StartedAt
		if !runner.StepOf(step).First {
			at = l.client.Earliest()
		}
		res.Again, t.again = runner.SentAgain(t.tried().Again, at, t.again), ""
	}
	taken := runner.Taken{
		UserID: t.UserID, Login: runner.Clip(t.Login), At: res.StartedAt, Step: step, Factors: runner.ClipAll(res.Factors),
		Tried: runner.Tried{Attempts: t.tried().Attempts + res.Attempts, Again: res.Again},
	}
	if step == runner.ReasonUnenroll {
		taken.Targets = t.unenroll
	}
	if before := t.Job.Before; before != nil && before.Status.Open() {
		taken.Earlier = strings.TrimSpace(strings.ReplaceAll(" "+before.RunID+" ", " "+l.opts.RunID+" ", " "))
		if step == runner.StepReset { // it is sent again: effects of the first time may still show
			taken.At = before.StartedAt
		}
	}
	if err := b.Take(t.Job.Row, taken); err != nil {
		return err
	}
	t.taken = true
	return nil
}

// settleAgain settles a row that was sent before and may have been done then. Unless it is known
// to be done now, it stays in doubt: the new answer says nothing about the first time, which may
// have had a partial effect that nothing shows.
func (l *List) settleAgain(ctx context.Context, t *Target, now runner.Result, err error) (runner.Result, error) {
	before := *t.Job.Before
	switch {
	case now.Status == runner.StatusReset, now.Status == runner.StatusPartial:
		return now, err
	case now.Status == runner.StatusUnknown && !t.taken:
		now.RunID = before.RunID
	case now.Status == runner.StatusUnknown:
		now.StartedAt, now.RunID = before.StartedAt, runner.JoinRuns(before.RunID, l.opts.RunID)
		if before.Reason == runner.ReasonIncomplete {
			now.Reason = before.Reason
		}
	default:
		now = l.stillInDoubt(t, before, now)
	}
	if err == nil && ctx.Err() != nil { // the run ends, and this row wasn't worked on
		err = context.Cause(ctx)
	}
	return now, err
}

// stillInDoubt returns the result of a row in doubt that was sent again without success, or
// wasn't sent again.
func (l *List) stillInDoubt(t *Target, before, now runner.Result) runner.Result {
	text := "may have been done before; tried again: "
	if !t.taken {
		text = "may have been done before; not sent again: "
	}
	text += string(now.Status)
	if now.Error != "" {
		text += ": " + now.Error
	}
	before.Row, before.Attempts, before.Again = now.Row, now.Attempts, now.Again
	if t.taken {
		before.RunID = runner.JoinRuns(before.RunID, l.opts.RunID)
	}
	before.Error = runner.Clip(text)
	return before
}

// do does all steps or, for a row that continues an earlier attempt, the open ones.
func (l *List) do(ctx context.Context, t *Target, res *runner.Result) error {
	skipping := t.goesOn()
	isOpen := func(s step) bool { return s.Changes && s.Open == t.Job.Before.Open.Step }
	if skipping && (t.Job.Before.Open.Step == runner.StepReset || !slices.ContainsFunc(l.steps, isOpen)) {
		*res = *t.Job.Before
		return fmt.Errorf("row %d is half done, and no step is called %q", t.Job.Row.N, t.Job.Before.Open.Step)
	}
	for _, s := range l.steps {
		if s.Changes && l.opts.DryRun {
			continue
		}
		if skipping && s.Changes {
			if s.Open != t.Job.Before.Open.Step {
				continue
			}
			skipping = false
		}
		err := s.Do(ctx, t, res)
		if res.Status == runner.StatusNotAttempted && ctx.Err() != nil {
			res.Error = "" // the run ended: the row has no reason of its own
		}
		if err == nil && res.Status == "" {
			if s.Changes && t.changed {
				ctx = l.finishing(ctx, t)
			}
			continue
		}
		if !s.Changes && t.goesOn() { // a change that was made stays made
			text := "not continued: " + string(res.Status) + ": " + res.Error
			res.Leave(false, t.Job.Before.Open, text)
		}
		return err
	}
	if !l.opts.DryRun {
		res.Status = runner.StatusReset
		if res.FactorStatus == oktaclient.FactorPending {
			res.Reason = runner.ReasonPending
		}
		return nil
	}
	if err := l.opts.Limit.Begin(); err != nil {
		res.Status = runner.StatusNotAttempted
		return err
	}
	res.Status = runner.StatusWouldReset
	return nil
}

// begin counts the target against the limit before its first change. If the limit is reached, the
// row isn't attempted.
func (l *List) begin(t *Target, res *runner.Result) error {
	t.series.Later(l.changes - 1 + max(0, len(t.unenroll)-1))
	if t.begun {
		return nil
	}
	t.begun = true
	err := l.opts.Limit.Begin()
	if err != nil {
		res.Settle(runner.StatusNotAttempted, "", "")
	}
	return err
}
