package standin_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oktareset/oktaclient/standin"
)

type wireUser struct {
	ID      string `json:"id"`
	Status  string
	Profile struct{ Login, FirstName string }
	Links   map[string]struct{ Href string } `json:"_links"`
}

func TestIdentifiers(t *testing.T) {
	t.Parallel()
	o := standin.New(standin.Config{})
	o.Add(standin.User{ID: bob, Login: "bob@example.com"})
	o.Add(standin.User{ID: "00u00000000000000jim", Login: "jim@example.com"})
	o.Add(standin.User{ID: "00u0000000000000jim2", Login: "jim@example.org"})
	o.Add(standin.User{ID: "00u0000000000000jose", Login: "josé@example.com"})
	o.Add(standin.User{ID: "00u000000000000slash", Login: "a/b@example.com"})
	tests := []struct {
		path   string
		status int
		code   string
		id     string
		why    string // of the surprise, "" for none
	}{
		{bob, 200, "", bob, ""},
		{"bob@example.com", 200, "", bob, ""},
		{"BOB@Example.com", 200, "", bob, ""},
		{"bob", 200, "", bob, ""},
		{"jim", 404, "E0000007", "", ""}, // ambiguous
		{"me", 200, "", o.Owner().ID, ""},
		{"jose%CC%81@example.com", 200, "", "00u0000000000000jose", ""}, // another Unicode form
		{"jose@example.com", 200, "", "00u0000000000000jose", ""},       // another user, if diacritics count
		{"00u1234567890ABCDEFG", 404, "E0000007", "", ""},               // IDs have case
		{"nobody@example.com", 404, "E0000007", "", ""},
		{"bob;x@example.com", 200, "", bob, "semicolon"},
		{"bob%3Bx@example.com", 200, "", bob, "semicolon"},
		{"a%2Fb@example.com", 405, "E0000022", "", "escaped slash"},
		{"a%5Cb@example.com", 400, "", "", "Tomcat"},
		{"./" + bob, 200, "", bob, "dot segment"},
		{bob + "/../me", 200, "", o.Owner().ID, "dot segment"},
	}
	for _, tt := range tests {
		before := len(o.Stats().Surprises)
		a := call(t, o, "GET", "/api/v1/users/"+tt.path)
		if a.status != tt.status || a.code() != tt.code {
			t.Errorf("GET %q = %d %s, want %d %s", tt.path, a.status, a.code(), tt.status, tt.code)
			continue
		}
		if tt.id != "" && decode[wireUser](t, a).ID != tt.id {
			t.Errorf("GET %q = %s, want user %s", tt.path, a.body, tt.id)
		}
		if tt.status == 400 && !strings.Contains(a.header.Get("Content-Type"), "text/html") {
			t.Errorf("GET %q: content type %q, want HTML", tt.path, a.header.Get("Content-Type"))
		}
		surprises := o.Stats().Surprises[before:]
		if (tt.why == "") != (len(surprises) == 0) || tt.why != "" && !strings.Contains(surprises[0], tt.why) {
			t.Errorf("GET %q: surprises %q, want %q", tt.path, surprises, tt.why)
		}
	}
	// An empty user ID makes a path that doesn't exist. The ID . makes the path of the list.
	if a := call(t, o, "POST", "/api/v1/users//lifecycle/reset_factors"); a.code() != "E0000008" {
		t.Errorf("reset of an empty ID = %s, want E0000008", a.code())
	}
	if a := call(t, o, "GET", "/api/v1/users/."); !strings.HasPrefix(a.body, "[") {
		t.Errorf("GET /users/. = %s, want the list", a.body)
	}
}

func TestExactLogins(t *testing.T) {
	t.Parallel()
	o := standin.New(standin.Config{ExactLogins: true})
	o.AddIdentifiers(slices.Values([]string{"josé@example.com"}))
	want(t, call(t, o, "GET", "/api/v1/users/jose@example.com"), 404, "E0000007")
	want(t, call(t, o, "GET", "/api/v1/users/JOS%C3%89@example.com"), 200, "")
}

