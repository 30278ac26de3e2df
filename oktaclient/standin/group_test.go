package standin_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"oktareset/oktaclient/standin"
)

type wireGroup struct {
	ID, Type string
	Profile  struct{ Name string }
}

// groups follows the links of a list of groups to its end.
func groups(t *testing.T, o *standin.Org, query string) (names []string, calls int) {
	t.Helper()
	for path := "/api/v1/groups?" + query; path != ""; calls++ {
		a := call(t, o, "GET", path)
		want(t, a, 200, "")
		for _, g := range decode[[]wireGroup](t, a) {
			names = append(names, g.Profile.Name)
		}
		path = next(a)
	}
	return names, calls
}

func TestListGroups(t *testing.T) {
	t.Parallel()
	o := standin.New(standin.Config{})
	o.AddGroup(standin.Group{Name: `Sales "EMEA"`})
	o.AddGroup(standin.Group{Name: "Sales", Type: standin.GroupApp, Description: "from AD"})
	for _, tt := range []struct {
		query string
		calls int
		want  []string
	}{
		{"", 1, []string{"Everyone", "Engineering", "Finance", "Sales", "Support", `Sales "EMEA"`, "Sales"}},
		{"limit=3", 3, []string{"Everyone", "Engineering", "Finance", "Sales", "Support", `Sales "EMEA"`, "Sales"}},
		{"q=sales", 1, []string{"Sales", `Sales "EMEA"`, "Sales"}},
		{"q=sales&limit=2", 1, []string{"Sales", `Sales "EMEA"`}}, // one page only
		{"search=" + url.QueryEscape(`profile.name eq "sales"`), 1, []string{"Sales", "Sales"}},
		{"search=" + url.QueryEscape(`profile.name eq "Sales \"EMEA\""`), 1, []string{`Sales "EMEA"`}},
		{"search=" + url.QueryEscape(`profile.name co "al" and type eq "APP_GROUP"`), 1, []string{"Sales"}},
		{"filter=" + url.QueryEscape(`type eq "BUILT_IN"`), 1, []string{"Everyone"}},
	} {
		names, calls := groups(t, o, tt.query)
		if !slices.Equal(names, tt.want) || calls != tt.calls {
			t.Errorf("GET /groups?%s = %q in %d pages, want %q in %d", tt.query, names, calls, tt.want, tt.calls)
		}
	}
	for query, code := range map[string]string{
		"search=" + url.QueryEscape(`profile.name ne "x"`): "E0000031", "filter=" + url.QueryEscape(`profile.name eq "x"`): "E0000031",
		"search=a&filter=b": "E0000033", "limit=0": "E0000001", "after=x": "E0000031",
	} {
		want(t, call(t, o, "GET", "/api/v1/groups?"+query), 400, code)
	}
	quiet(t, o)
}

func TestGroupMembers(t *testing.T) {
	t.Parallel()
	o := standin.New(standin.Config{Users: 40})
	o.Add(standin.User{ID: bob, Login: "bob@example.com", Status: standin.StatusDeprovisioned})
	g := o.AddGroup(standin.Group{Name: "Some", Members: []string{bob, "okta.admin@example.com", "nobody@example.com"}})
	ids, calls := pages(t, o, "/api/v1/groups/"+g.ID+"/users?limit=1")
	if !slices.Equal(ids, []string{o.Owner().ID, bob}) || calls != 2 {
		t.Errorf("members %q in %d pages, want the owner and bob in 2", ids, calls)
	}
	a := call(t, o, "GET", "/api/v1/groups/"+g.ID)
	if got := decode[wireGroup](t, a); got.ID != g.ID || got.Type != standin.GroupOkta || got.Profile.Name != "Some" {
		t.Errorf("group %+v, want %+v", got, g)
	}
	if limit := a.header.Get("X-Rate-Limit-Limit"); limit != "500" {
		t.Errorf("limit of one group %q, want half of 1000", limit)
	}
	if limit := call(t, o, "GET", "/api/v1/groups").header.Get("X-Rate-Limit-Limit"); limit != "250" {
		t.Errorf("limit of groups %q, want half of 500", limit)
	}
	everyone := decode[[]wireGroup](t, call(t, o, "GET", "/api/v1/groups?q=everyone"))[0]
	if ids, _ := pages(t, o, "/api/v1/groups/"+everyone.ID+"/users"); len(ids) != 42 {
		t.Errorf("%d in Everyone, want all 42", len(ids))
	}
	sales := decode[[]wireGroup](t, call(t, o, "GET", "/api/v1/groups?q=sales"))[0]
	members, _ := pages(t, o, "/api/v1/groups/"+sales.ID+"/users")
	found, _ := pages(t, o, "/api/v1/users?search="+url.QueryEscape(`profile.department eq "sales"`))
	if !slices.Equal(members, found) || len(found) == 0 {
		t.Errorf("members of Sales %q, in the department %q", members, found)
	}
	want(t, call(t, o, "GET", "/api/v1/groups/00gnobody"), 404, "E0000007")
	want(t, call(t, o, "GET", "/api/v1/groups/00gnobody/users"), 404, "E0000007")
	want(t, call(t, o, "GET", "/api/v1/groups/"+g.ID+"/users?limit=0"), 400, "E0000001")
	want(t, call(t, o, "GET", "/api/v1/groups/"+g.ID+"/users?after=x"), 400, "E0000031")
	quiet(t, o)
}

// filter and search understand different parts of one language.
func TestUserDialects(t *testing.T) {
	t.Parallel()
	o := standin.New(standin.Config{})
	o.Add(standin.User{ID: bob, Login: "bob@example.com", Profile: map[string]any{"sites": []any{"Berlin", "Paris"}, "level": 7}})
	for expr, ok := range map[string][2]bool{ // by filter, by search
		`status eq "ACTIVE"`:                               {true, true},
		`lastUpdated gt "2001-01-01T00:00:00.000Z"`:        {true, true},
		`status lt "STAGED" or status gt "STAGED"`:         {false, true},
		`created gt "2001-01-01T00:00:00.000Z"`:            {false, true},
		`not (status eq "STAGED")`:                         {false, true},
		`profile.sites eq "paris"`:                         {false, true},
		`profile.sites co "ari"`:                           {false, false},
		`profile.login co "BOB"`:                           {false, true},
		`profile.login sw "bob"`:                           {false, true},
		`profile.login eq "bob@example.com"`:               {true, true},
		`status ne "STAGED"`:                               {false, false},
		`shoeSize eq "44"`:                                 {false, false},
		`profile.level eq "7" and id eq "` + bob + `"`:     {false, true},
		`id eq "` + bob + `" and (status eq "ACTIVE")`:     {true, true},
		`id eq "` + strings.ToLower("00uNobody") + ``:      {false, false},
		`type.id eq "oty5d7standin1Type5d7" and status pr`: {false, true},
	} {
		for i, param := range []string{"filter", "search"} {
			a := call(t, o, "GET", "/api/v1/users?"+param+"="+url.QueryEscape(expr))
			if found := a.status == 200 && strings.Contains(a.body, bob); found != ok[i] || !found && a.code() != "E0000031" {
				t.Errorf("%s %s: %d %s, want bob found: %v", param, expr, a.status, a.body, ok[i])
			}
		}
	}
}
