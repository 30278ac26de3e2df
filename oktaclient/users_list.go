package oktaclient

import (
	"bytes"
	"context"
	"encoding/json"
	"iter"
	"net/url"
	"strconv"
	"strings"
)

// usersPage is how many users Okta lists at most at once, and what it recommends for the members
// of a group.
const usersPage = 200

// UserRecord is a user with all listed attributes, those of the profile included.
type UserRecord struct{ attributes map[string]any }

// UnmarshalJSON reads a user. Numbers keep their digits: an employee number may have more than a
// float can represent.
func (u *UserRecord) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return d.Decode(&u.attributes)
}

// ID returns the user's ID, "" if there is none.
func (u UserRecord) ID() string { return u.text("id") }

// Status returns the user's status, as ACTIVE or DEPROVISIONED: an open set.
func (u UserRecord) Status() string { return u.text("status") }

func (u UserRecord) text(name string) string {
	s, _ := u.attributes[name].(string)
	return s
}

// Attribute returns the attribute at a path, as "profile", "department": a string, a
// [json.Number], a bool, a []any or a map[string]any; nil if the user doesn't have it.
func (u UserRecord) Attribute(path ...string) any {
	var value any = u.attributes
	for _, name := range path {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

// UserQuery selects users. Okta accepts only one of the two; with neither, it lists all users
// except deactivated ones.
type UserQuery struct {
	Search string // an expression over any attribute; its answers lag behind changes
	Filter string // an expression over a few attributes
}

// ListUserRecords yields the users that match q, page by page. An error is yielded once, as the
// last. It counts in [BucketUsers].
//
// Okta API:
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/#tag/User/operation/listUsers
//
//meta:operation GET /api/v1/users
func (c *Client) ListUserRecords(ctx context.Context, q UserQuery) iter.Seq2[UserRecord, error] {
	query := url.Values{"limit": {strconv.Itoa(usersPage)}}
	if q.Search != "" {
		query.Set("search", q.Search)
	}
	if q.Filter != "" {
		query.Set("filter", q.Filter)
	}
	return list[UserRecord](ctx, c, request{bucket: BucketUsers, path: apiPath("users"), query: query, texts: MaxAttribute})
}

// StatusFilter returns a filter, or a search, for users with one of these statuses.
func StatusFilter(statuses ...string) string {
	terms := make([]string, len(statuses))
	for i, s := range statuses {
		terms[i] = "status eq " + quoteFilter(s)
	}
	return strings.Join(terms, " or ")
}