func TestIDOnlyPaths(t *testing.T) {
	t.Parallel()
	o := standin.New(standin.Config{})
	o.Add(standin.User{ID: bob, Login: "bob@example.com"})
	for _, path := range []string{"factors", "roles"} {
		want(t, call(t, o, "GET", "/api/v1/users/bob@example.com/"+path), 404, "E0000007")
		want(t, call(t, o, "GET", "/api/v1/users/"+bob+"/"+path), 200, "")
	}
}

func TestAddIdentifiers(t *testing.T) {
	t.Parallel()
	o := standin.New(standin.Config{})
	ids := []string{
		bob, "ada@example.com", "ADA@example.com", bob, " eve@example.com ", "carla", "weird/;\\'@example.com",
		"", "me", "ME", ".", "..", "a\x00b@example.com", strings.Repeat("x", 101), "\xff@example.com",
		"carl", "Alice <alice@example.com>", "mailto:bob@example.com", "https://example.com/bob", "00u123", "00U1234567890ABCDEFG",
	}
	if n := o.AddIdentifiers(slices.Values(ids)); n != 5 {
		t.Errorf("AddIdentifiers(%q) = %d, want 5", ids, n)
	}
	for _, id := range []string{bob, "ada@example.com", "eve@example.com", "carla", "weird/;\\'@example.com"} {
		u, ok := o.User(id)
		if !ok || u.Status != "ACTIVE" || len(u.Factors) == 0 || u.FirstName == "" || u.ID != id && u.Login != id {
			t.Errorf("User(%q) = %+v, %v", id, u, ok)
			continue
		}
		byID, _ := o.User(u.ID)
		byLogin, _ := o.User(u.Login)
		if diff := cmp.Diff(u, byID); diff != "" {
			t.Errorf("User(%q): by its ID differs (-identifier +ID):\n%s", id, diff)
		}
		if diff := cmp.Diff(u, byLogin); diff != "" {
			t.Errorf("User(%q): by its login differs (-identifier +login):\n%s", id, diff)
		}
		for _, f := range u.Factors {
			if f.Created.Before(u.Created) && f.Type != "email" && f.Type != "question" || f.ID == "" || f.Status != "ACTIVE" {
				t.Errorf("User(%q): factor %+v of a user created %v", id, f, u.Created)
			}
		}
	}
}

func TestPeople(t *testing.T) {
	t.Parallel()
	o := standin.New(standin.Config{Users: 200, Seed: 7, Engine: standin.Classic})
	statuses, factors, logins := map[string]int{}, map[string]int{}, map[string]int{}
	admins := 0
	for u := range o.Users() {
		statuses[u.Status]++
		logins[u.Login]++
		if len(u.Roles) > 0 {
			admins++
		}
		for _, f := range u.Factors {
			factors[f.Type+":"+f.Provider]++
		}
	}
	if len(logins) != 201 || admins < 10 {
		t.Errorf("%d logins and %d admins, want 201 and at least 10", len(logins), admins)
	}
	if len(statuses) != 8 || statuses["ACTIVE"] < 100 {
		t.Errorf("statuses %v, want all 8, most of them ACTIVE", statuses)
	}
	if len(factors) != 15 {
		t.Errorf("factors %v, want all 15 types", factors)
	}
	same := slices.Collect(standin.New(standin.Config{Users: 3, Seed: 7}).Users())
	other := slices.Collect(standin.New(standin.Config{Users: 3, Seed: 8}).Users())
	again := slices.Collect(standin.New(standin.Config{Users: 3, Seed: 7}).Users())
	for i := 1; i < 4; i++ {
		if same[i].ID != again[i].ID || same[i].ID == other[i].ID {
			t.Errorf("person %d: %s with one seed, %s with the same, %s with another", i, same[i].ID, again[i].ID, other[i].ID)
		}
	}
}

// pages follows the links of a list to its end and returns the IDs.
func pages(t *testing.T, o *standin.Org, path string) (ids []string, calls int) {
	t.Helper()
	for path != "" && calls < 100 {
		a := call(t, o, "GET", path)
		if a.status != 200 {
			t.Fatalf("GET %s = %d %s", path, a.status, a.body)
		}
		calls++
		for _, u := range decode[[]wireUser](t, a) {
			ids = append(ids, u.ID)
		}
		path = next(a)
	}
	return ids, calls
}

