package steps

import (
	"context"

	"oktareset/oktaclient"
	"oktareset/runner"
)

// laterCalls are the calls for the later steps that need only the user's ID, by the step's
// reason. dispatch works as in [oktaclient.Client.ResetFactors].
var laterCalls = map[runner.Reason]func(c *oktaclient.Client, ctx context.Context, userID string, dispatch func() error) (oktaclient.Reply, error){
	runner.ReasonSessions: (*oktaclient.Client).ClearSessions,
	runner.ReasonPassword: (*oktaclient.Client).ExpirePassword,
}

// later returns the function for a later step. Doing it twice has no further effect.
func (l *List) later(open runner.Reason) func(context.Context, *Target, *runner.Result) error {
	call := laterCalls[open]
	return func(ctx context.Context, t *Target, res *runner.Result) error {
		if err := l.begin(t, res); err != nil {
			return err
		}
		c := l.change(t, open)
		rep, err := call(l.client, ctx, t.UserID, c.dispatch)
		return l.settleChange(ctx, t, res, c, rep, err)
	}
}
