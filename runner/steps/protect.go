package steps

import (
	"context"
	"fmt"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/fault"
)

// ErrNoRoles ends a run that has to leave admins alone but isn't allowed to see who is one (403),
// if it couldn't read anybody's roles.
var ErrNoRoles = fault.New(fault.ExitNoAccess,
	"use the token of an admin who may view admins, or an OAuth app with the scope okta.roles.read and such a role; or name the admins in an --exclude FILE",
	"these credentials may not read admin roles (403), so nobody knows who is an admin")

// protect leaves alone users who must not or can't be reset: the owner of the credentials,
// excluded users, recently reset users unless this row has already begun with them, and, unless
// roles are read first, deactivated users.
func (l *List) protect(_ context.Context, t *Target, res *runner.Result) error {
	if l.with.Self != "" && t.UserID == l.with.Self {
		res.Settle(runner.StatusSkipped, runner.ReasonSelf, "the owner of these credentials isn't reset")
		return nil
	}
	if file, line := l.with.Excluded.of(t); line > 0 {
		res.Settle(runner.StatusSkipped, runner.ReasonExcluded, fmt.Sprintf("excluded by %s, line %d", file, line))
		return nil
	}
	if l.with.Recent != nil && !t.goesOn() {
		if why, ok := l.with.Recent(t.UserID); ok {
			res.Settle(runner.StatusSkipped, runner.ReasonRecent, runner.Clip(why))
			return nil
		}
	}
	if !l.opts.SkipAdmins {
		skipDeprovisioned(t, res)
	}
	return nil
}

// skipAdmins leaves users with an admin role alone. Only a list without roles lets the row
// continue: a user whose roles can't be read isn't reset.
func (l *List) skipAdmins(ctx context.Context, t *Target, res *runner.Result) error {
	roles, rep, err := l.client.ListRoles(ctx, t.UserID)
	note(res, rep, err)
	switch fate := oktaclient.FateOf(err); {
	case err == nil && len(roles) == 0:
		l.rolesRead.Store(true)
		skipDeprovisioned(t, res)
	case err == nil:
		l.rolesRead.Store(true)
		res.Settle(runner.StatusSkipped, runner.ReasonAdmin, adminText(roles))
	case fate == oktaclient.Missing:
		return l.settleMissing(ctx, t, res, err)
	case fate == oktaclient.Forbidden && !l.rolesRead.Load():
		res.Settle(runner.StatusNotAttempted, "", "list roles: "+err.Error())
		return ErrNoRoles
	case fate == oktaclient.Forbidden: // reading the roles is forbidden, not the reset
		res.Settle(runner.StatusFailed, "", "list roles: "+err.Error())
	default:
		return l.settleRead(res, err, "list roles")
	}
	return nil
}

func adminText(roles []oktaclient.Role) string {
	text := fmt.Sprintf("has the admin role %q", roles[0])
	if roles[0].Assignment == "GROUP" {
		text += " through a group"
	}
	if n := len(roles) - 1; n > 0 {
		text += fmt.Sprintf(", and %d more", n)
	}
	return text
}

const deprovisionedText = "the user is deactivated: there are no factors to reset"

// skipDeprovisioned leaves a user alone who is known to be deactivated.
func skipDeprovisioned(t *Target, res *runner.Result) {
	if t.Status == oktaclient.StatusDeprovisioned {
		res.Settle(runner.StatusSkipped, runner.ReasonDeprovisioned, deprovisionedText)
	}
}
