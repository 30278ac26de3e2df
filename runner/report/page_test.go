package report

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"html"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktareset/runner"
	"oktareset/runner/table"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// began is when the first row of every test is worked on.
var began = time.Date(2026, 3, 4, 10, 22, 31, 0, time.UTC)

// result returns a subject as an unattended run with one resume leaves it.
func result() Subject {
	return Subject{
		Version: "v1.2.3", File: "users.results.csv", SHA256: strings.Repeat("ab", 32), Recorded: strings.Repeat("ab", 32),
		Org: "acme.okta.com", Engine: "identity", Account: Account{ID: "00uAdmin0000000000Ab", Login: "svc-mfa@acme.com"}, Ticket: "CHG-4711",
		Steps:   []string{"identify", "protect", "record_factors", "reset_factors"},
		Input:   Input{File: "users.csv", SHA256: strings.Repeat("cd", 32), Rows: 9, Distinct: 8, Column: "User ID"},
		Consent: Consent{How: "confirm", Min: 1, Max: 500, At: began.Add(-time.Second)},
		Runs: []Run{
			{
				ID: "20260304T102230Z-a1b2c3", StartedAt: began.Add(-time.Second), FinishedAt: began.Add(75 * time.Second), User: "mira", Host: "ops-7",
				Options: map[string]string{"record-factors": "true", "limit": "5"}, Stopped: "the limit of this run is reached",
				Requests: 31, Attempts: 6, TooMany: 1, SecondsHeld: 58.5,
			},
			{ID: "20260304T110000Z-d4e5f6", StartedAt: began.Add(time.Hour), User: "jo", Host: "ops-7"},
		},
	}
}

// plan returns the same as a dry run leaves it.
func plan() Subject {
	s := result()
	s.Plan, s.File, s.Consent, s.Runs = true, "users.plan.csv", Consent{How: "none"}, s.Runs[:1]
	s.Steps, s.Planned = s.Steps[:3], s.Steps[3:]
	s.Apply = "oktareset reset --confirm acme.okta.com:1 users.plan.csv"
	return s
}

// line returns a row that finished some seconds after the first began.
func line(n int, s runner.Status, after float64) Line {
	at := began.Add(time.Duration(after * float64(time.Second)))
	return Line{Row: n, Record: table.Record{
		Row: fmt.Sprint(n), Input: fmt.Sprintf("user%d@acme.com", n), UserID: fmt.Sprintf("00u%017d", n), Login: fmt.Sprintf("user%d@acme.com", n),
		Status: string(s), StartedAt: at.Add(-200 * time.Millisecond).Format(time.RFC3339), FinishedAt: at.Format(time.RFC3339Nano), Attempts: "1",
	}}
}

// everyStatus has a row of each status that a finished result may have, with the usual cells.
func everyStatus() []Line {
	reset := line(1, runner.StatusReset, 0)
	reset.Record.Factors = "push:OKTA email:OKTA push:OKTA"
	duplicate := Line{Row: 2, Record: table.Record{Row: "2", Input: "user1@acme.com", Status: string(runner.StatusSkipped), Reason: string(runner.ReasonDuplicate)}}
	partial := line(3, runner.StatusPartial, 1)
	partial.Record.Reason = string(runner.ReasonEnroll)
	invalid := Line{Row: 4, Record: table.Record{Row: "4", Input: "me", Status: string(runner.StatusInvalid), Reason: string(runner.ReasonReserved)}}
	missing := line(5, runner.StatusNotFound, 2)
	missing.Record.UserID, missing.Record.Login, missing.Record.HTTPStatus, missing.Record.ErrorCode = "", "", "404", "E0000007"
	forbidden := line(6, runner.StatusForbidden, 62)
	forbidden.Record.HTTPStatus, forbidden.Record.ErrorCode, forbidden.Record.RequestID = "403", "E0000006", "ZxRequest6"
	failed := line(7, runner.StatusFailed, 63)
	failed.Record.Input, failed.Record.Error, failed.Record.Attempts = "USER7", "Api validation failed", "3"
	unknown := line(8, runner.StatusUnknown, 4000)
	unknown.Record.Reason = string(runner.ReasonUnverified)
	notAttempted := Line{Row: 9, Record: table.Record{Row: "9", Input: "user9@acme.com", Status: string(runner.StatusNotAttempted)}}
	return []Line{reset, duplicate, partial, invalid, missing, forbidden, failed, unknown, notAttempted}
}

