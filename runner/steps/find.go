package steps

import (
	"context"
	"errors"
	"fmt"

	"oktareset/oktaclient"
	"oktareset/runner"
)

// ErrNobody is the error of [Find] if the list of users with a login is empty. For other look-ups
// Okta answers 404.
var ErrNobody = errors.New("no user has this login")

var errNoID = errors.New("no user ID")

// OtherUserError says that Okta found another user than the one that is meant.
type OtherUserError struct {
	Login string
	Mail  bool   // the email address differs
	Email string // the user's
}

func (e *OtherUserError) Error() string {
	if e.Mail {
		return fmt.Sprintf("the user with this login, %q, has another email address, %q: give the ID or the login of the one who is meant", e.Login, e.Email)
	}
	return fmt.Sprintf("Okta found another user, %q: give the whole login or the ID", e.Login)
}

// NoUser reports whether an error of [Find] means that nobody has that ID or login.
func NoUser(err error) bool {
	return errors.Is(err, ErrNobody) || oktaclient.FateOf(err) == oktaclient.Missing
}

// Find asks Okta for a user and makes sure that it is the one that is meant: Okta also matches
// short names, cuts logins at a semicolon and ignores diacritics. If mail is true, the name is an
// email address, and the user must have it as login and as address: one user's address may be
// another's login. Besides the client's errors it returns [ErrNobody], an [OtherUserError], and
// an error for a user without an ID.
func Find(ctx context.Context, c *oktaclient.Client, id runner.Identifier, mail bool) (oktaclient.User, oktaclient.Reply, error) {
	var (
		users []oktaclient.User
		rep   oktaclient.Reply
		err   error
	)
	if id.Kind == runner.KindID || oktaclient.InPath(id.Value) {
		users = make([]oktaclient.User, 1)
		users[0], rep, err = c.GetUser(ctx, id.Value)
	} else {
		users, rep, err = c.FindUsers(ctx, id.Value)
	}
	if err != nil {
		return oktaclient.User{}, rep, err
	}
	if len(users) == 0 {
		return oktaclient.User{}, rep, ErrNobody
	}
	for _, u := range users {
		if id.Kind == runner.KindID && u.ID != id.Value || id.Kind == runner.KindLogin && !runner.SameLogin(u.Profile.Login, id.Value) {
			continue
		}
		if found, _ := runner.ParseIdentifier(u.ID); found.Kind != runner.KindID {
			return oktaclient.User{}, rep, fmt.Errorf("%q is %w", u.ID, errNoID)
		}
		if mail && id.Kind == runner.KindLogin && !runner.SameLogin(u.Profile.Email, id.Value) {
			return oktaclient.User{}, rep, &OtherUserError{Login: u.Profile.Login, Mail: true, Email: u.Profile.Email}
		}
		return u, rep, nil
	}
	return oktaclient.User{}, rep, &OtherUserError{Login: users[0].Profile.Login}
}
