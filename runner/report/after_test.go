package report

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"oktareset/runner"
	"oktareset/runner/results"
	"oktareset/runner/table"
)

// listed returns a list of who is back, which ends with an error unless that is nil.
func listed(err error, lines ...results.AfterLine) *After {
	return &After{File: "users.after.csv", Command: "oktareset after users.results.csv", Remind: "oktareset notify --remind users.after.csv users.results.csv --from ADDRESS --contact TEXT", Again: "oktareset reset --user LOGIN --clear-sessions -o FILE", Lines: func(yield func(results.AfterLine, error) bool) {
		for _, l := range lines {
			if !yield(l, nil) {
				return
			}
		}
		if err != nil {
			yield(results.AfterLine{}, err)
		}
	}}
}

// afterLines returns five rows that were reset, and what became of four of them; one was skipped.
func afterLines() ([]Line, []results.AfterLine) {
	lines := []Line{line(1, runner.StatusReset, 0), everyStatus()[1], line(3, runner.StatusReset, 1), line(4, runner.StatusReset, 2), line(5, runner.StatusUnknown, 3), line(6, runner.StatusReset, 4)}
	asOf := began.Add(time.Hour)
	list := []results.AfterLine{
		{Row: 1, Status: results.AfterBack, Factor: "push:OKTA", At: began.Add(time.Minute), Detail: results.AfterByList},
		{
			Row: 3, Status: results.AfterLookAt, Reasons: []results.AfterReason{results.ByAnother, results.NewCountry}, Factor: "push:OKTA sms:OKTA", At: began.Add(2 * time.Minute),
			From: results.Place{IP: "203.0.113.66", Country: "Singapore"}, Detail: "enrolled by <mallory>\u202e",
		},
		{Row: 4, Status: results.AfterNotYet},
		{Row: 5, Status: results.AfterUnknown, Detail: "nothing proves it"},
		{Row: 6, Status: results.AfterNotYet},
	}
	for i := range lines {
		lines[i].Record.Factors = "push:OKTA"
	}
	for i := range list {
		list[i].UserID, list[i].AsOf = lines[list[i].Row-1].Record.UserID, asOf
	}
	return lines, list
}

// The page says who is back as the list has it, by name and the worst first.
func TestBack(t *testing.T) {
	t.Parallel()
	lines, list := afterLines()
	lines[2].Record.Input, lines[2].Record.Login = lines[2].Record.UserID, ""
	list[1].Login = "ben@acme.com" // only the log has it
	s := result()
	s.After = listed(nil, list...)
	page, sum := write(t, s, lines)
	_, section, _ := strings.Cut(page, `aria-labelledby="back"`)
	section, _, _ = strings.Cut(section, "</section>")
	for _, want := range []string{
		"As of 2026-03-04 11:22:31 UTC. The list of them all is users.after.csv.", "5 users by status", "Back back", "1: by the list of factors, which says nothing",
		"Look at these look_at", "1: somebody else enrolled the factor", "1: from a country that is new for the user",
		"Users to look after, 4 of 4", "Call them on a number that you know. If it wasn't them, reset them again: oktareset reset --user LOGIN --clear-sessions -o FILE", "Remind them: oktareset notify --remind users.after.csv users.results.csv --from ADDRESS --contact TEXT",
		"3ben@acme.com", `enrolled by <mallory>\u{202e}Okta Verify push, text message, 2026-03-04 10:24:31 UTC, from 203.0.113.66 (Singapore)`,
		"4user4@acme.com", "Not knownnothing proves it",
	} {
		if !strings.Contains(plainText(section), want) {
			t.Errorf("it doesn't say %q: %s", want, plainText(section))
		}
	}
	if strings.Contains(section, "user1@") {
		t.Error("it names who is back and has nothing unusual")
	}
	const text = "1 is back, 1 is back and needs a look, 2 aren't back yet and 1 isn't known to be back"
	if sum.Back != text || sum.Problem != "" || !strings.Contains(plainText(page), " on purpose. Of those who were reset, "+text+".") {
		t.Errorf("summary %+v, want %s", sum, text)
	}
	head, _, _ := strings.Cut(body(t, page), "</header>")
	if head = plainText(head); sum.Look != 1 || !strings.Contains(head, "Look at 1 user first: somebody else may have enrolled for this user.") {
		t.Errorf("the head of the page doesn't say whom to look at, or the summary %+v: %s", sum, head)
	}
	if strings.Contains(head, "none needs attention") || strings.Contains(head, "no second factor") || strings.Contains(page, "<p>None.</p>") {
		t.Errorf("it plays the alarm down: %s", head)
	}
	if look, not := strings.Index(section, "ben@acme.com"), strings.Index(section, "user4@"); look > not {
		t.Error("who isn't back stands above whom to look at")
	}
	s.After = listed(nil, list[:2]...) // every row is settled
	if page, _ = write(t, s, lines[:3]); strings.Contains(page, "none needs attention") || strings.Contains(page, "<p>None.</p>") || strings.Contains(page, `href="#attention"`) {
		t.Errorf("somebody is to be looked at, and it says that nobody is: %s", plainText(body(t, page)))
	}
	s.After = listed(nil)
	lines[0].Record.Factors = "" // and it had none
	if page, _ = write(t, s, lines[:2]); !strings.Contains(page, "<p>Nobody has to come back.</p>") {
		t.Error("nobody was reset, and it doesn't say that nobody has to come back")
	}
}