// next returns the path of the next page.
func next(a answer) string {
	for _, line := range a.header.Values("Link") {
		if target, ok := strings.CutSuffix(line, `>; rel="next"`); ok {
			return strings.TrimPrefix(target, "<"+orgURL)
		}
	}
	return ""
}

func TestListUsersPages(t *testing.T) {
	t.Parallel()
	o := standin.New(standin.Config{})
	var all []string
	for i := range 450 {
		all = append(all, fmt.Sprintf("user%d@example.com", i))
	}
	o.AddIdentifiers(slices.Values(all))
	o.Add(standin.User{Login: "gone@example.com", Status: standin.StatusDeprovisioned})
	var want []string
	for u := range o.Users() {
		if u.Status != standin.StatusDeprovisioned {
			want = append(want, u.ID)
		}
	}
	for path, calls := range map[string]int{
		"/api/v1/users": 3, "/api/v1/users?limit=200": 3, "/api/v1/users?limit=150": 4, "/api/v1/users?limit=1000": 3,
	} {
		ids, n := pages(t, o, path)
		if !slices.Equal(ids, want) || n != calls {
			t.Errorf("GET %s: %d users in %d pages, want %d in %d", path, len(ids), n, len(want), calls)
		}
	}
	a := call(t, o, "GET", "/api/v1/users?limit=2")
	if lines := a.header.Values("Link"); len(lines) != 2 || !strings.HasSuffix(lines[0], `rel="self"`) {
		t.Errorf("Link = %q, want self and next on lines of their own", lines)
	}
	quiet(t, o)
}

func TestListUsersRefuses(t *testing.T) {
	t.Parallel()
	o := standin.New(standin.Config{})
	for query, code := range map[string]string{
		"after=nonsense": "E0000031", "after=200ubG9nczox": "E0000031", "limit=0": "E0000001", "limit=x": "E0000001",
		"filter=" + url.QueryEscape(`shoeSize eq "44"`): "E0000031", "filter=a&search=b": "E0000033",
	} {
		if a := call(t, o, "GET", "/api/v1/users?"+query); a.status != 400 || a.code() != code {
			t.Errorf("GET /users?%s = %d %s, want 400 %s", query, a.status, a.code(), code)
		}
	}
}

func TestListUsersFilter(t *testing.T) {
	t.Parallel()
	o := standin.New(standin.Config{})
	o.Add(standin.User{ID: "00u0000000000000000a", Login: "a@example.com", FirstName: "Ann", LastName: "Lee", Status: "SUSPENDED"})
	o.Add(standin.User{ID: "00u0000000000000000b", Login: `b"c\@example.com`, FirstName: "Ann", LastName: "Roy"})
	o.Add(standin.User{ID: "00u0000000000000000c", Login: "c@example.com", Email: "x@example.com", Status: "DEPROVISIONED"})
	tests := []struct{ filter, want string }{
		{`id eq "00u0000000000000000a"`, "a"},
		{`status eq "SUSPENDED"`, "a"},
		{`status eq "DEPROVISIONED"`, "c"},
		{`profile.login eq "a@example.com"`, "a"},
		{`profile.login eq "A@EXAMPLE.COM"`, ""},
		{`status eq "suspended"`, ""},
		{`profile.login eq "b\"c\\@example.com"`, "b"},
		{`profile.login eq "a"`, ""}, // no short name
		{`profile.email eq "x@example.com"`, "c"},
		{`profile.firstName eq "Ann"`, "ab"},
		{`profile.firstName eq "Ann" and profile.lastName eq "Roy"`, "b"},
		{`profile.firstName eq "Ann" and status eq "SUSPENDED" and profile.login eq "a@example.com"`, "a"},
		{`profile.login eq "a@example.com" and status eq "ACTIVE"`, ""},
		{`(id eq "00u0000000000000000a" or id eq "00u0000000000000000b") and status eq "ACTIVE"`, "b"},
		{`id eq "nobody"`, ""},
	}
	for _, tt := range tests {
		ids, _ := pages(t, o, "/api/v1/users?limit=1&filter="+url.QueryEscape(tt.filter))
		got := ""
		for _, id := range ids {
			got += id[len(id)-1:]
		}
		if got != tt.want {
			t.Errorf("filter %s = %q, want %q", tt.filter, got, tt.want)
		}
	}
}