func all(lines []Line) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		for _, l := range lines {
			if !yield(l, nil) {
				return
			}
		}
	}
}

// write makes a page that must be made.
func write(t *testing.T, s Subject, lines []Line) (string, Summary) {
	t.Helper()
	var b bytes.Buffer
	sum, err := Write(&b, s, all(lines))
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), sum
}

// body returns a page without its style and script.
func body(t *testing.T, page string) string {
	t.Helper()
	_, rest, ok1 := strings.Cut(page, "<body")
	text, _, ok2 := strings.Cut(rest, "<script>")
	if !ok1 || !ok2 {
		t.Fatal("the page has no body, or no script behind it")
	}
	return "<body" + text
}

var tag = regexp.MustCompile(`<[^>]*>`)

// plainText returns what a person reads on a page.
func plainText(page string) string { return html.UnescapeString(tag.ReplaceAllString(page, "")) }

func TestGolden(t *testing.T) {
	t.Parallel()
	changed := result()
	changed.Condition, changed.SHA256, changed.Counted = Changed, strings.Repeat("ef", 32), runner.Counts{runner.StatusReset: 9}
	planned := []Line{line(1, runner.StatusWouldReset, 0), everyStatus()[1], everyStatus()[3], everyStatus()[4]}
	for _, c := range []struct {
		name    string
		subject Subject
		lines   []Line
		open    int
	}{
		{"result", result(), everyStatus(), 7},
		{"plan", plan(), planned, 2},
		{"changed", changed, everyStatus()[:2], 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			page, sum := write(t, c.subject, c.lines)
			if want := (Summary{Rows: len(c.lines), Open: c.open}); sum != want {
				t.Errorf("summary %+v, want %+v", sum, want)
			}
			if again, _ := write(t, c.subject, c.lines); again != page {
				t.Error("the same input gave another page")
			}
			golden := filepath.Join("testdata", c.name+".html")
			if *update {
				if err := os.WriteFile(golden, []byte(body(t, page)), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), body(t, page)); diff != "" {
				t.Errorf("the page isn't as in %s (go test -update, and look at it): %s", golden, diff)
			}
		})
	}
}

// A manager who reads a plan must never think that it was carried out, nor that a changed file can
// be approved.
func TestPlanIsNoResult(t *testing.T) {
	t.Parallel()
	lines := []Line{line(1, runner.StatusWouldReset, 0), line(2, runner.StatusWouldReset, 1), line(3, runner.StatusNotFound, 2)}
	page, _ := write(t, plan(), lines)
	text := body(t, page)
	for _, never := range []string{"was reset", "were reset", "users reset", "not reset", "--resume", "--retry"} {
		if strings.Contains(text, never) {
			t.Errorf("a plan says %q", never)
		}
	}
	if !strings.Contains(text, "Would be reset") || !strings.Contains(plainText(text), plan().Apply) {
		t.Error("the plan doesn't say what would be done, and by which command")
	}
	s := plan()
	s.Apply = "oktareset reset" + strings.Repeat(" --exclude vips.csv", 100) + " users.plan.csv"
	if page, _ = write(t, s, lines); !strings.Contains(plainText(page), s.Apply) {
		t.Error("a long command isn't whole")
	}
	s = plan()
	s.Incomplete, s.Complete = "1 of its 3 rows couldn't be looked up", "oktareset reset --dry-run --retry failed users.csv"
	page, _ = write(t, s, append(lines[:2:2], line(3, runner.StatusFailed, 2)))
	if strings.Contains(plainText(page), s.Apply) || strings.Contains(page, "Approved by") {
		t.Error("a plan that isn't whole is offered for approval")
	}
	for _, want := range []string{"1 of its 3 rows couldn't be looked up.", s.Complete, "complete the plan with"} {
		if !strings.Contains(plainText(page), want) {
			t.Errorf("a plan that isn't whole doesn't say %q", want)
		}
	}
	s.Complete = ""
	if page, _ = write(t, s, lines); strings.Contains(page, "<pre>") || !strings.Contains(page, "Make it again") {
		t.Error("a plan that can't be completed doesn't say that it is made again")
	}
	s = plan()
	s.Condition = Changed
	if page, _ = write(t, s, lines); strings.Contains(plainText(page), s.Apply) {
		t.Error("a plan that isn't as it was made is offered for approval")
	}
}

