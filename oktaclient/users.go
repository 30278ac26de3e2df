package oktaclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

// User is an Okta user, as far as this program needs it.
type User struct {
	ID      string      `json:"id"`
	Status  string      `json:"status"` // ACTIVE, DEPROVISIONED, …: an open set
	Profile UserProfile `json:"profile"`
}

// UserProfile is the part of a user's profile that names the user.
type UserProfile struct {
	Login     string `json:"login"`
	Email     string `json:"email"`
	FirstName string `json:"firstName"`
	LastName  string `json:"lastName"`
}

// UnmarshalJSON compares names exactly, case included: an org's own attribute called Login, which
// users may be allowed to edit, isn't the login.
func (p *UserProfile) UnmarshalJSON(b []byte) error {
	var attributes map[string]json.RawMessage
	if err := json.Unmarshal(b, &attributes); err != nil {
		return err
	}
	for name, into := range map[string]*string{"login": &p.Login, "email": &p.Email, "firstName": &p.FirstName, "lastName": &p.LastName} {
		if value := attributes[name]; value != nil {
			if err := json.Unmarshal(value, into); err != nil {
				return err
			}
		}
	}
	return nil
}

// StatusDeprovisioned is the status of a deactivated user. Okta keeps no factors for these.
const StatusDeprovisioned = "DEPROVISIONED"

// GetUser returns the user with an ID or a login. Okta also matches a login's short name, drops
// what follows a semicolon and ignores diacritics: compare the result. For an unknown user,
// [FateOf] its error is [Missing].
//
// Okta API:
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/#tag/User/operation/getUser
//
//meta:operation GET /api/v1/users/{id}
func (c *Client) GetUser(ctx context.Context, idOrLogin string) (User, Reply, error) {
	if err := checkSegment(idOrLogin); err != nil {
		return User{}, Reply{}, err
	}
	var u User
	rep, err := c.get(ctx, request{bucket: BucketUser, path: apiPath("users", idOrLogin), expects: isUser}, &u)
	return u, rep, err
}

// GetMe returns the user who owns the API token.
//
//meta:operation GET /api/v1/users/me
func (c *Client) GetMe(ctx context.Context) (User, Reply, error) {
	var u User
	rep, err := c.get(ctx, request{bucket: BucketMe, path: apiPath("users", "me"), expects: isUser}, &u)
	if err == nil && !u.named() {
		err = errors.New("the answer names no user")
	}
	return u, rep, err
}

// named reports whether u has an ID and a login.
func (u *User) named() bool { return checkID(u.ID) == nil && u.Profile.Login != "" }

// isUser reports whether a body is a user: nobody but Okta would answer so.
func isUser(body []byte) bool {
	var u User
	return json.Unmarshal(body, &u) == nil && u.named()
}

// FindUsers returns the users with a login, whatever its case: for logins with characters that the
// path of [Client.GetUser] can't carry. A filter compares case, but misses nobody who was made a
// moment ago; a search, which may, is asked if the filter finds nobody. It counts in [BucketUsers].
//
// Okta API:
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/#tag/User/operation/listUsers
//
//meta:operation GET /api/v1/users
func (c *Client) FindUsers(ctx context.Context, login string) ([]User, Reply, error) {
	is := "profile.login eq " + quoteFilter(login)
	users, rep, err := c.ListUsers(ctx, is, 0)
	if err != nil || len(users) > 0 {
		return users, rep, err
	}
	return c.firstUsers(ctx, url.Values{"search": {is}})
}

// ListUsers returns the first page of users that match a filter ("" for all), at most limit of
// them (0: a page of 200).
//
//meta:operation GET /api/v1/users
func (c *Client) ListUsers(ctx context.Context, filter string, limit int) ([]User, Reply, error) {
	q := url.Values{}
	if filter != "" {
		q.Set("filter", filter)
	}
	if limit > 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	return c.firstUsers(ctx, q)
}

// firstUsers returns the first page of a list of users.
func (c *Client) firstUsers(ctx context.Context, q url.Values) ([]User, Reply, error) {
	var users []User
	rep, err := c.get(ctx, request{bucket: BucketUsers, path: apiPath("users"), query: q, most: maxPage, expects: isList}, &users)
	return users, rep, err
}

// ResetFactors unenrolls all MFA factors of the user with this ID. It is not idempotent: on
// Identity Engine a second call also takes the forgot-password question, and any call takes what
// the user has enrolled since. So it is never sent again unless it certainly did nothing;
// [FateOf] says what an error means.
//
// dispatch is called once, just before the first attempt is sent. If it returns an error,
// ResetFactors returns that error and sends nothing.
//
// Okta API:
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/UserLifecycle/#tag/UserLifecycle/operation/resetFactors
//
//meta:operation POST /api/v1/users/{id}/lifecycle/reset_factors
func (c *Client) ResetFactors(ctx context.Context, userID string, dispatch func() error) (Reply, error) {
	if err := checkID(userID); err != nil {
		return Reply{}, err
	}
	return c.call(ctx, request{
		bucket: BucketUsers, method: "POST", path: apiPath("users", userID, "lifecycle", "reset_factors"), dispatch: dispatch,
	})
}

// ResetFactorsAgain is [Client.ResetFactors] for a user with proof that an earlier reset did
// nothing. holds is called before each attempt, because the proof expires. If it returns an
// error, that error is returned and nothing more is sent.
func (c *Client) ResetFactorsAgain(ctx context.Context, userID string, holds, dispatch func() error) (Reply, error) {
	if err := checkID(userID); err != nil {
		return Reply{}, err
	}
	return c.call(ctx, request{
		bucket: BucketUsers, method: "POST", path: apiPath("users", userID, "lifecycle", "reset_factors"), dispatch: dispatch, holds: holds,
	})
}

// InPath reports whether the path of [Client.GetUser] can carry a login. Okta's path handling
// breaks on "/" (405), ";" (cuts the login short) and "\" (400); any other character that isn't a
// letter, a digit or common in logins goes by filter too.
func InPath(login string) bool {
	if checkSegment(login) != nil {
		return false
	}
	return !strings.ContainsFunc(login, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-._~@+'!$&=:,*()", r)
	})
}

func apiPath(segments ...string) []string { return append([]string{"api", "v1"}, segments...) }

// checkSegment refuses a name that would ask for something other than a user.
func checkSegment(s string) error {
	if s == "" || s == "." || s == ".." || strings.EqualFold(s, "me") {
		return fmt.Errorf("%w: %q can't name a user", errUnsent, s)
	}
	return nil
}

// checkID refuses what doesn't look like an ID at all, so that no mistake elsewhere can send a
// change to another path.
func checkID(id string) error {
	if len(id) < 15 || strings.Contains(id, redacted) || strings.ContainsFunc(id, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) {
		return fmt.Errorf("%w: %q isn't an ID", errUnsent, id)
	}
	return nil
}

// quoteFilter quotes a string for Okta's filter language (SCIM): as in JSON, but with no other
// escapes.
func quoteFilter(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
