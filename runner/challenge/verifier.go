package challenge

import (
	"context"
	"errors"
	"fmt"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/doubt"
	"oktareset/runner/fault"
	"oktareset/runner/results"
	"oktareset/runner/steps"
)

// Verifier lets the user of a run prove who they are before the reset.
type Verifier struct {
	*access.Env
	Client  *oktaclient.Client
	Org     access.Flags       // of this run
	StandIn *access.Sandbox    // nil with a real org
	By      string             // an ID or TYPE[:PROVIDER]
	Lost    []steps.FactorType // factors that the run takes because they are lost
	DryRun  bool               // only find out whether the factor can be used
	RunID   string
	// Last is the last success. At the beginning it is that of an earlier run, if nobody else can
	// have written it; nil: there is none.
	Last *results.Verified
	// Record keeps a success. It returns once that can't be lost any more.
	Record func(results.Verified) error
	// Instead is set if the factor can't be used: one of the user's that can, as --verify names it.
	Instead string
}

// Verify implements [steps.With.Verify].
func (v *Verifier) Verify(ctx context.Context, userID, login string, listed []oktaclient.Factor) (steps.Verified, error) {
	command := func(verb string, args ...string) string {
		return v.Org.Factors(verb, console.ShellQuote(userID), args...)
	}
	f, err := Find(listed, v.By, login, command("list"))
	if err == nil {
		err = Usable(f, login, command)
	}
	if g, lost := Lost(f, listed, v.Lost); err == nil && lost {
		err = fault.New(fault.ExitRows, "verify by a factor on another device", "%s proves nothing: --factor names %s as lost, which is on the same device", f, g)
	}
	if err != nil {
		if v.Instead = v.other(login, listed, command); v.Instead != "" {
			err = fault.WithHint(err, "verify by "+v.Instead)
		}
		return steps.Verified{}, &steps.NotVerified{Err: err}
	}
	if v.DryRun {
		return steps.Verified{}, nil
	}
	if last := v.last(userID, f); last != nil {
		v.Console.Info("%s was verified by %s %s", login, f, console.Ago(v.age(last)))
		return counts(last, v.age(last)), nil
	}
	c := &Challenge{
		Env: v.Env, Client: v.Client, StandIn: v.StandIn, UserID: userID, Login: login, Factor: f,
		// a number that only the caller hears keeps somebody from approving a push without thinking
		Send: oktaclient.Verify{NumberMatching: f.Type == "push"},
	}
	said, rep, err := c.Do(ctx)
	if err == nil {
		err = Outcome(login, said)
	}
	if err != nil {
		return steps.Verified{}, notVerified(err)
	}
	now := &results.Verified{UserID: userID, By: f.String(), FactorID: f.ID, At: v.Client.Earliest(), RequestID: rep.RequestID, RunID: v.RunID}
	if err := v.Record(*now); err != nil {
		return steps.Verified{}, err
	}
	v.Last = now
	v.Console.Info("%s is verified by %s", login, f)
	return counts(now, 0), nil
}

// other returns a factor by which the user can be verified, or "". If several are meant, the ID of
// one of these is missing, not another factor.
func (v *Verifier) other(login string, listed []oktaclient.Factor, command func(string, ...string) string) string {
	meant := 0
	for _, f := range listed {
		if named(f, v.By) {
			meant++
		}
	}
	if meant > 1 {
		return ""
	}
	for _, f := range listed {
		if _, lost := Lost(f, listed, v.Lost); lost || Usable(f, login, command) != nil {
			continue
		}
		for _, name := range []string{f.Type, f.String()} {
			if _, err := Find(listed, name, login, ""); err == nil {
				return name
			}
		}
		return f.ID
	}
	return ""
}

// age returns how long ago a success was.
func (v *Verifier) age(of *results.Verified) time.Duration { return v.Client.Now().Sub(of.At) }

// counts returns a success of this age for the steps.
func counts(of *results.Verified, age time.Duration) steps.Verified {
	return steps.Verified{Until: time.Now().Round(0).Add(steps.VerifiedFor - age), Cells: of.Cells()}
}

// last returns the last success if it still counts for this user and this factor.
func (v *Verifier) last(userID string, f oktaclient.Factor) *results.Verified {
	last := v.Last
	if last == nil || last.UserID != userID || last.FactorID != f.ID {
		return nil
	}
	if age := v.age(last); age < -doubt.ClockDoubt || age >= steps.VerifiedFor {
		return nil
	}
	return last
}

// notVerified is err as the step needs it: if Okta can't be asked, that says nothing about the
// user.
func notVerified(err error) error {
	failed, ok := errors.AsType[*Failed](err)
	if !ok {
		return &steps.NotVerified{Err: err}
	}
	if known := Explain(failed.Err, failed.What); known != nil {
		return &steps.NotVerified{Err: known}
	}
	switch oktaclient.FateOf(failed.Err) {
	case oktaclient.NotSent, oktaclient.Forbidden, oktaclient.NoAccess, oktaclient.WrongOrg, oktaclient.Unreachable:
		return failed.Err
	case oktaclient.Missing:
		err = fmt.Errorf("%w: the factor isn't there any more", err)
	}
	return &steps.NotVerified{Err: err}
}