// The page counts every row, shows a limited number, and says how many it leaves out.
func TestCut(t *testing.T) {
	t.Parallel()
	var lines []Line
	for i := range MaxRows + 10 {
		s := runner.StatusReset
		if i%2 == 0 {
			s = runner.StatusFailed
		}
		lines = append(lines, line(i+1, s, float64(i)))
	}
	page, sum := write(t, result(), lines)
	if want := (Summary{Rows: MaxRows + 10, Open: MaxRows/2 + 5}); sum != want {
		t.Errorf("summary %+v, want %+v", sum, want)
	}
	for _, want := range []string{
		"The first 1,000 of 2,505 are on this page", "5,000 of 5,010 rows are on this page", "The other 10 rows", "1,000 of 2,505</caption>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page doesn't say %q", want)
		}
	}
	if got := strings.Count(page, "<tr data-status="); got != MaxOpen+MaxRows {
		t.Errorf("%d rows on the page, want %d", got, MaxOpen+MaxRows)
	}
}

// Everything that comes from a file is text on the page, in every place, and short.
func TestHostile(t *testing.T) {
	t.Parallel()
	const evil = `</script></style></title>--><img src=x onerror=alert(1)><svg/onload=alert(2)>"'` + "`{{.}}\u202e\u2066\x00\x1b[31m\xff"
	calm, _ := write(t, poisoned("x"), []Line{poisonedLine("x")})
	planned := func(text string) string {
		s := poisoned(text)
		s.Plan = true
		a, b := poisonedLine(text), poisonedLine(text)
		a.Record.Status, b.Record.Status = string(runner.StatusWouldReset), string(runner.StatusSkipped)
		a.Record.Factors = strings.Join(strings.Fields(text), "_") // one
		page, _ := write(t, s, []Line{a, b})
		return page
	}
	for _, text := range []string{evil, strings.Repeat(evil, 200), "javascript:alert(1)", "=cmd|' /C calc'!A0"} {
		page, _ := write(t, poisoned(text), []Line{poisonedLine(text)})
		if got, want := strings.Count(planned(text), "<"), strings.Count(planned("x"), "<"); got != want {
			t.Errorf("%.20q: a plan with %d tags, want %d", text, got, want)
		}
		if strings.ContainsAny(planned(text), "\u202e\u2066\x00\x1b\uFFFD") {
			t.Errorf("%.20q came through in a plan", text)
		}
		if got, want := strings.Count(page, "<"), strings.Count(calm, "<"); got != want {
			t.Errorf("%.20q: %d tags, want %d", text, got, want)
		}
		if strings.ContainsAny(page, "\u202e\u2066\x00\x1b\uFFFD") || strings.Contains(page, "onerror=alert(1)>") {
			t.Errorf("%.20q came through", text)
		}
		if len(page) > len(calm)+80*maxCell {
			t.Errorf("%.20q: %d bytes more", text, len(page)-len(calm))
		}
	}
}

