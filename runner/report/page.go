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
	"slices"
	"strings"
	"time"

	"oktareset/runner"
	"oktareset/runner/access"
	"oktareset/runner/results"
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
	//go:embed page.js
	pageJS string
)

// Mark is the beginning of every page. A file that begins so may be replaced by another page.
const Mark = "<!doctype html>\n<!-- made by oktareset report -->\n"

// pageTemplate is parsed once. It contains no data of a page.
var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{"comma": comma, "count": count, "pieces": pieces}).Parse(pageHTML))

// page is the data of the template. Everything that comes from a file has gone through [cell].
type page struct {
	Policy  string       // Content-Security-Policy
	Style   template.CSS // only ours, as is Script
	Script  template.JS
	Version string

	Plan    bool
	Kind    string // plan or results
	Title   string // of the browser's window
	Before  string // of the headline, before the number
	Number  string
	Claim   string // what the headline says of the number, before and after the org
	Org     string
	After   string
	Alarm   string   // whom to look at before anything else
	Follow  []string // what it means for the people
	Needs   string   // how many need attention
	Left    string   // how many are left alone
	Ticket  string
	File    string
	Notices []notice

	Rows   int
	Counts counts // of the rows, by status
	Need   need   // rows that need attention
	Back   *backPart

	Facts []fact
	Runs  []run
	Early int // runs that aren't shown

	Charts     []chart
	MoreCharts int
	DoneLabel  string
	Others     bool // rows that the page isn't about finished, too
	Gaps       bool // plain ones are drawn
	Proofs     bool // waits for proof are
	Hidden     int  // gaps that no chart can show
	Waited     string

	Recorded bool // factors were listed
	Factors  []factor
	Without  int

	Named     bool   // the input has people's names
	Columns   string // of the input, which AllRows has; "": there are none
	Listed    string // what the factors of a row are; "": there are none
	Skipped   []row  // of a plan
	SkipCount int
	AllRows   []row
	LeftOut   int  // rows that AllRows doesn't have
	About     int  // rows that AllRows is of
	Printed   bool // and to be printed
	Approve   bool // the plan can be approved
	Apply     string
	SHA256    string
}

// counts are how many rows, or users, have which status.
type counts struct {
	Rows     int
	Noun     string // row or user
	Bar      []segment
	Statuses []status
}

// need are rows that somebody has to look after, the worst first.
type need struct {
	Caption  string
	File     string // has them all
	Statuses []status
	Rows     []row
	Total    int
}

// add adds the rows of a status, as far as the page has them.
func (n *need) add(s status, rows []row) {
	s.Shown = len(rows)
	n.Statuses, n.Rows, n.Total = append(n.Statuses, s), append(n.Rows, rows...), n.Total+s.Rows
}

// Write reads all lines, one for each row, and writes the page. It returns the first error of
// lines, or of w. Nothing is written before the lines are read.
func Write(w io.Writer, s Subject, lines iter.Seq2[Line, error]) (Summary, error) {
	t, err := readRows(lines, &s)
	if err != nil {
		return Summary{}, err
	}
	out := bufio.NewWriter(w)
	if _, err := out.WriteString(Mark); err != nil {
		return Summary{}, err
	}
	p := newPage(&s, t)
	if err := pageTemplate.Execute(out, p); err != nil {
		return Summary{}, err
	}
	sum := Summary{Rows: p.Rows, Open: p.Need.Total}
	if p.Back != nil {
		sum.Back, sum.Look, sum.Problem = p.Back.Sum, p.Back.Look, p.Back.Problem
	}
	return sum, out.Flush()
}

// newPage fills in what the page says.
func newPage(s *Subject, t *tally) *page {
	p := &page{
		Policy: policy(), Style: template.CSS(pageCSS), Script: template.JS(pageJS), //nolint:gosec // both are ours, and constant
		Version: cell(s.Version), Plan: s.Plan, Org: cell(s.Org), Ticket: cell(s.Ticket), File: cell(s.File),
		Rows: t.counts.Total(), AllRows: t.rows, SHA256: cell(s.SHA256),
	}
	p.Counts = counts{Rows: p.Rows, Noun: "row", Statuses: statuses(t, s.Plan)}
	p.attention(t)
	p.Back = t.back.part(s)
	p.factors(s, t)
	p.headline(s, t)
	p.Notices = notices(s, t)
	p.Facts, p.Runs = facts(s, t), runs(s.Runs)
	p.Early = len(s.Runs) - len(p.Runs)
	p.all(t)
	if !s.Plan {
		p.Counts.Bar = segments(p.Counts.Statuses, p.Rows)
		p.overTime(s, t)
		return p
	}
	p.Skipped, p.SkipCount = t.open[runner.StatusSkipped], t.counts[runner.StatusSkipped]
	p.Approve = s.Condition == Intact && s.Incomplete == "" && p.About > 0
	p.Apply = command(s.Apply)
	return p
}

