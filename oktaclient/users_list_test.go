package oktaclient_test

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
)

func tokenClient(t *testing.T, org *standin.Org) *oktaclient.Client {
	t.Helper()
	return serve(t, org, oktaclient.Options{Token: oktaclient.Token(org.Token())})
}

// logins returns the logins of a list, and the error that ended it.
func logins(users iter.Seq2[oktaclient.UserRecord, error]) (logins []string, err error) {
	for u, err := range users {
		if err != nil {
			return logins, err
		}
		login, _ := u.Attribute("profile", "login").(string)
		logins = append(logins, login)
	}
	return logins, nil
}

func TestListUserRecords(t *testing.T) {
	t.Parallel()
	org := standin.New(standin.Config{})
	org.AddIdentifiers(func(yield func(string) bool) {
		for i := range 450 {
			yield(fmt.Sprintf("user%d@example.com", i))
		}
	})
	org.Add(standin.User{Login: "gone@example.com", Status: standin.StatusDeprovisioned})
	org.Add(standin.User{Login: "out@example.com", Status: standin.StatusLockedOut})
	c := tokenClient(t, org)
	for _, tt := range []struct {
		query oktaclient.UserQuery
		want  int
		has   string
	}{
		{oktaclient.UserQuery{}, 452, "user449@example.com"}, // the owner, 450 and out, not gone
		{oktaclient.UserQuery{Filter: oktaclient.StatusFilter("DEPROVISIONED", "LOCKED_OUT")}, 2, "gone@example.com"},
		{oktaclient.UserQuery{Search: `profile.login sw "user"`}, 450, "user0@example.com"},
		// a value can't become a filter
		{oktaclient.UserQuery{Filter: oktaclient.StatusFilter(`a" or status eq "ACTIVE`)}, 0, ""},
	} {
		got, err := logins(c.ListUserRecords(t.Context(), tt.query))
		if err != nil || len(got) != tt.want || tt.has != "" && !slices.Contains(got, tt.has) {
			t.Errorf("%+v: %d users, %v; want %d, %q among them", tt.query, len(got), err, tt.want, tt.has)
		}
	}
	if s := org.Stats(); s.ByOp[standin.OpListUsers] != 3+1+3+1 || len(s.Surprises) > 0 {
		t.Errorf("%d lists, want 8; surprises %q", s.ByOp[standin.OpListUsers], s.Surprises)
	}
	_, err := logins(c.ListUserRecords(t.Context(), oktaclient.UserQuery{Search: `shoeSize eq "44"`}))
	if oktaclient.FateOf(err) != oktaclient.Refused || !strings.Contains(err.Error(), "E0000031") {
		t.Errorf("a search that Okta doesn't understand: %v, want E0000031", err)
	}
}

// A list that breaks off reports it, after its items.
func TestListBreaksOff(t *testing.T) {
	t.Parallel()
	org := standin.New(standin.Config{Users: 450})
	org.Script(standin.Fault{Kind: "401", Op: standin.OpListUsers, Skip: 1})
	got, err := logins(tokenClient(t, org).ListUserRecords(t.Context(), oktaclient.UserQuery{}))
	if len(got) != 200 || oktaclient.FateOf(err) != oktaclient.NoAccess {
		t.Errorf("%d users, %v; want the first page and no access", len(got), err)
	}
}

func TestUserRecordAttributes(t *testing.T) {
	t.Parallel()
	c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Okta-Request-Id", "req")
		if r.URL.Query().Get("after") == "" { // an empty page with a next one
			w.Header().Add("Link", "<http://"+r.Host+`/api/v1/users?after=x&limit=200>; rel="next"`)
			_, _ = io.WriteString(w, `[]`)
			return
		}
		_, _ = io.WriteString(w, `[{"id":"00u1","status":"ACTIVE","profile":{"n":12345678901234567890,"list":["a",1],"none":null}}]`)
	}), oktaclient.Options{})
	n := 0
	for u, err := range c.ListUserRecords(t.Context(), oktaclient.UserQuery{}) {
		if n++; err != nil || u.ID() != "00u1" || u.Status() != "ACTIVE" {
			t.Fatalf("%+v, %v", u, err)
		}
		for path, want := range map[string]any{
			"id": "00u1", "profile.n": json.Number("12345678901234567890"), "profile.list": []any{"a", json.Number("1")},
			"profile.none": nil, "profile.n.deeper": nil, "nothing": nil, "nothing.at.all": nil,
		} {
			if diff := cmp.Diff(want, u.Attribute(strings.Split(path, ".")...)); diff != "" {
				t.Errorf("%s:\n%s", path, diff)
			}
		}
	}
	if n != 1 {
		t.Errorf("%d users, want 1", n)
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	org := standin.New(standin.Config{})
	var members []string
	for i := range 250 {
		members = append(members, org.Add(standin.User{Login: fmt.Sprintf("user%d@example.com", i)}).ID)
	}
	quoted := org.AddGroup(standin.Group{Name: `"All" \ or id eq "x`, Members: members})
	org.AddGroup(standin.Group{Name: "SALES", Type: standin.GroupApp})
	c := tokenClient(t, org)
	for name, want := range map[string]int{quoted.Name: 1, "sales": 2, "Sale": 0, "nobody": 0} {
		if groups, err := c.FindGroups(t.Context(), name); err != nil || len(groups) != want {
			t.Errorf("FindGroups(%q) = %+v, %v; want %d", name, groups, err, want)
		}
	}
	got, err := logins(c.ListGroupUsers(t.Context(), quoted.ID))
	if err != nil || len(got) != 250 {
		t.Errorf("%d members, %v; want 250", len(got), err)
	}
	if _, err := logins(c.ListGroupUsers(t.Context(), "00g00000000000nobody")); oktaclient.FateOf(err) != oktaclient.Missing {
		t.Errorf("members of no group: %v, want missing", err)
	}
	for _, id := range []string{"", "../users/me", "00g0000000000000/abc"} {
		if _, err := logins(c.ListGroupUsers(t.Context(), id)); oktaclient.FateOf(err) != oktaclient.NotSent {
			t.Errorf("ListGroupUsers(%q): %v, want not sent", id, err)
		}
	}
	if s := org.Stats(); s.ByOp[standin.OpListMembers] != 3 || s.ByOp[standin.OpListUsers] != 0 || len(s.Surprises) > 0 {
		t.Errorf("%+v, want 3 pages of members", s)
	}
}
