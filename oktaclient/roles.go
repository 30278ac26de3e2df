package oktaclient

import (
	"context"
	"errors"
)

// Role is an admin role that a user has. Types are an open set: Okta adds to them.
type Role struct {
	Type       string `json:"type"`           // as SUPER_ADMIN, CUSTOM
	Label      string `json:"label"`          // the name that the Admin Console shows
	Assignment string `json:"assignmentType"` // USER, or GROUP for a role through a group
}

// String is the role's type, or the name of a custom one.
func (r Role) String() string {
	if r.Label != "" && (r.Type == "" || r.Type == "CUSTOM") {
		return r.Label
	}
	return r.Type
}

var errRolesCut = errors.New("okta's answer isn't the whole list of roles")

// ListRoles returns the admin roles of the user with this ID, at most fifty: standard and custom
// ones, the user's own and those through a group. An empty list without an error means that there
// is none. It counts in [BucketUsers], and needs a role that may view admins, or the scope
// okta.roles.read.
//
// There is also a list of everybody with a role, GET /api/v1/iam/assignees/users. It isn't used:
// no documentation says that it includes those who have their role through a group.
//
// Okta API:
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/RoleAssignmentAUser/#tag/RoleAssignmentAUser/operation/listAssignedRolesForUser
//
//meta:operation GET /api/v1/users/{userId}/roles
func (c *Client) ListRoles(ctx context.Context, userID string) ([]Role, Reply, error) {
	if err := checkID(userID); err != nil {
		return nil, Reply{}, err
	}
	var roles []Role
	rep, err := c.get(ctx, request{bucket: BucketUsers, path: apiPath("users", userID, "roles"), texts: maxSummary}, &roles)
	if err != nil || len(roles) > 0 {
		return roles[:min(len(roles), maxRoles)], rep, err
	}
	// Only a certainly empty list counts as empty: not null, and without a further page, which
	// Okta doesn't document here.
	if next, linkErr := c.next("", rep.links); roles == nil || next != "" || linkErr != nil {
		return nil, rep, errRolesCut
	}
	return roles, rep, nil
}