// A list that doesn't belong to the results, or that can't be read, isn't shown in part.
func TestBackOfOthers(t *testing.T) {
	t.Parallel()
	const (
		others = "users.after.csv doesn't fit these results: it doesn't have the same users."
		stale  = "users.after.csv is older than these results: a run has changed a row since."
	)
	for name, c := range map[string]struct {
		change  func([]results.AfterLine) []results.AfterLine
		err     error
		problem string
	}{
		"somebody is missing":       {change: func(l []results.AfterLine) []results.AfterLine { return slices.Delete(l, 2, 3) }, problem: others},
		"the last one is missing":   {change: func(l []results.AfterLine) []results.AfterLine { return l[:4] }, problem: others},
		"there is nobody":           {change: func([]results.AfterLine) []results.AfterLine { return nil }, problem: others},
		"one more":                  {change: func(l []results.AfterLine) []results.AfterLine { return append(l, results.AfterLine{Row: 7}) }, problem: others},
		"of somebody who was left":  {change: func(l []results.AfterLine) []results.AfterLine { return slices.Insert(l, 1, results.AfterLine{Row: 2}) }, problem: others},
		"of another user":           {change: func(l []results.AfterLine) []results.AfterLine { l[0].UserID = "00uother"; return l }, problem: others},
		"in another order":          {change: func(l []results.AfterLine) []results.AfterLine { slices.Reverse(l); return l }, problem: others},
		"one was reset since":       {change: func(l []results.AfterLine) []results.AfterLine { l[2].AsOf = began.Add(-time.Hour); return l }, problem: stale},
		"changed, or of other runs": {err: table.ErrChanged, problem: "users.after.csv isn't the list that oktareset after wrote about these results, or somebody has changed it."},
		"unreadable":                {err: errors.New("no <right> to read it"), problem: "users.after.csv can't be read: no <right> to read it."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines, list := afterLines()
			if c.change != nil {
				list = c.change(list)
			}
			s := result()
			s.After = listed(c.err, list...)
			page, sum := write(t, s, lines)
			text := plainText(page)
			if sum.Problem != c.problem || sum.Back != "" || !strings.Contains(text, c.problem+" So this page doesn't say who is back. Ask again, then make the page again:\noktareset after users.results.csv\n") {
				t.Errorf("problem %q, want %q", sum.Problem, c.problem)
			}
			if strings.Contains(text, "need a look") || strings.Contains(text, "Users to look after") {
				t.Error("it shows the list all the same")
			}
		})
	}
}

// A page shows the first users of each status, and says how many there are.
func TestBackOfMany(t *testing.T) {
	t.Parallel()
	var (
		lines []Line
		list  []results.AfterLine
	)
	for n := range MaxOpen + 1 {
		lines = append(lines, line(n+1, runner.StatusReset, 0))
		lines[n].Record.Factors = "push:OKTA"
		list = append(list, results.AfterLine{Row: n + 1, UserID: lines[n].Record.UserID, Status: results.AfterNotYet, AsOf: began.Add(time.Hour)})
	}
	s := result()
	s.After = listed(nil, list...)
	page, _ := write(t, s, lines)
	if text := plainText(page); !strings.Contains(text, "Users to look after, 1,000 of 1,001") || !strings.Contains(text, "The first 1,000 of 1,001 are on this page; the file users.after.csv has them all.") {
		t.Error("the page doesn't say how many it leaves out")
	}
}
