package report

import (
	"bufio"
	"crypto/sha256"
	_ "embed" // the page's template, styles and script
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"iter"
	"strings"

	"oktareset/runner"
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
	//go:embed page.js
	pageJS string
)

// Mark is what every page begins with: what begins so may be replaced by another page.
const Mark = "<!doctype html>\n<!-- made by oktareset report -->\n"

// pageTemplate is parsed once; it holds nothing of any page.
var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{"comma": comma, "count": count, "pieces": pieces}).Parse(pageHTML))

// page is what the template is filled with. Everything that comes from a file has gone through
// [cell].
type page struct {
	Policy  string       // Content-Security-Policy
	Style   template.CSS // ours alone, as Script
	Script  template.JS
	Version string

	Plan    bool
	Kind    string // plan or results
	Kicker  string
	Title   string // of the browser's window
	Lead    string
	Number  string // of the headline
	Claim   string // what the headline says of the number, before and after the org
	Org     string
	Done    string // claim's end
	Ticket  string
	File    string
	Notices []notice

	Bar      []segment
	Statuses []status
	Rows     int

	Facts []fact
	Runs  []run
	Early int // runs that aren't shown

	Charts     []chart
	MoreCharts int
	DoneLabel  string
	Others     bool // rows that the page isn't about finished, too
	Hidden     int  // gaps that no chart can show
	Held       string

	Recorded bool // factors were listed
	Factors  []factor
	Without  int

	Open      []status // statuses that need attention
	OpenRows  []row
	OpenCount int
	OpenCut   bool
	AllRows   []row
	LeftOut   int  // rows that AllRows doesn't have
	Approve   bool // the plan can be approved
	Planned   string
	Apply     string
	SHA256    string
}

// Write reads all lines, one for each row, and writes the page. It returns the first error of
// lines, or of w. Nothing is written before the lines are read.
func Write(w io.Writer, s Subject, lines iter.Seq2[Line, error]) (Summary, error) {
	t, err := readRows(lines, s.Plan)
	if err != nil {
		return Summary{}, err
	}
	out := bufio.NewWriter(w)
	if _, err := out.WriteString(Mark); err != nil {
		return Summary{}, err
	}
	if err := pageTemplate.Execute(out, newPage(&s, t)); err != nil {
		return Summary{}, err
	}
	return Summary{Rows: t.counts.Total(), Open: t.openRows()}, out.Flush()
}

// newPage says what the page says.
func newPage(s *Subject, t *tally) *page {
	p := &page{
		Policy: policy(), Style: template.CSS(pageCSS), Script: template.JS(pageJS), //nolint:gosec // both are ours, and constant
		Version: cell(s.Version), Plan: s.Plan, Org: cell(s.Org), Ticket: cell(s.Ticket), File: cell(s.File),
		Rows: t.counts.Total(), OpenCount: t.openRows(), AllRows: t.rows, SHA256: cell(s.SHA256),
	}
	p.LeftOut = p.Rows - len(p.AllRows)
	p.headline(s, t)
	p.Notices = notices(s, t)
	p.Statuses = statuses(t, s.Plan)
	p.Bar = segments(p.Statuses, p.Rows)
	p.Facts, p.Runs = facts(s, t), runs(s.Runs)
	p.Early = len(s.Runs) - len(p.Runs)
	p.overTime(s, t)
	p.factors(s, t)
	p.people(t)
	if s.Plan && s.Condition == Intact && s.Incomplete == "" && t.counts[runner.StatusWouldReset] > 0 {
		p.Approve, p.Planned, p.Apply = true, plannedText(s), command(s.Apply)
	}
	return p
}

// policy lets the page's own style and script run and nothing else, and forbids every request.
func policy() string {
	return fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; img-src data:; base-uri 'none'; form-action 'none'",
		hash(pageCSS), hash(pageJS))
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// headline says the page in two sentences.
func (p *page) headline(s *Subject, t *tally) {
	n := t.counts[runner.StatusReset]
	p.Kind, p.Kicker, p.Done, p.DoneLabel = "results", "Result", "were reset", "reset"
	if n == 1 {
		p.Done = "was reset"
	}
	if s.Plan {
		n = t.counts[runner.StatusWouldReset]
		p.Kind, p.Kicker, p.Done, p.DoneLabel = "plan", "Plan", "would be reset", "would be reset"
	}
	if s.Sandbox {
		p.Kicker += " of a rehearsal"
	}
	p.Number, p.Claim = comma(n), "users of"
	if n == 1 {
		p.Claim = "user of"
	}
	p.Title = strings.Join([]string{p.Number, p.Claim, p.Org, p.Done}, " ")
	p.Lead = fmt.Sprintf("Of %s, %s.", count(p.Rows, "row"), needs(p.OpenCount))
	if n := t.counts[runner.StatusSkipped]; n > 0 {
		p.Lead += fmt.Sprintf(" %s left alone on purpose.", capital(was(n, s.Plan)))
	}
}

// needs is as "12 need attention".
func needs(n int) string {
	switch n {
	case 0:
		return "none needs attention"
	case 1:
		return "one needs attention"
	}
	return comma(n) + " need attention"
}

// was is as "12 were" or, of a plan, "12 would be".
func was(n int, plan bool) string {
	switch {
	case plan:
		return comma(n) + " would be"
	case n == 1:
		return "1 was"
	}
	return comma(n) + " were"
}

// overTime fills in the charts.
func (p *page) overTime(s *Subject, t *tally) {
	p.Charts, p.MoreCharts = charts(t.time.stretches(), p.DoneLabel)
	for i := range p.Charts {
		p.Hidden += p.Charts[i].Hidden
		p.Others = p.Others || p.Charts[i].Other != ""
	}
	p.Held = heldText(s.Runs)
}

// people fills in the rows that need attention.
func (p *page) people(t *tally) {
	for _, st := range p.Statuses {
		if st.Advice == "" {
			continue
		}
		rows := t.open[runner.Status(st.Name)]
		st.Shown = len(rows)
		p.OpenCut = p.OpenCut || st.Shown < st.Rows
		p.Open = append(p.Open, st)
		p.OpenRows = append(p.OpenRows, rows...)
	}
	byNumber(p.OpenRows)
}
