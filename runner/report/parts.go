package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"oktareset/runner"
	"oktareset/runner/access"
)

// maxRuns is how many of the last runs a page shows: a job that is restarted every quarter of
// an hour for a night.
const maxRuns = 50

// status is a status with what the page says of it.
type status struct {
	Name    string
	Label   string
	Means   string
	Advice  string
	Command string // for the advice; ""
	Reasons []string
	Rows    int
	Share   string
	Shown   int // rows on the page; only of those that need attention
}

// statuses returns those that rows have, best news first.
func statuses(t *tally, plan bool) []status {
	var all []status
	for _, s := range runner.Statuses {
		n := t.counts[s]
		if n == 0 {
			continue
		}
		st := newStatus(string(s), wordsFor(s, plan), n, t.counts.Total())
		for _, k := range t.reasons[s].sorted() {
			st.Reasons = append(st.Reasons, comma(k.Rows)+": "+reasonText(k.Name))
		}
		all = append(all, st)
	}
	return all
}

func newStatus(name string, w words, n, total int) status {
	return status{Name: name, Label: w.label, Means: w.means, Advice: w.advice, Rows: n, Share: share(n, total)}
}

// segment is a part of the bar, in thousandths.
type segment struct {
	Name string
	X, W string
}

const (
	barWide    = 1000.0
	minSegment = 10.0 // one row of a million is still seen, on a telephone, too
)

// segments divides the bar. Each part has at least minSegment, at the cost of the others.
func segments(all []status, rows int) []segment {
	wide := make([]float64, len(all))
	sum := 0.0
	for i, st := range all {
		wide[i] = max(minSegment, barWide*float64(st.Rows)/float64(rows))
		sum += wide[i]
	}
	x := 0.0
	var out []segment
	for i, st := range all {
		w := wide[i] * barWide / sum
		out = append(out, segment{st.Name, fmt.Sprintf("%.1f", x), fmt.Sprintf("%.1f", w)})
		x += w
	}
	return out
}

// notice stands at the top of the page.
type notice struct {
	Grave bool
	Title string
	Text  []string
	Code  string // a command that follows; "" for none
}

// notices says what a reader has to know before reading on.
func notices(s *Subject, t *tally) []notice {
	var all []notice
	if s.Condition == Changed {
		all = append(all, changed(s, t))
	}
	if s.Plan && s.Condition == Intact && s.Incomplete != "" {
		all = append(all, incomplete(s))
	}
	if s.Sandbox {
		all = append(all, notice{Title: "A rehearsal", Text: []string{"The org was the stand-in, which made up whoever the file names: nobody real was touched."}})
	}
	return all
}

func changed(s *Subject, t *tally) notice {
	n := notice{Grave: true, Title: "This file isn't as the run left it", Text: []string{
		"It was edited, sorted or saved by a spreadsheet since: don't rely on what this page says. Put the original back and make the page again.",
		fmt.Sprintf("SHA-256 of the file: %s. By the manifest it has to be: %s.", cell(s.SHA256), cmp.Or(cell(s.Recorded), "not recorded")),
	}}
	if s.Counted != nil && !maps.Equal(s.Counted, t.counts) {
		n.Text = append(n.Text, fmt.Sprintf("The run had counted %s. The file has %s.", countsText(s.Counted), countsText(t.counts)))
	}
	return n
}

// incomplete says of a plan that nobody can approve it: what isn't known of it would be left out
// without a word.
func incomplete(s *Subject) notice {
	n := notice{Grave: true, Title: "This plan isn't whole", Text: []string{capital(cell(s.Incomplete)) + ". It can't be carried out, and there is nothing to approve yet."}}
	if s.Complete == "" {
		n.Text = append(n.Text, "Make it again, and let the dry run end.")
		return n
	}
	n.Text, n.Code = append(n.Text, "Complete it by this command, then make the page again:"), command(s.Complete)
	return n
}