// poisoned returns a subject with a text in every place that can have one.
func poisoned(s string) Subject {
	r := Run{ID: s, Options: map[string]string{"x" + s: s}, User: s, Host: s, Stopped: s, FinishedAt: began}
	return Subject{
		Version: s, File: s, SHA256: s, Recorded: s, Condition: Changed, Org: s, Engine: s, Account: Account{s, s}, Ticket: s, Steps: []string{s}, Planned: []string{s}, Apply: s,
		Input: Input{File: s, SHA256: s, Column: s}, Consent: Consent{How: s}, Runs: []Run{r},
		Columns: []string{s, s, "name", "login"},
	}
}

func poisonedLine(s string) Line {
	return Line{Row: 1, Cells: []string{s, s, s, s}, Record: table.Record{
		Input: "in" + s, UserID: "id" + s, Login: "login" + s, Status: string(runner.StatusFailed), Reason: s, HTTPStatus: s, ErrorCode: s, Error: s,
		Attempts: s, RequestID: s, StartedAt: s, FinishedAt: s, Factors: s, FactorID: s, FactorStatus: s, RunID: s, Ticket: s,
	}}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("the disk is gone")
	var b bytes.Buffer
	_, err := Write(&b, result(), func(yield func(Line, error) bool) {
		_ = yield(line(1, runner.StatusReset, 0), nil) && yield(Line{}, broken)
	})
	if !errors.Is(err, broken) || b.Len() > 0 {
		t.Errorf("a file that can't be read: %v, %d bytes written", err, b.Len())
	}
	if _, err = Write(&b, result(), all([]Line{line(1, "done", 0)})); err == nil || !strings.Contains(err.Error(), `"done"`) {
		t.Errorf("a status that isn't one: %v", err)
	}
	if _, err = Write(full{}, result(), all(nil)); !errors.Is(err, errFull) {
		t.Errorf("a full disk: %v", err)
	}
}

var errFull = errors.New("no space left")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func FuzzCell(f *testing.F) {
	for _, s := range []string{"", "a", "\u202e", "\xff\xfe", "\uFFFD", "e\u0301\u0301", strings.Repeat("ä", maxCell+1), "a\nb"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := cell(s)
		for _, r := range got {
			if r < ' ' || r == 0x7f || r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
				t.Errorf("cell(%q) = %q", s, got)
			}
		}
		if limit := maxCell*len(`\u{10ffff}`) + 40; len(got) > limit {
			t.Errorf("cell of %d bytes has %d", len(s), len(got))
		}
	})
}

// A page loads nothing and sends nothing, and its policy would forbid both.
func TestPageLoadsNothing(t *testing.T) {
	t.Parallel()
	const evil = `https://evil.example/x.js" src="https://evil.example/`
	for name, s := range map[string]Subject{"result": result(), "plan": plan(), "poisoned": poisoned(evil)} {
		page, _ := write(t, s, []Line{poisonedLine(evil)})
		policy := regexp.MustCompile(`<head>\s*<meta charset="utf-8">\s*<meta http-equiv="Content-Security-Policy" content="([^"]*)">`).FindStringSubmatch(page)
		if policy == nil {
			t.Fatalf("%s: the policy doesn't come first", name)
		}
		rules := html.UnescapeString(policy[1])
		for directive := range strings.SplitSeq(rules, ";") {
			words := strings.Fields(directive)
			for _, source := range words[min(1, len(words)):] {
				if source != "'none'" && source != "data:" && !strings.HasPrefix(source, "'sha256-") {
					t.Errorf("%s: the policy allows %s", name, directive)
				}
			}
		}
		if !strings.HasPrefix(rules, "default-src 'none';") {
			t.Errorf("%s: the policy is %s", name, rules)
		}
		for _, found := range regexp.MustCompile(`(?i)\b(?:src|srcset|href|action|data|ping|poster|formaction)\s*=\s*"([^"]*)"|url\(([^)]*)\)|@import\s+(\S+)`).FindAllStringSubmatch(page, -1) {
			if at := found[1] + found[2] + found[3]; !strings.HasPrefix(at, "#") && at != "data:," {
				t.Errorf("%s: the page has %s", name, found[0])
			}
		}
	}
}
