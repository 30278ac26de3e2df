package oktaclient

import (
	"context"
	"iter"
	"net/url"
	"strconv"
	"strings"
)

// BucketGroups is the bucket for lists of groups and of their members.
const BucketGroups Bucket = "/api/v1/groups"

// Group is an Okta group, as far as this program needs it.
type Group struct {
	ID      string `json:"id"`
	Type    string `json:"type"` // OKTA_GROUP, APP_GROUP (of a directory), BUILT_IN (Everyone): an open set
	Profile struct {
		Name string `json:"name"`
	} `json:"profile"`
}

// FindGroups returns the groups with this name, in any case: groups of a directory may have the
// name of another. A new group may be missing, as in any search. It counts in [BucketGroups].
//
// Okta API:
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/#tag/Group/operation/listGroups
//
//meta:operation GET /api/v1/groups
func (c *Client) FindGroups(ctx context.Context, name string) ([]Group, error) {
	query := url.Values{"search": {"profile.name eq " + quoteFilter(name)}, "limit": {strconv.Itoa(usersPage)}}
	var found []Group
	for g, err := range list[Group](ctx, c, request{bucket: BucketGroups, path: apiPath("groups"), query: query}) {
		if err != nil {
			return nil, err
		}
		if strings.EqualFold(g.Profile.Name, name) {
			found = append(found, g)
		}
	}
	return found, nil
}

// ListGroupUsers yields the members of the group with this ID, page by page. An error is
// yielded once, as the last; [FateOf] it is [Missing] when there is no such group. It counts in
// [BucketGroups].
//
// Okta API:
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/#tag/Group/operation/listGroupUsers
//
//meta:operation GET /api/v1/groups/{groupId}/users
func (c *Client) ListGroupUsers(ctx context.Context, groupID string) iter.Seq2[UserRecord, error] {
	if err := checkID(groupID); err != nil {
		return func(yield func(UserRecord, error) bool) { yield(UserRecord{}, err) }
	}
	query := url.Values{"limit": {strconv.Itoa(usersPage)}}
	return list[UserRecord](ctx, c, request{bucket: BucketGroups, path: apiPath("groups", groupID, "users"), query: query, texts: MaxAttribute})
}
