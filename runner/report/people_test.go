package report

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/table"
)

// The page shows of a user what people know: the columns that exports have.
func TestPeople(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		columns, cells  string
		named, name     string
		header, showing string
	}{
		{"login,firstName,lastName,department", "ada@a.b,Ada,Lovelace,Research", "ada@a.b", "Ada Lovelace", "department", "Research"},
		{"Team,Primary email,Display Name,manager,status", "Blue,ada@a.b,Ada L.,bob@a.b,ACTIVE", "ada@a.b", "Ada L.", "Team,manager", "Blue,bob@a.b"},
		{"note,profile.givenName,profile.surname,userPrincipalName", "x,Ada,,ada@a.b", "ada@a.b", "Ada", "note", "x"},
		{"input.login,input.email,User ID", ",ada@a.b,00u1", "ada@a.b", "", "", ""},
		{"first name,a,b,c", "Ada,1,2,3", "", "Ada", "a,b", "1,2"}, // no more than two others are shown
		{"", "", "", "", "", ""},
	} {
		p := newPeople(strings.Split(c.columns, ","))
		if c.columns == "" {
			p = newPeople(nil)
		}
		w := p.who(strings.Split(c.cells, ","))
		got := []any{w.named, w.name, strings.Join(p.header, ","), strings.Join(w.cells, ",")}
		if diff := cmp.Diff([]any{c.named, c.name, c.header, c.showing}, got); diff != "" {
			t.Errorf("%s: %s", c.columns, diff)
		}
	}
}

// The sections come in the order in which their readers ask.
func TestOrder(t *testing.T) {
	t.Parallel()
	heading := regexp.MustCompile(`<h[1-3](?: id="([a-z]+)")?`)
	order := func(page string) string {
		var ids []string
		for _, m := range heading.FindAllStringSubmatch(page, -1) {
			ids = append(ids, m[1])
		}
		return strings.TrimSpace(strings.Join(ids, " "))
	}
	page, _ := write(t, result(), everyStatus())
	if got, want := order(page), "attention outcome time factors all details"; got != want {
		t.Errorf("a result has %q, want %q", got, want)
	}
	page, _ = write(t, plan(), []Line{line(1, runner.StatusWouldReset, 0), everyStatus()[1], everyStatus()[3]})
	if got, want := order(page), "approval who not attention left details factors"; got != want {
		t.Errorf("a plan has %q, want %q", got, want)
	}
	if strings.Contains(page, "<svg") {
		t.Error("a plan has a chart")
	}
}

// A plan says what it does and what that means for the people, for its own steps only.
func TestConsequences(t *testing.T) {
	t.Parallel()
	const (
		none     = "no second factor at the next sign-in until they enroll again"
		stays    = "Whoever is signed in stays signed in."
		signsOut = "Everybody is signed out"
		password = "They must choose a new password at the next sign-in."
		verify   = "Anything else they have of Okta Verify is removed as well."
	)
	for _, c := range []struct {
		planned     string
		title       string
		says, never []string
	}{
		{
			"reset_factors", "Plan: remove all MFA factors of 2 users of acme.okta.com",
			[]string{"At the next sign-in they have no second factor until they enroll again.", stays},
			[]string{signsOut, password, verify, "new factor"},
		},
		{
			"unenroll sms:OKTA", "Plan: remove the factor text message of 2 users of acme.okta.com",
			[]string{"Their other factors stay.", none, stays},
			[]string{verify, signsOut, password, "recover"},
		},
		{
			"unenroll call push (remove recovery);clear_sessions", "Plan: remove the factors phone call and Okta Verify push of 2 users of acme.okta.com",
			[]string{verify, signsOut, "removed as a way to recover the account"},
			[]string{stays, password},
		},
		{
			"reset_factors;expire_password;enroll sms:OKTA (activate, template act1ve)", "Plan: remove all MFA factors of 2 users of acme.okta.com",
			[]string{"All of their old factors stop working.", password, "a new factor, text message, which works at once."},
			[]string{"no second factor"},
		},
		{
			"reset_factors;enroll email:OKTA", "Plan: remove all MFA factors of 2 users of acme.okta.com",
			[]string{"a new factor, email, which works once they have activated it."},
			[]string{"at once", "no second factor"},
		},
		{"unenroll shiny:NEW", "Plan: remove the factor shiny:NEW of 2 users of acme.okta.com", []string{none}, nil},
	} {
		s := plan()
		s.Planned = strings.Split(c.planned, ";")
		page, _ := write(t, s, []Line{line(1, runner.StatusWouldReset, 0), line(2, runner.StatusWouldReset, 1)})
		if !strings.Contains(page, "<title>"+c.title+"</title>") || !strings.Contains(plainText(page), c.title) {
			t.Errorf("%s: the title isn't %q", c.planned, c.title)
		}
		lead, _, _ := strings.Cut(page, "<main>")
		for _, text := range c.says {
			if !strings.Contains(lead, text) {
				t.Errorf("%s: it doesn't say %q", c.planned, text)
			}
		}
		for _, text := range c.never {
			if strings.Contains(lead, text) {
				t.Errorf("%s: it says %q", c.planned, text)
			}
		}
	}
	page, _ := write(t, plan(), []Line{line(1, runner.StatusNotFound, 0)})
	if strings.Contains(page, `class="lead"`) || !strings.Contains(page, `class="number">0</span> users`) {
		t.Error("a plan of nobody says what follows for them")
	}
}

