package job

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"oktareset/runner"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/ledger"
	"oktareset/runner/results"
	"oktareset/runner/steps"
)

// tally counts what the summary tells beyond the statuses. It is used by one goroutine at a time.
type tally struct {
	reasons  map[runner.Status]map[runner.Reason]int
	open     map[int]openRow
	finished int // rows that ended in this run
	failed   int // of these, those that count for --halt
}

// openRow is what was counted for a row that may yet end otherwise.
type openRow struct {
	status runner.Status
	reason runner.Reason
	ours   bool // it was this run that left it open
}

// settle takes in a result. It reports whether the row was open before and this result replaces that.
func (t *tally) settle(res runner.Result) bool {
	before, again := t.open[res.Row.N]
	if again {
		delete(t.open, res.Row.N)
		t.reasons[before.status][before.reason]--
	}
	if before.ours {
		t.finished--
		t.failed--
	}
	t.finished++
	if failure(res.Status) {
		t.failed++
	}
	t.note(res, true)
	return again
}

// change takes in that an open row is open for another reason: it counts as it did.
func (t *tally) change(res runner.Result) {
	before, again := t.open[res.Row.N]
	if again {
		t.reasons[before.status][before.reason]--
	}
	t.note(res, before.ours)
}

// carry takes in a row that an earlier run left open: it isn't this run's failure.
func (t *tally) carry(res runner.Result) { t.note(res, false) }

func (t *tally) note(res runner.Result, ours bool) {
	if t.reasons == nil {
		t.reasons, t.open = make(map[runner.Status]map[runner.Reason]int), make(map[int]openRow)
	}
	if res.Status.Open() {
		t.open[res.Row.N] = openRow{res.Status, res.Reason, ours}
	}
	if res.Reason == "" {
		return
	}
	if t.reasons[res.Status] == nil {
		t.reasons[res.Status] = make(map[runner.Reason]int)
	}
	t.reasons[res.Status][res.Reason]++
}

// total is how many rows of a status have a reason.
func (t *tally) total(s runner.Status) int {
	n := 0
	for _, k := range t.reasons[s] {
		n += k
	}
	return n
}

// summarize tells how the run went, once, and returns the error that becomes the exit code.
func (r *resetRun) summarize(stopped error, counts runner.Counts, finish error) error {
	r.outcome.Counts = counts
	var err error
	var unwritten *ledger.WriteError
	switch {
	case finish != nil && (stopped == nil || errors.As(stopped, &unwritten)): // what stopped the run is a part of finish
		err = fault.WithCode(fault.ExitBrokeOff, finish)
	case finish != nil:
		err = fault.WithCode(fault.ExitBrokeOff, fault.Also(stopped, finish))
	case stopped != nil:
		err = r.explainStop(stopped)
	case len(r.behind) > 0:
		err = r.behindError(counts)
	case !counts.OK():
		err = fault.WithCode(fault.ExitRows, fault.ErrRows)
	}
	took := time.Since(r.began).Round(100 * time.Millisecond)
	text := fmt.Sprintf("%s in %s: %s", console.Plural(counts.Total(), "row"), took, r.countsText(counts))
	if r.survey.Rows == 0 {
		text = "nobody to reset: the input names nobody (--allow-empty)"
	}
	if open := r.survey.Rows - counts.Total(); finish != nil && open > 0 {
		text += fmt.Sprintf("; the other %s not begun", console.Plural(open, "row"))
	}
	r.Console.Info("%s", text)
	r.tellProtected()
	if stats := r.client.Stats(); stats.TooMany > 0 {
		r.Console.Info("Okta answered 429 (too many requests) %s", console.Plural(stats.TooMany, "time"))
	}
	if n := r.client.Stats().Parted; n > 0 {
		r.Console.Info("%s had to wait for a new window after the reset: others had spent the calls that were set aside", console.Plural(n, "user"))
	}
	r.Console.Info("%s: %s", r.resultsName(), r.paths.results)
	for _, line := range r.nextSteps(counts) {
		r.Console.Info("%s", line)
	}
	if r.opts.JSON {
		if jsonErr := r.printJSON(counts, took, err); jsonErr != nil {
			return fault.WithCode(max(fault.ExitRows, fault.Code(err)), fmt.Errorf("print the summary: %w", jsonErr))
		}
	}
	if finish == nil && errors.Is(err, steps.ErrLimit) {
		r.outcome.Limited = r.limitText()
		return fault.WithCode(fault.ExitStopped, fault.ErrRows) // it was asked for, and the summary says it
	}
	return err
}

func (r *resetRun) resultsName() string {
	if r.opts.DryRun {
		return "plan"
	}
	return "results"
}

