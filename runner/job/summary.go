package job

import (
	"errors"
	"fmt"
	"time"

	"oktareset/runner"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/ledger"
	"oktareset/runner/outcome"
	"oktareset/runner/results"
	"oktareset/runner/steps"
)

// summarize reports how the run went, once, and returns the error for the exit code.
func (b *book) summarize(e ended, counts runner.Counts, finish error) error {
	b.outcome.Counts = counts
	err := b.end(e.stopped, counts, finish)
	e.stopsJob = b.whole != "" && err != nil && !fault.OnlyRows(err)
	if e.stopsJob && b.rest != "" {
		err = fmt.Errorf("%w; %s", err, b.rest)
	}
	stats := b.client.Stats()
	s := &outcome.Summary{
		RunID: b.id, ResultsPath: b.paths.results, ManifestPath: results.ManifestPath(b.paths.results), Manifest: b.ledger.Manifest(),
		Rows: counts.Total(), Reasons: b.tally.Reasons, Took: time.Since(b.began).Round(100 * time.Millisecond),
		Requests: stats.Requests, TooMany: stats.TooMany, AtOnce: stats.AtOnce, Held: stats.Held.Seconds(),
		Counts: counts, Resumed: b.resumed, Parted: stats.Parted, Empty: b.survey.Rows == 0, Next: b.nextSteps(counts, e),
	}
	if b.opts.DryRun {
		s.Protected = b.protect.Texts()
	}
	if finish == nil { // otherwise no file has the rows yet
		s.Attention, s.Pending = b.notices.Attention(counts), b.notices.Pending()
	} else {
		s.NotBegun = max(0, b.survey.Rows-counts.Total())
	}
	if err != nil && !fault.OnlyRows(err) {
		s.Stopped, s.Err = err.Error(), err
	}
	asked := finish == nil && errors.Is(err, steps.ErrLimit)
	if asked { // the line of the counts says it
		s.Err = nil
	}
	b.report(s)
	if asked {
		b.outcome.Limited = b.limitText()
		return fault.WithCode(fault.ExitStopped, fault.ErrRows)
	}
	b.advise(err, b.paths.results)
	return fault.Told(err)
}

// report prints how a run went.
func (r *run) report(s *outcome.Summary) {
	r.last = s
	outcome.Report(r.Console, s)
}

// advise says how to see the rows that need attention, if --quiet hides them and their number is
// all that went wrong.
func (r *run) advise(err error, path string) {
	if r.Console.Opts.Quiet && fault.OnlyRows(err) && fault.Code(err) == fault.ExitRows {
		r.Console.Advise("to see the rows that need attention: " + results.ReportCommand(path))
	}
}

// end returns the error for the exit code.
func (b *book) end(stopped error, counts runner.Counts, finish error) error {
	var unwritten *ledger.WriteError
	switch {
	// finish includes what stopped the run
	case finish != nil && (stopped == nil || errors.As(stopped, &unwritten)):
		return fault.WithCode(fault.ExitBrokeOff, finish)
	case finish != nil:
		return fault.WithCode(fault.ExitBrokeOff, fault.Also(stopped, finish))
	case stopped != nil:
		if sig, ok := errors.AsType[fault.Signal](stopped); ok {
			return fault.Stopped(sig)
		}
		if known := fault.Of(b.client, stopped, fault.During, "reset factors"); known != nil {
			return known
		}
		return fault.Stopped(stopped)
	case !counts.OK():
		return fault.WithCode(fault.ExitRows, fault.ErrRows)
	}
	return nil
}

