package desk

import (
	"context"
	"fmt"
	"strings"

	"oktareset/oktaclient"
	"oktareset/runner/challenge"
	"oktareset/runner/fault"
)

// unenroll unenrolls a factor. Before, it says which others Okta removes with it.
func (r *task) unenroll(ctx context.Context) error {
	f, others, err := r.factor(ctx, true)
	if err != nil {
		return err
	}
	if r.opts.RemoveRecovery && !oktaclient.ByPhone(f.Type) {
		return fault.Usage("leave it out", "--remove-recovery is for an sms or call, not for %s", f)
	}
	var along []string
	for _, other := range others {
		if f.Takes(other) {
			along = append(along, other.String())
		}
	}
	facts := []fact{{"factor", strings.TrimSpace(f.String()+" "+challenge.Which(f)) + " (" + f.ID + ")"}}
	if len(along) > 0 {
		facts = append(facts, fact{"also", strings.Join(along, ", ") + ": removed with it"})
	}
	if r.opts.RemoveRecovery {
		facts = append(facts, fact{"recovery", "the number can no longer be used to recover the account"})
	}
	if err := r.askConsent(ctx, "This takes a factor away. It can't be undone.", facts...); err != nil {
		return err
	}
	_, err = r.client.UnenrollFactor(ctx, r.user.ID, f.ID, r.opts.RemoveRecovery, nil)
	if oktaclient.FateOf(err) == oktaclient.InDoubt {
		return r.lookAgain(ctx, f, err)
	}
	if err != nil {
		return r.explain(err, fmt.Sprintf("unenroll %s of %s", f, r.user.Profile.Login))
	}
	text := fmt.Sprintf("%s of %s is unenrolled", f, r.user.Profile.Login)
	if len(along) > 0 {
		text += ", and with it " + strings.Join(along, ", ")
	}
	r.Console.Info("%s", text)
	return nil
}

// lookAgain says what is known about a factor after the answer to its unenrollment was lost. If
// the factor is gone, the goal is reached; if it is still listed, it may yet go.
func (r *task) lookAgain(ctx context.Context, f oktaclient.Factor, lost error) error {
	_, _, err := r.client.GetFactor(ctx, r.user.ID, f.ID)
	if oktaclient.FateOf(err) == oktaclient.Missing {
		r.Console.Info("%s of %s is unenrolled: the answer was lost, but the factor is gone", f, r.user.Profile.Login)
		return nil
	}
	state := "it is still listed"
	if err != nil {
		state = "it can't be looked at now"
	}
	return r.explainSent(lost, "", fmt.Sprintf("%s of %s may be unenrolled, or not (%s)", f, r.user.Profile.Login, state),
		"look again in a minute: "+r.command("list"))
}