// countsText is as "20 reset, 3 skipped", in the order of the page.
func countsText(c runner.Counts) string {
	var parts []string
	for _, s := range runner.Statuses {
		if c[s] > 0 {
			parts = append(parts, comma(c[s])+" "+string(s))
		}
	}
	return cmp.Or(list(parts), "no row")
}

// run is a run as the page shows it.
type run struct {
	ID      string
	Options string
	Started string
	Took    string
	By      string
	Work    string
	Waited  []string
	Ended   string
}

// runs returns the last ones.
func runs(all []Run) []run {
	var out []run
	first := max(0, len(all)-maxRuns)
	for i, r := range all[first:] {
		v := run{
			ID: cell(r.ID), Started: moment(r.StartedAt), Took: "no end recorded", Ended: "Broke off",
			By: operator(r), Options: optionsText(r.Options), Work: "not recorded",
		}
		if first+i == len(all)-1 {
			v.Ended = "Still running, or broke off"
		}
		if !r.FinishedAt.IsZero() {
			v.Took = span(r.FinishedAt.Sub(r.StartedAt))
			v.Ended = cmp.Or(capital(cell(r.Stopped)), "Complete")
			v.Work = count(max(r.Requests, r.Attempts), "request")
			v.Waited = waited(r)
			if r.Attempts > 0 {
				v.Work = fmt.Sprintf("%s, %s of them to change somebody", v.Work, comma(r.Attempts))
			}
		}
		out = append(out, v)
	}
	return out
}

// waited says what runs waited for, as "1 min 3 s for a rate limit or an outage".
func waited(runs ...Run) []string {
	held, proof, tooMany, atOnce := time.Duration(0), time.Duration(0), 0, 0
	for _, r := range runs {
		held, tooMany, atOnce = held+seconds(r.SecondsHeld), tooMany+r.TooMany, atOnce+r.AtOnce
		for _, w := range r.Proof {
			proof += w.To.Sub(w.From)
		}
	}
	var all []string
	if held >= time.Second {
		all = append(all, "waited "+span(held)+" for a rate limit or an outage")
	}
	if proof >= time.Second {
		all = append(all, "waited "+span(proof)+" for proof of lost answers")
	}
	if text := access.TooManyText(tooMany, atOnce); text != "" {
		all = append(all, text)
	}
	return all
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// optionsText is as "--limit 5 --ticket INC-7", sorted.
func optionsText(options map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(options)) {
		switch value := options[name]; value {
		case "true":
			parts = append(parts, "--"+name)
		default:
			parts = append(parts, "--"+name+" "+value)
		}
	}
	return cell(strings.Join(parts, " "))
}

// waitText says what the runs waited for that have ended.
func waitText(all []Run) string {
	ended := slices.DeleteFunc(slices.Clone(all), func(r Run) bool { return r.FinishedAt.IsZero() })
	var sentences []string
	for _, part := range waited(ended...) {
		sentences = append(sentences, capital(part)+".")
	}
	return strings.Join(sentences, " ")
}

// factor is a type of factor and how many users have it.
type factor struct {
	Label string
	Name  string // as the API has it
	Rows  int
	Share string
	Wide  string // of its bar, in hundredths
}

// factors fills in the types of factors, if they were listed.
func (p *page) factors(s *Subject, t *tally) {
	p.Recorded = slices.Contains(s.Steps, runner.StepRecordFactors) || len(t.factors) > 0
	if !p.Recorded {
		return
	}
	p.Without = t.without
	users := t.counts[runner.StatusReset] + t.counts[runner.StatusWouldReset]
	for _, k := range t.factors.sorted() {
		wide := fmt.Sprintf("%.1f", max(0.5, 100*float64(k.Rows)/float64(users)))
		p.Factors = append(p.Factors, factor{capital(plainFactor(k.Name)), k.Name, k.Rows, share(k.Rows, users), wide})
	}
}