// nextSteps says what a person would do now. The next command is the last one.
func (b *book) nextSteps(counts runner.Counts, e ended) []string {
	const replace = "Okta may keep another phone number of those whom it refused to enroll; --update-phone replaces it"
	planned := b.ledger.Manifest().Plan != nil // its steps are the plan's, for good
	other := e.otherPhone && counts[runner.StatusPartial] > 0 && !planned
	var next []string
	if counts[runner.StatusForbidden] > 0 {
		next = append(next, "forbidden: these credentials may not reset those users; only a super admin's token can reset a super admin")
	}
	switch {
	case other && b.opts.Sandbox:
		next = append(next, replace)
	case counts[runner.StatusPartial] > 0 && b.opts.What.Enroll.Type != "" && !other:
		byHand := "to enroll by hand what Okta keeps refusing: " + b.opts.Org.Factors("enroll", "USER", b.opts.What.Enroll.String())
		if e.otherPhone {
			byHand += " --update-phone"
		}
		next = append(next, byHand)
	}
	switch {
	case b.opts.DryRun:
		return append(next, b.planned()...)
	case b.opts.Sandbox:
		return append(next, b.rehearsed()...)
	}
	goOn := b.goOnCommand("--resume")
	if e.stopsJob {
		goOn = b.whole
		if b.rest != "" {
			next = append(next, b.rest)
		}
	}
	if n := counts[runner.StatusUnknown]; n > 0 {
		next = append(next, b.unknownTexts(n, e)...)
		if e.unseen == 0 && !b.unfinished(counts) {
			next = append(next, "if a resume finds no proof, look at these users by hand, then reset them again: "+b.goOnCommand("--resume", "--retry", "unknown"))
		}
		return append(next, "to look for proof, and continue: "+goOn)
	}
	if other {
		return append(next, replace, "to continue: "+b.goOnCommand("--resume", "--update-phone"))
	}
	if e.stopsJob || b.unfinished(counts) {
		return append(next, "to continue: "+goOn)
	}
	if counts[runner.StatusFailed]+counts[runner.StatusForbidden] > 0 {
		next = append(next, "to try the failed ones again: "+b.goOnCommand("--resume", "--retry", "failed,forbidden"))
	}
	if m := b.ledger.Manifest(); counts[runner.StatusReset] > 0 {
		next = append(next, "to see who is back in: "+results.AfterCommand(&m, b.paths.results))
		next = append(next, "to compare the results with Okta's System Log: "+results.AuditCommand(&m, b.paths.results))
	}
	return next
}

// unfinished reports whether a resume has something to do.
func (b *book) unfinished(counts runner.Counts) bool {
	return !b.ledger.Manifest().Finished || counts[runner.StatusNotAttempted] > 0 || counts[runner.StatusPartial] > 0 || counts.Total() < b.survey.Rows
}

// unknownTexts say what is known about n rows in doubt. They say that nothing proves anything
// only if the run has looked.
func (b *book) unknownTexts(n int, e ended) (texts []string) {
	part := b.tally.Reasons[runner.StatusUnknown][runner.ReasonIncomplete]
	if part > 0 {
		texts = append(texts, fmt.Sprintf("%d incomplete: Okta did a part of the reset; the column error of the results names what is left", part))
	}
	if n -= part; n <= 0 {
		return texts
	}
	text := "and nothing proves so far whether the reset was done"
	switch {
	case e.unseen > 0:
		text = "and the run ended before it could check whether the reset was done"
	case e.blind:
		text = "and the System Log, which could prove the reset, can't be read"
	}
	return append(texts, fmt.Sprintf("%d unknown: sent, but the answer was lost, %s", n, text))
}

// rehearsed says that the stand-in was reset, and what to do next. A plan of the stand-in org is
// of no use in another.
func (b *book) rehearsed() []string {
	lines := []string{"this was the stand-in org: it made up whoever the file names, and nobody real was touched"}
	if b.file.Plan() {
		return lines
	}
	m := b.ledger.Manifest()
	return append(lines, "for your own org, set OKTA_CLIENT_ORGURL and OKTA_CLIENT_TOKEN, and look first: "+results.DryRunCommand(&m, b.inputArgs()))
}

// planned returns the commands that follow a dry run: the one that completes the plan, because an
// incomplete plan can't be run; otherwise those that show it and do it. On a terminal the latter
// asks.
func (b *book) planned() []string {
	m := b.remedied()
	why, goOn := results.NotPlanned(&m, b.paths.results)
	var inUse, output []string
	usual := results.Beside(b.paths.results, false, false)
	free := results.Free(usual)
	if free != usual && !b.opts.Sandbox { // rehearsals replace each other
		w := b.wanted()
		w.Path, w.DryRun = usual, false
		what, _ := w.InTheWay()
		inUse = []string{fmt.Sprintf("%s: %s; whoever is in both is reset a second time", usual, what)}
		output = append(output, console.ShellFlag("--output", results.PlainPattern(free)))
	}
	plan := results.PlanCommand(&m, b.paths.results, output...)
	if b.asks() {
		plan = results.AskingPlanCommand(&m, b.paths.results, output...)
	}
	switch {
	case goOn != "":
		return []string{"the plan isn't complete: " + why, "to complete it: " + goOn}
	case why != "":
		return []string{"the plan isn't complete: " + why + "; make it again"}
	case plan == "":
		return nil
	}
	next := []string{"to see it as a page: " + results.ReportCommand(b.paths.results)}
	if b.opts.Sandbox {
		return append(next, "this was the stand-in org, which made up whoever the file names", "to rehearse this plan: "+plan)
	}
	return append(append(next, inUse...), "to run this plan: "+plan)
}

// asks reports whether a person reads the messages and can be asked.
func (r *run) asks() bool { return r.Terminal && !r.Console.Opts.JSON }