// countsText is as "20 reset, 3 skipped (2 duplicate, 1 deprovisioned), 1 failed".
func (r *resetRun) countsText(counts runner.Counts) string {
	var parts []string
	for _, s := range append(slices.Clone(runner.Statuses), runner.StatusTaken) {
		n := counts[s]
		if n == 0 {
			continue
		}
		text := fmt.Sprintf("%d %s", n, s)
		if s == runner.StatusTaken {
			text = fmt.Sprintf("%d in doubt", n)
		}
		var reasons []string
		for reason, k := range r.tally.reasons[s] {
			if k > 0 && (!r.resumed || r.tally.total(s) == n) { // of earlier runs' rows the reasons aren't counted
				reasons = append(reasons, fmt.Sprintf("%d %s", k, reason))
			}
		}
		if slices.Sort(reasons); len(reasons) > 0 {
			text += " (" + strings.Join(reasons, ", ") + ")"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

// nextSteps says what a person would do now.
func (r *resetRun) nextSteps(counts runner.Counts) []string {
	var next []string
	if counts[runner.StatusForbidden] > 0 {
		next = append(next, "forbidden: these credentials may not reset those users; an admin's factors take a super admin's token")
	}
	if counts[runner.StatusPartial] > 0 && r.opts.What.Enroll.Type != "" {
		next = append(next, "partial: the error says why; what Okta keeps refusing is done by hand: oktareset factors enroll USER "+
			console.ShellQuote(r.opts.What.Enroll.String()))
	}
	switch n := counts[runner.StatusUnknown]; {
	case r.opts.Sandbox || r.opts.DryRun:
	case n > 0:
		next = append(next, r.unknownTexts(n)...)
		next = append(next,
			"to look for proof again, and go on: "+r.resumeCommand(),
			"to reset them again, after looking at them by hand: "+r.resumeCommand("--retry", "unknown"))
	case counts[runner.StatusNotAttempted] > 0, counts[runner.StatusPartial] > 0, counts.Total() < r.survey.Rows:
		next = append(next, "to go on: "+r.resumeCommand())
	case counts[runner.StatusFailed]+counts[runner.StatusForbidden] > 0:
		next = append(next, "to try those again that failed: "+r.retryCommand("failed,forbidden"))
	}
	switch {
	case r.opts.DryRun:
		next = append(next, r.confirmLines()...)
	case r.opts.Sandbox:
		next = append(next, r.rehearsalLine())
	}
	return next
}

// unknownTexts say what is known of n rows in doubt. That nothing proves anything is said of those
// only that somebody has looked at.
func (r *resetRun) unknownTexts(n int) (texts []string) {
	part := r.tally.reasons[runner.StatusUnknown][runner.ReasonIncomplete]
	if part > 0 {
		texts = append(texts, fmt.Sprintf("%d incomplete: Okta did a part of the reset; the column error of the results names what is left", part))
	}
	if n -= part; n <= 0 {
		return texts
	}
	text := "and nothing proves so far whether the reset was done"
	switch {
	case r.unseen > 0:
		text = "and the run ended before it could look whether the reset was done"
	case r.prover.Blind():
		text = "and the System Log, which could prove the reset, can't be read"
	}
	return append(texts, fmt.Sprintf("%d unknown: sent, but the answer was lost, %s", n, text))
}

// rehearsalLine says what was done to whom, and what comes next. A plan of the stand-in org is none
// of another.
func (r *resetRun) rehearsalLine() string {
	text := "this was the stand-in org: it made up whomever the file names, and nobody real was touched"
	if r.input.Plan() {
		return text
	}
	return text + ". For your own: set OKTA_CLIENT_ORGURL and OKTA_CLIENT_TOKEN, then " +
		r.command(nil, append(r.given("column", "delimiter", "no-header"), "--dry-run"), r.inputArgs())
}

// confirmLines are the commands that do what a dry run has shown, or the one that completes it: a
// part of a plan is none.
func (r *resetRun) confirmLines() []string {
	m := r.book.Manifest()
	why, goOn := results.NotPlanned(&m, r.paths.results)
	command := results.PlanCommand(&m, r.paths.results)
	switch {
	case goOn != "":
		return []string{"the plan isn't whole: " + why, "to complete it: " + goOn}
	case why != "":
		return []string{"the plan isn't whole: " + why + "; make it again"}
	case command == "":
		return nil
	case r.opts.Sandbox:
		return []string{"this was the stand-in org, which made up whomever the file names", "to rehearse the reset of exactly those: " + command}
	case r.input.Plan(), r.recalled: // no name is known of all of the input
		return []string{"to reset exactly those: " + command}
	}
	all := slices.Concat(r.given("column", "delimiter", "no-header", "org-url", "token-file"), results.RecordedTicket(&m),
		[]string{"--confirm", fmt.Sprintf("%s:%d", r.client.Org().Host(), r.survey.Distinct)})
	return []string{"to reset exactly those: " + command, "to reset all of the input: " + r.command(nil, all, r.inputArgs())}
}

// summary is what --json prints: the manifest as it stands in its file, and what this run adds to it.
type summary struct {
	RunID        string `json:"run_id"`
	ResultsPath  string `json:"results"`
	ManifestPath string `json:"manifest"`
	results.Manifest
	Rows     int                                     `json:"rows"`
	Before   []string                                `json:"before,omitempty"` // results of earlier dates that were gone on with first
	Reasons  map[runner.Status]map[runner.Reason]int `json:"reasons,omitempty"`
	Seconds  float64                                 `json:"seconds"`
	Requests int                                     `json:"requests"`
	TooMany  int                                     `json:"too_many_requests"`
	Held     float64                                 `json:"seconds_held"`
	Stopped  string                                  `json:"stopped,omitempty"` // why the run ended early
	ExitCode int                                     `json:"exit_code"`
}

func (r *resetRun) printJSON(counts runner.Counts, took time.Duration, err error) error {
	stats := r.client.Stats()
	s := &summary{
		RunID: r.id, ResultsPath: r.paths.results, ManifestPath: results.ManifestPath(r.paths.results), Manifest: r.book.Manifest(),
		Rows: counts.Total(), Before: r.outcome.Before, Reasons: r.tally.reasons, Seconds: took.Seconds(),
		Requests: stats.Requests, TooMany: stats.TooMany, Held: stats.Held.Seconds(), ExitCode: max(fault.Code(r.before), fault.Code(err)), // as worse
	}
	if err != nil && !errors.Is(err, fault.ErrRows) {
		s.Stopped = err.Error()
	}
	return r.printSummary(s)
}

func (r *resetRun) printSummary(s *summary) error {
	enc := json.NewEncoder(console.Printer(r.Stdout))
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(s)
}
