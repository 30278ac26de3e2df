package job

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/ledger"
	"oktareset/runner/results"
	"oktareset/runner/roster"
)

// openInput surveys the input, and says what it found. What the command line names is copied while
// it is surveyed. If it names nothing, the copy of the run that is gone on with is the input.
func (r *resetRun) openInput(ctx context.Context) error {
	var err error
	if r.earlier, err = r.readEarlier(); err != nil {
		return err
	}
	if r.input, err = r.source(); err != nil || r.input == nil {
		return err
	}
	if r.survey, err = r.input.Survey(ctx); err != nil {
		return err
	}
	r.readPlan()
	f := r.input
	r.seen.Expect(r.survey.Distinct, f.Repeats())
	r.limitMemory()
	for _, w := range append(slices.Clone(f.Warnings()), r.opts.What.warning()) {
		if w != "" {
			r.Console.Warn("%s", w)
		}
	}
	r.Console.Info("%s: %s", r.paths.shown, r.surveyText())
	return nil
}

// readEarlier returns the manifest of the run that is gone on with, or nil.
func (r *resetRun) readEarlier() (*results.Manifest, error) {
	if !r.opts.Resume {
		return nil, nil
	}
	m, err := results.ReadOurManifest(r.paths.results)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // openLedger says what is missing
	}
	if err != nil {
		return nil, r.explainResume(err)
	}
	return &m, nil
}

// source opens what the command line names, or the copy of an earlier run. It returns nil if there
// is neither and nothing to do.
func (r *resetRun) source() (*roster.File, error) {
	in, named := r.named()
	if !named {
		return r.kept()
	}
	if r.earlier != nil && !r.earlier.Unused() {
		if err := r.recall(); err != nil {
			return nil, err
		}
	}
	c, err := r.newCopy()
	if err != nil {
		return nil, err
	}
	if in != nil {
		return roster.Read(r.paths.shown, in, c, r.opts.Input)
	}
	if err := r.checkSpaceFor(r.opts.File); err != nil {
		return nil, err
	}
	return roster.OpenCopying(r.opts.File, c, r.opts.Input)
}

// named reports whether the command line names an input, and what to read it from unless it is a
// file. A job whose run is gone on with may give its stdin again, or nothing.
func (r *resetRun) named() (in io.Reader, ok bool) {
	switch {
	case len(r.opts.Users) > 0:
		var b bytes.Buffer
		_ = roster.WriteUsers(&b, r.opts.Users) // a buffer takes everything
		return &b, true
	case r.opts.File != "-":
		return nil, r.opts.File != ""
	case r.earlier == nil:
		return r.Stdin, true
	case r.TerminalIn:
		return nil, false
	}
	b := bufio.NewReader(r.Stdin)
	_, err := b.Peek(1)
	return b, !errors.Is(err, io.EOF)
}

// kept opens the copy of the run that is gone on with.
func (r *resetRun) kept() (*roster.File, error) {
	if r.earlier == nil {
		if r.paths.pattern.Names != nil { // earlier dates may have something
			return nil, nil
		}
		return nil, r.nothingThere()
	}
	c, err := ledger.OpenCopy(r.paths.results)
	if errors.Is(err, fs.ErrNotExist) {
		if r.nothingToDo() {
			return nil, nil
		}
		return nil, fault.Usage("give the input again, unchanged: its name was "+r.earlier.Input.File+", its SHA-256 begins with "+brief(r.earlier.Input.SHA256),
			"%s has no copy of its input any more", r.paths.results)
	}
	if err != nil {
		return nil, err
	}
	r.copy = c
	if err := r.recall(); err != nil {
		return nil, err
	}
	size, err := c.Size()
	if err != nil {
		return nil, err
	}
	r.paths.shown, r.recalled = results.CopyPath(r.paths.results), true
	return roster.Reread(r.paths.shown, c, size, r.opts.Input)
}

// nothingToDo reports whether the run that is gone on with has nothing left to do.
func (r *resetRun) nothingToDo() bool {
	return r.earlier.Finished && !open(r.earlier.Counts) && len(r.opts.Retry) == 0
}

