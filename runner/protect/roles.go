package protect

import (
	"context"
	"fmt"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/fault"
	"oktareset/runner/steps"
)

// CheckRoles makes sure that roles may be read at all, by reading the caller's own. A service app
// has no user's roles: for it, the first row shows whether they may be read.
func CheckRoles(ctx context.Context, c *oktaclient.Client, actor string) error {
	if id, _ := runner.ParseIdentifier(actor); id.Kind != runner.KindID {
		return nil
	}
	_, _, err := c.ListRoles(ctx, actor)
	switch {
	case ctx.Err() != nil:
		return fault.Stopped(context.Cause(ctx))
	case oktaclient.FateOf(err) == oktaclient.Forbidden, oktaclient.LacksScope(err):
		return fmt.Errorf("%w: %w", steps.ErrNoRoles, err)
	case err != nil:
		return fault.CannotBegin(c, err, "list admin roles")
	}
	return nil
}