// all fills in the rows of the result, or the users whom a plan would reset.
func (p *page) all(t *tally) {
	p.About = p.Rows
	if p.Plan {
		p.About = t.counts[runner.StatusWouldReset]
	}
	p.LeftOut = p.About - len(p.AllRows)
	p.Printed = p.About <= MaxPrinted
	var (
		keep  []int
		names []string
	)
	for i, name := range t.people.header {
		if slices.ContainsFunc(t.rows, func(r row) bool { return i < len(r.Cells) && r.Cells[i] != "" }) {
			keep, names = append(keep, i), append(names, shown(name, maxHeader))
		}
	}
	p.Columns = capital(strings.Join(names, ", "))
	p.Named = slices.ContainsFunc(t.rows, func(r row) bool { return r.Name != "" })
	for i := range t.rows {
		r := &t.rows[i]
		var cells []string
		for _, k := range keep {
			if k < len(r.Cells) {
				cells = append(cells, r.Cells[k])
			}
		}
		r.Cells = cells
	}
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

// headline sums the page up in a few sentences.
func (p *page) headline(s *Subject, t *tally) {
	c := changesOf(s)
	n := t.counts[runner.StatusReset]
	p.Kind, p.Before, p.After, p.DoneLabel = "results", "Result: "+c.object()+" of", c.were(), "reset"
	if s.Plan {
		n = t.counts[runner.StatusWouldReset]
		p.Kind, p.Before, p.After = "plan", "Plan: remove "+c.object()+" of", ""
	}
	if len(c.factors) > 0 {
		p.Listed = "Factors to remove"
	} else if p.Recorded {
		p.Listed = "Factors"
	}
	p.Number, p.Claim = comma(n), "users of"
	if n == 1 {
		p.Claim = "user of"
	}
	p.Title = strings.TrimSpace(strings.Join([]string{p.Before, p.Number, p.Claim, p.Org, p.After}, " "))
	if p.Back != nil && p.Back.Problem == "" {
		p.Alarm, c.later = alarm(p.Back.Look), true
	}
	if n > 0 {
		p.Follow = c.follow()
	}
	if text := access.Schedule(n, s.AnHour, time.Time{}); text != "" {
		p.Follow = append(p.Follow, commas(text)+".")
	}
	p.Needs = needs(p.Need.Total)
	if n := t.counts[runner.StatusSkipped]; n > 0 {
		p.Left = was(n, s.Plan) + " left alone on purpose"
	}
}

// alarm says how many users to look at first, "" for none.
func alarm(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "Look at 1 user first: somebody else may have enrolled for this user."
	}
	return "Look at " + comma(n) + " users first: somebody else may have enrolled for them."
}

// needs returns a text as "12 need attention", "" for none.
func needs(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "1 needs attention"
	}
	return comma(n) + " need attention"
}

// was returns a text as "12 were" or, for a plan, "12 are".
func was(n int, plan bool) string {
	switch {
	case plan && n == 1:
		return "1 is"
	case plan:
		return comma(n) + " are"
	case n == 1:
		return "1 was"
	}
	return comma(n) + " were"
}

// overTime fills in the charts.
func (p *page) overTime(s *Subject, t *tally) {
	var waits []Wait
	for _, r := range s.Runs {
		waits = append(waits, r.Proof...)
	}
	p.Charts, p.MoreCharts = charts(t.time.stretches(), p.DoneLabel, waits)
	for i := range p.Charts {
		c := &p.Charts[i]
		p.Hidden += c.Hidden
		p.Others = p.Others || c.Other != ""
		for _, g := range c.Gaps {
			p.Proofs = p.Proofs || g.Class == classProof
			p.Gaps = p.Gaps || g.Class == classGap
		}
	}
	p.Waited = waitText(s.Runs)
}

// attention fills in the rows that need attention, the worst first.
func (p *page) attention(t *tally) {
	p.Need = need{Caption: "Rows that need attention", File: p.File}
	for _, s := range results.WorstFirst() {
		if i := slices.IndexFunc(p.Counts.Statuses, func(st status) bool { return st.Name == string(s) }); i >= 0 {
			p.Need.add(p.Counts.Statuses[i], t.open[s])
		}
	}
}
