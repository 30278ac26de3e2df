package steps

import (
	"context"
	"errors"
	"slices"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/doubt"
)

// send has Okta send the target the link that activates the new factor. If an earlier taking may
// have sent it, it is sent once more unless its user has used it: a second message does no harm,
// and the row says so.
func (l *List) send(ctx context.Context, t *Target, res *runner.Result) error {
	if err := l.begin(t, res); err != nil {
		return err
	}
	if t.factor.ID == "" { // the row goes on: what the target got before the reset is gone
		adopted, err := l.adopt(ctx, t, res, res.StartedAt.Add(-doubt.ClockDoubt))
		if err != nil {
			res.Leave(false, t.unsent(runner.ReasonSend), "list factors: "+err.Error())
			return fatal(err)
		}
		if !adopted {
			res.Leave(false, t.unsent(runner.ReasonSend), "the new factor isn't listed any more")
			return nil
		}
	}
	if t.factor.Status != oktaclient.FactorPending {
		return l.watchEnrolls(t, false, nil)
	}
	f, err := l.linked(ctx, t)
	if err != nil {
		res.Leave(false, t.unsent(runner.ReasonSend), "restart the activation: "+err.Error())
		return fatal(err)
	}
	if b := t.Job.Before; b != nil && b.Open.Step == runner.ReasonSend && b.Open.InDoubt() {
		t.again = "the activation link, as the answer to the first was lost"
	}
	c := l.change(t, runner.ReasonSend)
	sent, rep, err := l.client.SendActivation(ctx, t.UserID, f, l.opts.Enroll.Send, t.phone, c.dispatch)
	stop := l.settleChange(ctx, t, res, c, rep, err)
	if err == nil && sent.ID == f.ID {
		t.gets(sent, res)
	}
	switch oktaclient.FateOf(err) {
	case oktaclient.Done, oktaclient.InDoubt:
		return l.watchEnrolls(t, false, stop)
	case oktaclient.Refused, oktaclient.Forbidden, oktaclient.Missing:
		return l.watchEnrolls(t, true, stop)
	}
	if errors.Is(err, oktaclient.ErrNoSend) {
		return l.watchEnrolls(t, true, stop)
	}
	return stop
}

// linked is the new factor with Okta's links to send. A list may not have them: then the activation
// is restarted, and its answer has them.
func (l *List) linked(ctx context.Context, t *Target) (oktaclient.Factor, error) {
	f := t.factor
	if a, _ := oktaclient.ReadActivation(f); slices.Contains(a.Sends, l.opts.Enroll.Send) {
		return f, nil
	}
	begun, _, err := l.client.ActivateFactor(ctx, t.UserID, f.ID, "")
	f.Raw = begun.Raw
	return f, err
}
