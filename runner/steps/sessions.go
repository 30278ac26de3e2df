package steps

import (
	"context"

	"oktareset/runner"
)

// clearSessions ends the target's sessions and revokes its OAuth tokens: a reset does neither. Doing it twice only asks for another sign-in.
func (l *List) clearSessions(ctx context.Context, t *Target, res *runner.Result) error {
	if err := l.begin(t, res); err != nil {
		return err
	}
	c := l.change(t, runner.ReasonSessions)
	rep, err := l.client.ClearSessions(ctx, t.UserID, true, c.dispatch)
	return l.settleChange(ctx, t, res, c, rep, err)
}
