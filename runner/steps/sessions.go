package steps

import (
	"context"

	"oktareset/runner"
)

// clearSessions ends the target's sessions and revokes its OAuth tokens: a reset does neither. Doing it twice only asks for another sign-in.
func (l *List) clearSessions(ctx context.Context, t *Target, res *runner.Result) error {
	c := l.change(t, runner.ReasonSessions)
	rep, err := l.client.ClearSessions(ctx, t.UserID, true, c.dispatch)
	return l.settleLater(res, runner.ReasonSessions, c, rep, err)
}