// nothingThere is the error for a command line that names no input when there is no run to go on
// with.
func (r *resetRun) nothingThere() error {
	hint := "name the results of an earlier run with -o"
	if r.opts.File == "-" {
		hint = "pipe the rows in"
	}
	if _, err := os.Lstat(r.paths.results); err == nil {
		what, hint := r.inTheWay()
		return fault.Usage(hint, "can't go on with %s: %s", r.paths.results, what)
	}
	return fault.Usage(hint, "nothing to go on with: there are no results at %s", r.paths.results)
}

// recall reads the input as the run did that is gone on with, unless the command line says
// otherwise.
func (r *resetRun) recall() error {
	before := r.earlier.Runs[0].Options
	in := &r.opts.Input
	in.AllowEmpty = in.AllowEmpty || r.earlier.Input.Rows == 0
	if _, given := r.opts.Set["column"]; !given {
		in.Column = before["column"]
	}
	if _, given := r.opts.Set["no-header"]; !given {
		in.NoHeader = before["no-header"] == "true"
	}
	if _, given := r.opts.Set["delimiter"]; given {
		return nil
	}
	var err error
	in.Delimiter, err = roster.ParseDelimiter(before["delimiter"])
	return err
}

// sameInput refuses to go on with another input.
func (r *resetRun) sameInput() error {
	m := r.earlier
	switch {
	case m == nil || r.input == nil || m.Input.SHA256 == r.survey.SHA256:
		return nil
	case r.recalled:
		return fault.Usage("move it away, and give the input again, unchanged: its name was "+m.Input.File+", its SHA-256 begins with "+brief(m.Input.SHA256),
			"%s isn't the input of %s any more: its SHA-256 begins with %s", r.paths.shown, r.paths.results, brief(r.survey.SHA256))
	case m.Unused(): // openLedger begins anew
		r.earlier = nil
		return nil
	}
	_, hint := r.inTheWay()
	if !m.Finished || open(m.Counts) {
		hint = "to finish those results: " + results.GoOnCommand(m, r.paths.results, "--resume") + "; put corrected or further rows into a file of their own, with results of their own"
	}
	return fault.Usage(hint, "%s isn't the input of %s: its SHA-256 begins with %s, not %s (%s)",
		r.paths.shown, r.paths.results, brief(r.survey.SHA256), brief(m.Input.SHA256), m.Input.File)
}

// brief is enough of a SHA-256 to tell it from others.
func brief(sum string) string { return sum[:min(12, len(sum))] }

// tellComplete ends a run that has nothing to do, and no input.
func (r *resetRun) tellComplete() error {
	counts := r.earlier.Counts
	r.outcome.Results, r.outcome.Counts, r.outcome.Org = r.paths.results, counts, r.earlier.Org
	r.Console.Info("%s is complete: %s", r.paths.results, r.countsText(counts))
	var err error
	if !counts.OK() {
		err = fault.WithCode(fault.ExitRows, fault.ErrRows)
	}
	if !r.opts.JSON {
		return err
	}
	return fault.Also(err, r.printSummary(&summary{
		RunID: r.id, ResultsPath: r.paths.results, ManifestPath: results.ManifestPath(r.paths.results), Manifest: *r.earlier,
		Rows: counts.Total(), Before: r.outcome.Before, ExitCode: max(fault.Code(r.before), fault.Code(err)), // as worse
	}))
}

// inputName is what the manifest calls the input.
func (r *resetRun) inputName() string {
	if r.paths.input != "" {
		return filepath.Base(r.paths.input)
	}
	return r.paths.shown
}

func (r *resetRun) surveyText() string {
	s := r.survey
	text := fmt.Sprintf("%s, column %q: %s", console.Plural(s.Rows, "row"), r.input.Column(), console.Plural(s.Distinct, "user"))
	if r.input.Plan() {
		text = r.planText()
	}
	if s.Duplicates > 0 {
		text += ", " + console.Plural(s.Duplicates, "duplicate row")
	}
	switch {
	case s.Invalid == 1:
		text += fmt.Sprintf(", 1 row names nobody (line %d)", s.FirstInvalid)
	case s.Invalid > 1:
		text += fmt.Sprintf(", %d rows name nobody (the first in line %d)", s.Invalid, s.FirstInvalid)
	}
	return text
}
