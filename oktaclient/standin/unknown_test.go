package standin_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
)

// An email that enrolled itself comes back, or isn't let go.
func TestUnenrollEmail(t *testing.T) {
	t.Parallel()
	for _, refuse := range []bool{false, true} {
		o := newBob(standin.Config{RefuseEmail: refuse}, standin.User{})
		u, _ := o.User(bob)
		i := slices.IndexFunc(u.Factors, func(f standin.Factor) bool { return f.Type == "email" })
		a := call(t, o, "DELETE", factorsPath(bob)+"/"+u.Factors[i].ID)
		if refuse {
			want(t, a, 403, "E0000006")
		} else {
			want(t, a, 204, "")
		}
		if got := types(t, o, bob); !slices.Contains(got, "email:OKTA") {
			t.Errorf("RefuseEmail %v: left %q", refuse, got)
		}
	}
}

func TestBadCursor(t *testing.T) {
	t.Parallel()
	for given, code := range map[string]string{"": "E0000031", "E0000029": "E0000029"} {
		o := standin.New(standin.Config{BadCursor: given})
		for _, list := range []string{"users", "groups", "logs", "iam/assignees/users"} {
			want(t, call(t, o, "GET", "/api/v1/"+list+"?after=nonsense"), 400, code)
		}
	}
}

// How far the clock of a service app may be ahead is a setting.
func TestClockLeeway(t *testing.T) {
	t.Parallel()
	for _, leeway := range []time.Duration{0, time.Minute} {
		s := newSigner(t, standin.App{})
		s.o = standin.New(standin.Config{ClockLeeway: leeway, ClockSkew: -20 * time.Second})
		s.o.AddApp(standin.App{ClientID: s.id, Key: &s.key.PublicKey, KeyID: "kid", Scopes: []string{"okta.users.read"}})
		if a := s.ask(t, s.assertion(t), "", nil); (a.status == 200) != (leeway > 0) {
			t.Errorf("leeway %s, 20 s ahead: %d %s", leeway, a.status, a.body)
		}
	}
}

// Whether a scope manage is enough to read is a setting.
func TestManageReads(t *testing.T) {
	t.Parallel()
	for _, given := range []bool{false, true} {
		s := newSigner(t, standin.App{})
		s.o = standin.New(standin.Config{ManageReads: given})
		s.o.AddApp(standin.App{ClientID: s.id, Key: &s.key.PublicKey, KeyID: "kid", Scopes: []string{"okta.users.manage"}})
		token := decode[tokenAnswer](t, s.ask(t, s.assertion(t), "", url.Values{"scope": {"okta.users.manage okta.users.read"}})).Token
		for path, ok := range map[string]bool{"/api/v1/users": given, "/api/v1/groups": false} {
			if a := s.get(t, path, "Bearer", token, ""); (a.status == 200) != ok {
				t.Errorf("ManageReads %v: GET %s: %d", given, path, a.status)
			}
		}
	}
}

// A plus sign in the path of a proof is a space, or itself.
func TestPlusOfAProof(t *testing.T) {
	t.Parallel()
	for _, given := range []bool{false, true} {
		s := newSigner(t, standin.App{DPoP: true})
		s.o = standin.New(standin.Config{PlusIsPlus: given})
		s.o.Add(standin.User{ID: bob, Login: "bob+1@example.com"})
		s.o.AddApp(standin.App{ClientID: s.id, Key: &s.key.PublicKey, KeyID: "kid", DPoP: true, Scopes: []string{"okta.users.read"}})
		token := s.bound(t)
		for htu, ok := range map[string]bool{"+": given, "%20": !given} {
			at := "/api/v1/users/bob+1@example.com"
			a := s.get(t, at, "DPoP", token, s.proof(t, "GET", orgURL+strings.Replace(at, "+", htu, 1), token))
			if (a.status == 200) != ok {
				t.Errorf("PlusIsPlus %v: a proof with %s: %d", given, htu, a.status)
			}
		}
	}
}