// The page says an error once, in words. Okta's own name of it is in small print.
func TestErrorOnce(t *testing.T) {
	t.Parallel()
	missing := Line{Row: 1, Record: table.Record{
		Input: "ghost@a.b", Status: string(runner.StatusNotFound), HTTPStatus: "404", ErrorCode: "E0000007", RequestID: "Zx1",
		Error: "404 Not Found E0000007: Not found: Resource not found: ghost@a.b (User)",
	}}
	half := line(2, runner.StatusPartial, 0)
	half.Record.Reason, half.Record.Error = string(runner.ReasonEnroll), "400 Bad Request E0000001: the phone number is wrong"
	owner := line(3, runner.StatusSkipped, 0)
	owner.Record.Reason, owner.Record.Error = string(runner.ReasonSelf), "the owner of these credentials isn't reset"
	page, _ := write(t, result(), []Line{missing, half, owner})
	attention, rest, _ := strings.Cut(page, `aria-labelledby="outcome"`)
	for _, want := range []string{
		"<bdi>no such user</bdi><small class=\"code\">E0000007 · HTTP 404 · request Zx1</small>", "<bdi>the new factor isn&#39;t enrolled: the phone number is wrong</bdi>",
	} {
		if !strings.Contains(attention, want) {
			t.Errorf("the page doesn't say %s", want)
		}
	}
	if !strings.Contains(rest, "<bdi>1: the token&#39;s owner</bdi>") || !strings.Contains(rest, "<small><bdi>the token&#39;s owner</bdi></small>") {
		t.Error("the page doesn't call the token's owner that")
	}
	if strings.Contains(page, "Resource not found") || strings.Count(attention, "E0000007") != 1 {
		t.Error("an error stands there more than once, or in Okta's words")
	}
}

// If one row has the login of a user, no other row names the user by a bare ID.
func TestNeverABareID(t *testing.T) {
	t.Parallel()
	known := line(1, runner.StatusWouldReset, 0)
	twice := Line{Row: 2, Record: table.Record{Input: known.Record.UserID, Status: string(runner.StatusSkipped), Reason: string(runner.ReasonDuplicate)}}
	page, _ := write(t, plan(), []Line{known, twice})
	if strings.Contains(page, "<bdi>"+known.Record.UserID) {
		t.Error("the duplicate is named by its ID")
	}
	s := plan()
	s.Columns = []string{"department", "displayName"}
	twice.Cells = []string{"Research", "Ada Lovelace"}
	known.Cells, known.Record.Factors = twice.Cells, "push:OKTA"
	page, _ = write(t, s, []Line{known, twice})
	for _, want := range []string{
		"<td><bdi>Ada Lovelace</bdi></td><td><bdi>Research</bdi></td><td>Okta Verify push</td>", "<bdi>Ada Lovelace · Research</bdi>",
		"<li><bdi>user1@acme.com</bdi> <small><bdi>Ada Lovelace</bdi></small></li>", `<bdi>Department</bdi></th>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the plan doesn't have %s", want)
		}
	}
}

// Each factor that Okta documents has the name that people use for it.
func TestFactorWords(t *testing.T) {
	t.Parallel()
	for _, name := range append(oktaclient.Enrollable(), "signed_nonce:OKTA", "webauthn", "u2f:FIDO", "web:DUO", "token:software:totp") {
		if got := plainFactor(name); got == name {
			t.Errorf("%s has no words", name)
		}
	}
	for _, typ := range oktaclient.FactorTypes() {
		if got := plainFactor(typ); got == typ && typ != "token" && typ != "email" { // providers with nothing in common; the word itself
			t.Errorf("%s has no words", typ)
		}
	}
	if got := plainFactor("shiny:NEW"); got != "shiny:NEW" {
		t.Errorf("a factor that isn't known is called %q", got)
	}
}

// A plan whose run takes hours says how many users are reset by when.
func TestSchedule(t *testing.T) {
	t.Parallel()
	var lines []Line
	for n := range 2400 {
		lines = append(lines, line(n+1, runner.StatusWouldReset, 0))
	}
	s := plan()
	s.AnHour = 200
	page, _ := write(t, s, lines)
	if want := "200 users an hour: 200 reset after 1 h, 800 after 4 h, 1,600 after 8 h, all 2,400 after 12 h."; !strings.Contains(page, want) {
		t.Errorf("the page doesn't say %q", want)
	}
}