// Case counts in filters, unless the org is configured otherwise. It doesn't count in searches,
// which also accept booleans and numbers without quotes.
func TestFilterAndSearch(t *testing.T) {
	t.Parallel()
	for _, anyCase := range []bool{false, true} {
		o := standin.New(standin.Config{FilterAnyCase: anyCase})
		o.Add(standin.User{ID: bob, Login: "EMEA/Bob@example.com", Profile: map[string]any{"contractor": true, "level": 10, "floor": "10"}})
		for query, want := range map[string]bool{
			`filter=profile.login eq "EMEA/Bob@example.com"`: true, `filter=profile.login eq "emea/bob@example.com"`: anyCase,
			`filter=id eq "` + strings.ToLower(bob) + `"`:    strings.ToLower(bob) == bob,
			`search=profile.login eq "emea/bob@EXAMPLE.com"`: true, `search=profile.contractor eq true`: true, `search=profile.contractor eq false`: false,
			`search=profile.level gt 9`: true, `search=profile.level le 9.5`: false, `search=profile.level eq 10`: true, `search=profile.floor gt "9"`: false,
		} {
			param, expression, _ := strings.Cut(query, "=")
			ids, _ := pages(t, o, "/api/v1/users?"+param+"="+url.QueryEscape(expression))
			if got := slices.Equal(ids, []string{bob}); got != want {
				t.Errorf("FilterAnyCase %v: %s found %q, want bob: %v", anyCase, query, ids, want)
			}
		}
		for _, query := range []string{`search=status eq true`, `search=profile.level eq ten`, `filter=profile.login eq 5`} {
			param, expression, _ := strings.Cut(query, "=")
			want(t, call(t, o, "GET", "/api/v1/users?"+param+"="+url.QueryEscape(expression)), 400, "E0000031")
		}
	}
}

func TestListUsersByPrefixAndSorted(t *testing.T) {
	t.Parallel()
	o := standin.New(standin.Config{})
	add := func(end, first, last, status string) {
		login := end + "@example.com"
		o.Add(standin.User{ID: "00u0000000000000000" + end, Login: login, FirstName: first, LastName: last, Status: status})
	}
	add("a", "Kim", "young", "")
	add("b", "Ann", "Kimura", "")
	add("c", "Kimberley", "Young", "DEPROVISIONED")
	add("d", "Akim", "Abbott", "")
	const young, old = `search=profile.lastName+eq+"young"`, `search=not+(profile.lastName+eq+"x")+and+id+sw+"00u0000000000000000"`
	for _, tt := range []struct {
		query, want string
		calls       int
	}{
		{"q=kim", "ab", 1},
		{"q=kim&limit=1", "a", 1}, // one page only
		{"q=D@exa", "d", 1},
		{"q=kim&filter=" + url.QueryEscape(`profile.lastName eq "young"`), "a", 1},
		{"q=kim&filter=" + url.QueryEscape(`profile.lastName eq "Young"`), "", 1},
		{"q=nobody", "", 1},
		{young + "&sortBy=profile.firstName", "ac", 1},
		{young + "&sortBy=profile.firstName&sortOrder=desc", "ca", 1},
		{young + "&sortBy=profile.lastName&sortOrder=desc", "ac", 1}, // by ID among equals
		{old + "&sortBy=profile.firstName&limit=1", "dbac", 4},
		{old + "&sortBy=profile.lastName&limit=2&sortOrder=asc", "dbac", 2},
		{old + "&sortOrder=desc", "abcd", 1},
		{"sortBy=profile.firstName&filter=" + url.QueryEscape(`status eq "ACTIVE" and (profile.firstName eq "Kim" or profile.firstName eq "Ann")`), "ab", 1}, // searches only
	} {
		ids, calls := pages(t, o, "/api/v1/users?"+strings.ReplaceAll(tt.query, `"`, "%22"))
		got := ""
		for _, id := range ids {
			got += id[len(id)-1:]
		}
		if got != tt.want || calls != tt.calls {
			t.Errorf("GET /users?%s = %q in %d pages, want %q in %d", tt.query, got, calls, tt.want, tt.calls)
		}
	}
	o.AddIdentifiers(func(yield func(string) bool) {
		for i := range 11 {
			yield(fmt.Sprintf("picked%d@example.com", i))
		}
	})
	if ids, _ := pages(t, o, "/api/v1/users?q=picked"); len(ids) != 10 {
		t.Errorf("q found %d users, want the 10 that a picker shows", len(ids))
	}
	want(t, call(t, o, "GET", "/api/v1/users?sortBy=shoeSize&search=status+pr"), 400, "E0000001")
	quiet(t, o)
}

