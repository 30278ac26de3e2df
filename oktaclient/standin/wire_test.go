package standin_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktareset/oktaclient/standin"
)

// listedUser is a user as the API shows it.
type listedUser struct {
	ID, Status, Created, LastUpdated, RealmID string

	Activated, StatusChanged, LastLogin, PasswordChanged *string

	Profile map[string]any
	Links   map[string]any `json:"_links"`
}

// everybody lists the users that a query finds.
func everybody(t *testing.T, o *standin.Org, query string) []listedUser {
	t.Helper()
	return decode[[]listedUser](t, call(t, o, "GET", "/api/v1/users?"+query))
}

// The times of a user fit the status. All times are whole seconds, and lists and searches agree
// about them.
func TestTimesOfUsers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pause(300 * time.Millisecond)
		o := standin.New(standin.Config{Users: 180})
		quarter := time.Now().AddDate(0, 0, -90).UTC().Format(time.RFC3339)
		kinds, activated := map[string]int{}, []string{}
		for _, u := range everybody(t, o, "filter="+url.QueryEscape(`lastUpdated gt "1970-01-01T00:00:00.000Z"`)) {
			for _, at := range []*string{&u.Created, &u.LastUpdated, u.Activated, u.StatusChanged, u.LastLogin, u.PasswordChanged} {
				if at != nil && (!strings.HasSuffix(*at, ".000Z") || *at < u.Created || *at > time.Now().UTC().Format(time.RFC3339)) {
					t.Errorf("%s was created %s, and something happened %s", u.ID, u.Created, *at)
				}
			}
			if staged := u.Status == "STAGED"; staged != (u.StatusChanged == nil) || staged && u.Activated != nil {
				t.Errorf("%s: activated %v, status changed %v", u.Status, u.Activated, u.StatusChanged)
			}
			if noPassword := u.Status == "STAGED" || u.Status == "PROVISIONED"; noPassword != (u.PasswordChanged == nil) || noPassword && u.LastLogin != nil {
				t.Errorf("%s: password changed %v, last login %v", u.Status, u.PasswordChanged, u.LastLogin)
			}
			if u.Activated != nil {
				activated = append(activated, u.ID)
			} else if u.Status != "STAGED" && u.Status != "ACTIVE" {
				t.Errorf("%s was never activated", u.Status)
			}
			switch {
			case u.LastLogin == nil:
				kinds["never signed in"]++
			case *u.LastLogin < quarter:
				kinds["not lately"]++
			default:
				kinds["lately"]++
			}
		}
		if len(kinds) != 3 || len(activated) == 180 {
			t.Errorf("%v, %d activated: not everybody is to be alike", kinds, len(activated))
		}
		var found []string
		for _, u := range everybody(t, o, "search="+url.QueryEscape(`activated gt "1970-01-01T00:00:00.000Z"`)) {
			found = append(found, u.ID)
		}
		if diff := cmp.Diff(activated, found); diff != "" {
			t.Errorf("activated (-listed +searched):\n%s", diff)
		}
	})
}

// A list has the fields that were asked for. The links of a full user depend on its status.
func TestFieldsAndLinksOfUsers(t *testing.T) {
	t.Parallel()
	o := newBob(standin.Config{}, standin.User{FirstName: "Bob", Profile: map[string]any{"city": "Oslo"}})
	some := everybody(t, o, "search="+url.QueryEscape(`profile.city eq "oslo"`)+"&fields="+url.QueryEscape("status,profile:(firstName, city),lastLogin,none"))
	if len(some) != 1 || some[0].ID != bob || some[0].Status != "ACTIVE" || some[0].Created != "" || some[0].Links != nil ||
		!maps.Equal(some[0].Profile, map[string]any{"firstName": "Bob", "city": "Oslo"}) {
		t.Errorf("%+v", some)
	}
	for status, names := range map[string]string{
		"ACTIVE":      "changePassword changeRecoveryQuestion deactivate expirePassword forgotPassword resetFactors resetPassword schema self suspend type",
		"PROVISIONED": "deactivate reactivate resetFactors resetPassword schema self type", "LOCKED_OUT": "deactivate resetFactors resetPassword schema self type unlock",
	} {
		o := newBob(standin.Config{}, standin.User{Status: status})
		u := decode[listedUser](t, call(t, o, "GET", "/api/v1/users/"+bob))
		if got := strings.Join(slices.Sorted(maps.Keys(u.Links)), " "); got != names || u.RealmID == "" {
			t.Errorf("%s: links %q, realm %q", status, got, u.RealmID)
		}
	}
}

// The groups of a user are those that have the user as a member.
func TestGroupsOfAUser(t *testing.T) {
	t.Parallel()
	type group struct {
		ID    string
		Links struct{ Logo []struct{ Href string } } `json:"_links"`
	}
	o := newBob(standin.Config{Users: 5}, standin.User{Profile: map[string]any{"department": "Sales"}})
	o.AddGroup(standin.Group{Name: "Bob's", Members: []string{bob}})
	o.AddGroup(standin.Group{Name: "Nobody's"})
	of := decode[[]group](t, call(t, o, "GET", "/api/v1/users/"+bob+"/groups"))
	var member []group
	for _, g := range decode[[]group](t, call(t, o, "GET", "/api/v1/groups")) {
		ids, _ := pages(t, o, "/api/v1/groups/"+g.ID+"/users")
		if slices.Contains(ids, bob) {
			member = append(member, g)
		}
	}
	if diff := cmp.Diff(member, of); diff != "" || len(of) != 3 || len(of[0].Links.Logo) != 2 {
		t.Errorf("groups %+v (-members +groups):\n%s", of, diff)
	}
	want(t, call(t, o, "GET", "/api/v1/users/00u0000000000000none/groups"), 404, "E0000007")
}

