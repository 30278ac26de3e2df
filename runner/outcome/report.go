package outcome

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"oktareset/runner"
	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/results"
)

// Report prints how a run went, for people.
func Report(c *console.Console, s *Summary) {
	for _, line := range summaryLines(s) {
		c.Info("%s", line)
	}
	c.Fail(s.Err)
	for _, line := range s.Next {
		c.Info("%s", line)
	}
}

// ReportJSON prints the same for programs.
func ReportJSON(w io.Writer, s *Summary) error {
	s.Seconds = s.Took.Seconds()
	return console.PrintJSON(w, s)
}

// summaryLines say how a run went, and who needs attention.
func summaryLines(s *Summary) []string {
	if s.Complete {
		return append([]string{fmt.Sprintf("%s is complete: %s", s.ResultsPath, countsText(s))}, attentionLines(s)...)
	}
	text := fmt.Sprintf("%s in %s: %s", console.Plural(s.Rows, "row"), s.Took, countsText(s))
	if s.Empty {
		text = "nobody to reset: the input names nobody (--allow-empty)"
	}
	if s.NotBegun > 0 {
		text += fmt.Sprintf("; the other %s not begun", console.Plural(s.NotBegun, "row"))
	}
	lines := append(append([]string{text}, s.Protected...), attentionLines(s)...)
	if s.Pending > 0 {
		lines = append(lines, console.Plural(s.Pending, "new factor")+" not active yet: the users have to activate them")
	}
	if text := access.TooManyText(s.TooMany, s.AtOnce); text != "" {
		lines = append(lines, text)
	}
	if s.Parted > 0 {
		lines = append(lines, fmt.Sprintf("%s had to wait for a new window after the reset: others had spent the calls that were set aside",
			console.Plural(s.Parted, "user")))
	}
	switch {
	case !s.Finished: // the results couldn't be written
		lines = append(lines, "journal: "+results.JournalPath(s.ResultsPath))
	case s.DryRun:
		if text := access.Schedule(s.Manifest.Counts[runner.StatusWouldReset], s.Manifest.Run().UsersAnHour, time.Time{}); text != "" {
			lines = append(lines, text)
		}
		lines = append(lines, "plan: "+s.ResultsPath)
	default:
		lines = append(lines, "results: "+s.ResultsPath)
	}
	return lines
}

// mostName is how much of a name is printed: what a file has for one can be a page of text.
const mostName = 60

// attentionLines say which rows need attention and why, the worst first.
func attentionLines(s *Summary) []string {
	a := &s.Attention
	if len(a.Cases) == 0 {
		return nil
	}
	lines := []string{"these rows need attention:"}
	if a.More > 0 {
		lines[0] = fmt.Sprintf("%d rows need attention, among them:", len(a.Cases)+a.More)
	}
	for _, c := range a.Cases {
		where := fmt.Sprintf("line %d ", c.Line)
		if s.Manifest.GivenUsers() != "" { // they are in no file
			where = ""
		}
		where = strings.TrimSuffix(where+runner.Cut(c.Who, mostName), " ")
		lines = append(lines, "  "+where+": "+strings.TrimPrefix(c.Text, c.Who+" "))
	}
	if a.More > 0 {
		lines = append(lines, fmt.Sprintf("  and %d more in %s", a.More, s.ResultsPath))
	}
	return lines
}

// countsText is as "20 reset, 3 skipped (2 duplicate, 1 deprovisioned), 1 failed".
func countsText(s *Summary) string {
	var parts []string
	for _, status := range append(slices.Clone(runner.Statuses), runner.StatusTaken) {
		n := s.Counts[status]
		if n == 0 {
			continue
		}
		text := fmt.Sprintf("%d %s", n, status)
		if status == runner.StatusTaken {
			text = fmt.Sprintf("%d in doubt", n)
		}
		if reasons := reasonsOf(s, status); len(reasons) > 0 {
			text += " (" + strings.Join(reasons, ", ") + ")"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

// reasonsOf are as "2 duplicate". Of rows that ended in earlier runs the reasons aren't
// counted: then there are none.
func reasonsOf(s *Summary, status runner.Status) []string {
	total := 0
	var reasons []string
	for reason, n := range s.Reasons[status] {
		total += n
		if n > 0 {
			reasons = append(reasons, fmt.Sprintf("%d %s", n, reason))
		}
	}
	if s.Resumed && total != s.Counts[status] {
		return nil
	}
	slices.Sort(reasons)
	return reasons
}