func TestAdmins(t *testing.T) {
	t.Parallel()
	o := standin.New(standin.Config{Users: 60})
	path := "/api/v1/iam/assignees/users?limit=4"
	n := 0
	for path != "" {
		page := decode[struct {
			Value []struct{ ID string }
			Links map[string]struct{ Href string } `json:"_links"`
		}](t, call(t, o, "GET", path))
		for _, v := range page.Value {
			n++
			u, _ := o.User(v.ID)
			roles := decode[[]struct{ Type, Label string }](t, call(t, o, "GET", "/api/v1/users/"+v.ID+"/roles"))
			if len(roles) != 1 || roles[0].Type != u.Roles[0] || roles[0].Label == "" {
				t.Errorf("roles of %s = %v, want %v", v.ID, roles, u.Roles)
			}
		}
		path = strings.TrimPrefix(page.Links["next"].Href, orgURL)
	}
	if n != 7 { // the owner, and one of each ten people
		t.Errorf("%d admins, want 7", n)
	}
	if got := call(t, o, "GET", "/api/v1/users/"+o.Add(standin.User{Login: "x"}).ID+"/roles").body; got != "[]" {
		t.Errorf("roles of somebody = %s, want []", got)
	}
}

func TestRolesOfAllKinds(t *testing.T) {
	t.Parallel()
	o := standin.New(standin.Config{})
	u := o.Add(standin.User{Login: "x", Roles: []string{"APP_ADMIN", "Tier 2"}, GroupRoles: []string{"SUPER_ADMIN"}})
	type role struct {
		ID, Label, Type, AssignmentType, Role string
		ResourceSet                           string                           `json:"resource-set"`
		Links                                 map[string]struct{ Href string } `json:"_links"`
	}
	got := decode[[]role](t, call(t, o, "GET", "/api/v1/users/"+u.ID+"/roles"))
	var told []string
	for _, r := range got {
		told = append(told, r.Type+" "+r.Label+" "+r.AssignmentType)
		if custom := r.Type == "CUSTOM"; custom != (r.Role != "") || custom != (r.ResourceSet != "") || custom != strings.HasPrefix(r.ID, "irb") {
			t.Errorf("role %+v", r)
		}
		if group := strings.Contains(r.Links["assignee"].Href, "/groups/00g"); group != (r.AssignmentType == "GROUP") {
			t.Errorf("role %+v is assigned to %s", r, r.Links["assignee"].Href)
		}
	}
	if want := "APP_ADMIN Application Administrator USER, CUSTOM Tier 2 USER, SUPER_ADMIN Super Administrator GROUP"; strings.Join(told, ", ") != want {
		t.Errorf("roles %q, want %q", told, want)
	}
	for _, listed := range []bool{false, true} {
		o := standin.New(standin.Config{ListGroupAdmins: listed})
		byGroup := o.Add(standin.User{Login: "grouped@example.com", GroupRoles: []string{"READ_ONLY_ADMIN"}})
		if page := call(t, o, "GET", "/api/v1/iam/assignees/users").body; strings.Contains(page, byGroup.ID) != listed {
			t.Errorf("users with roles: %s; want %s among them: %v", page, byGroup.ID, listed)
		}
	}
}