// Okta Verify is on one phone. Its signed_nonce isn't verified by the API, and has keys.
func TestOktaVerifyOnTheWire(t *testing.T) {
	t.Parallel()
	o := newBob(standin.Config{}, standin.User{Factors: []standin.Factor{{Type: "push", Provider: "OKTA"}, {Type: "signed_nonce", Provider: "OKTA"}}})
	type factor struct {
		FactorType string
		Profile    struct {
			Name, Version string
			Keys          []map[string]string
		}
		Links map[string]any `json:"_links"`
	}
	list := decode[[]factor](t, call(t, o, "GET", factorsPath(bob)))
	push, nonce := list[0], list[1]
	if push.Profile.Name == "" || push.Profile.Name != nonce.Profile.Name || push.Profile.Version != nonce.Profile.Version {
		t.Errorf("two phones: %+v, %+v", push.Profile, nonce.Profile)
	}
	if len(nonce.Profile.Keys) != 1 || nonce.Profile.Keys[0]["kty"] != "EC" || nonce.Profile.Keys[0]["jwkType"] != "proofOfPossession" || push.Profile.Keys != nil {
		t.Errorf("keys %v and %v", nonce.Profile.Keys, push.Profile.Keys)
	}
	if got := strings.Join(slices.Sorted(maps.Keys(nonce.Links)), " "); got != "self user" {
		t.Errorf("links of a signed_nonce: %s", got)
	}
}

// The challenge of a push has no profile, its transaction has one.
func TestProfileOfAPush(t *testing.T) {
	t.Parallel()
	o := newBob(standin.Config{PushDelay: time.Hour}, standin.User{Factors: []standin.Factor{{ID: "opf00000000000000001", Type: "push", Provider: "OKTA"}}})
	a := post(t, o, factorsPath(bob)+"/opf00000000000000001/verify", "")
	sent := decode[struct {
		Profile map[string]any
		Links   struct{ Poll struct{ Href string } } `json:"_links"`
	}](t, a)
	if a.status != 201 || sent.Profile != nil {
		t.Errorf("%d %s", a.status, a.body)
	}
	if f := decode[wireFactor](t, call(t, o, "GET", strings.TrimPrefix(sent.Links.Poll.Href, orgURL))); f.FactorResult != "WAITING" || f.Profile["credentialId"] == "" {
		t.Errorf("the transaction: %+v", f)
	}
}

// The headers depend on the kind of reply.
func TestHeadersByKind(t *testing.T) {
	t.Parallel()
	o := newBob(standin.Config{}, standin.User{})
	ok := call(t, o, "GET", "/api/v1/users/"+bob)
	none := call(t, o, "DELETE", "/api/v1/users/"+bob+"/sessions")
	o.Script(standin.Fault{Kind: standin.TooManyUser})
	tooMany := call(t, o, "GET", "/api/v1/users/"+bob)
	for name, want := range map[string]string{
		"x-content-type-options": "200 429", "x-frame-options": "204", "referrer-policy": "200 204", "Cache-Control": "200 204", "p3p": "200 204 429",
	} {
		var has []string
		for status, a := range map[string]answer{"200": ok, "204": none, "429": tooMany} {
			if a.header.Get(name) != "" || len(a.header[name]) > 0 {
				has = append(has, status)
			}
		}
		slices.Sort(has)
		if got := strings.Join(has, " "); got != want {
			t.Errorf("%s stands on %q, want %q", name, got, want)
		}
	}
	s := newSigner(t, standin.App{})
	if a := s.ask(t, s.assertion(t), "", nil); a.status != http.StatusOK || a.header.Get("X-Robots-Tag") == "" {
		t.Errorf("a token: %d %v", a.status, a.header)
	}
}

// A last page of admins has no links.
func TestLinksOfAdmins(t *testing.T) {
	t.Parallel()
	o := newBob(standin.Config{}, standin.User{Roles: []string{"ORG_ADMIN"}})
	type page struct {
		Links *struct{ Next struct{ Href string } } `json:"_links"`
	}
	first := decode[page](t, call(t, o, "GET", "/api/v1/iam/assignees/users?limit=1"))
	if first.Links == nil {
		t.Fatal("no next page")
	}
	if last := decode[page](t, call(t, o, "GET", strings.TrimPrefix(first.Links.Next.Href, orgURL))); last.Links != nil {
		t.Errorf("the last page has links: %+v", last.Links)
	}
}

// Events have the same parts as Okta's.
func TestPartsOfEvents(t *testing.T) {
	t.Parallel()
	o := newBob(standin.Config{}, standin.User{})
	call(t, o, "POST", "/api/v1/users/"+bob+"/lifecycle/reset_factors")
	for _, e := range decode[[]map[string]any](t, call(t, o, "GET", "/api/v1/logs")) {
		for _, part := range []string{"authenticationContext", "securityContext", "request", "client", "debugContext", "transaction"} {
			if _, ok := e[part].(map[string]any); !ok {
				t.Errorf("no %s", part)
			}
		}
	}
}
