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

	"oktareset/runner"
	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/ledger"
	"oktareset/runner/outcome"
	"oktareset/runner/protect"
	"oktareset/runner/results"
	"oktareset/runner/roster"
)

// input is what a run is about: read, surveyed and copied. Nothing was sent yet.
type input struct {
	*run
	// the manifest of the run to resume, from before it is locked; nil: there is none
	earlier  *results.Manifest
	recalled bool // the file is that run's copy
	copy     *ledger.Copy
	file     *roster.File
	survey   roster.Survey
	// the manifest, if the file is a plan; nil: it isn't, or its manifest can't be read
	plan    *results.Manifest
	planErr error // why it can't be read
	seen    *runner.Seen
	protect *protect.Files
}

// read surveys the input and prints what it found. An input on the command line is copied during
// the survey; without one, the copy of the run to resume is the input. It returns nil if there is
// neither and nothing to do.
func (r *run) read(ctx context.Context, earlier *results.Manifest) (_ *input, err error) {
	in := &input{run: r, earlier: earlier, seen: new(runner.Seen)}
	defer func() {
		if err != nil {
			err = fault.Also(fault.Refused(err), in.close())
		}
	}()
	if err = in.source(); err != nil || in.file == nil {
		return nil, err
	}
	if in.survey, err = in.file.Survey(ctx); err != nil {
		return nil, err
	}
	if err = in.verifiable(ctx); err != nil {
		return nil, err
	}
	in.readPlan()
	in.seen.Expect(in.survey.Distinct, in.file.Repeats())
	if in.LimitMemory != nil && !in.opts.Sandbox { // the stand-in org needs more
		in.LimitMemory(access.MemoryLimit(in.survey.Rows + in.survey.Ignored))
	}
	for _, w := range in.file.Warnings() {
		r.Console.Warn("%s: %s", r.paths.shown, w)
	}
	if w := r.opts.What.Alert(); w != "" {
		r.Console.Alert("%s", w)
	}
	if w := r.opts.What.Warning(); w != "" {
		r.Console.Warn("%s", w)
	}
	r.Console.Info("%s: %s", r.paths.shown, in.surveyText())
	return in, nil
}

// readEarlier returns the manifest of the run to resume, or nil.
func (r *run) readEarlier() (*results.Manifest, error) {
	if !r.opts.Resume {
		return nil, nil
	}
	m, err := results.ReadOurManifest(r.paths.results)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // opening the results reports what is missing
	}
	if err != nil {
		return nil, err
	}
	return &m, nil
}

// source opens the input on the command line, or the copy of an earlier run. It opens no file if
// there is neither and nothing to do.
func (in *input) source() (err error) {
	r := in.run
	from, named := r.named(in.earlier)
	if !named {
		return in.kept()
	}
	if in.earlier != nil && !in.earlier.Unused() {
		if err := r.recall(in.earlier); err != nil {
			return err
		}
	}
	if in.copy, err = r.newCopy(); err != nil {
		return err
	}
	if from != nil {
		in.file, err = roster.Read(r.paths.shown, from, in.copy, r.opts.Input)
		return err
	}
	if err := r.checkSpaceFor(r.opts.File); err != nil {
		return err
	}
	in.file, err = roster.OpenCopying(r.opts.File, in.copy, r.opts.Input)
	return err
}

// named reports whether the command line names an input, and returns its reader unless it is a
// file. A job that is resumed may get its stdin again, or nothing.
func (r *run) named(earlier *results.Manifest) (in io.Reader, ok bool) {
	switch {
	case len(r.opts.Users) > 0:
		var b bytes.Buffer
		_ = roster.WriteUsers(&b, r.opts.Users) // writing to a buffer never fails
		return &b, true
	case r.opts.File != "-":
		return nil, r.opts.File != ""
	case earlier == nil:
		return r.Stdin, true
	case r.TerminalIn:
		return nil, false
	}
	b := bufio.NewReader(r.Stdin)
	_, err := b.Peek(1)
	return b, !errors.Is(err, io.EOF)
}

// kept opens the copy of the run to resume.
func (in *input) kept() error {
	r, earlier := in.run, in.earlier
	if earlier == nil {
		if r.inSeries() { // earlier dates may have something to do
			return nil
		}
		return r.nothingThere()
	}
	c, err := ledger.OpenCopy(r.paths.results)
	if errors.Is(err, fs.ErrNotExist) {
		if earlier.Finished && !earlier.Counts.Open() && len(r.opts.Retry) == 0 { // nothing is left to do
			return nil
		}
		return fault.Usage("give the input again, unchanged: its name was "+earlier.Input.File+", its SHA-256 begins with "+brief(earlier.Input.SHA256),
			"%s has no copy of its input any more", r.paths.results)
	}
	if err != nil {
		return err
	}
	in.copy = c
	if err := r.recall(earlier); err != nil {
		return err
	}
	size, err := c.Size()
	if err != nil {
		return err
	}
	r.paths.shown, in.recalled = results.CopyPath(r.paths.results), true
	in.file, err = roster.Reread(r.paths.shown, c, size, r.opts.Input)
	return err
}

// nothingThere returns the error for a command line without an input if there is no run to
// resume.
func (r *run) nothingThere() error {
	hint := "name the results of an earlier run with -o"
	if r.opts.File == "-" {
		hint = "pipe the rows in"
	}
	_, err := os.Lstat(r.paths.results)
	if _, journalErr := os.Lstat(results.JournalPath(r.paths.results)); err == nil || journalErr == nil {
		what, hint := results.Strange(r.paths.results)
		return fault.Usage(hint, "can't resume %s: %s", r.paths.results, what)
	}
	return fault.Usage(hint, "nothing to resume: there are no results at %s", r.paths.results)
}

// recall makes the options for reading the input those of the run to resume, unless the command
// line has others.
func (r *run) recall(earlier *results.Manifest) error {
	before := earlier.Runs[0].Options
	in := &r.opts.Input
	in.AllowEmpty = in.AllowEmpty || earlier.Input.Rows == 0
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

// sameInput refuses to resume with another input.
func (t *target) sameInput() error {
	m := t.earlier
	switch {
	case m == nil || m.Input.SHA256 == t.survey.SHA256:
		return nil
	case t.recalled:
		return fault.Usage("move it away, and give the input again, unchanged: its name was "+m.Input.File+", its SHA-256 begins with "+brief(m.Input.SHA256),
			"%s isn't the input of %s any more: its SHA-256 begins with %s", t.paths.shown, t.paths.results, brief(t.survey.SHA256))
	case m.Unused(): // this run starts anew
		t.earlier = nil
		return nil
	}
	_, hint := t.wanted().InTheWay()
	if !m.Finished || m.Counts.Open() {
		hint = "put corrected or further rows into a file of their own, with results of their own; to finish those results: " + results.GoOnCommand(t.reach(m), t.paths.results, "--resume")
	}
	return fault.Usage(hint, "%s isn't the input of %s: its SHA-256 begins with %s, not %s (%s)",
		t.paths.shown, t.paths.results, brief(t.survey.SHA256), brief(m.Input.SHA256), m.Input.File)
}

// brief returns enough of a SHA-256 to distinguish it.
func brief(sum string) string { return sum[:min(12, len(sum))] }

// tellComplete ends a run that has nothing to do, and no input.
func (r *run) tellComplete(m *results.Manifest) error {
	counts := m.Counts
	r.outcome.Results, r.outcome.Counts, r.outcome.Org = r.paths.results, counts, m.Org
	r.report(&outcome.Summary{
		RunID: r.id, ResultsPath: r.paths.results, ManifestPath: results.ManifestPath(r.paths.results), Manifest: *m,
		Rows: counts.Total(), Counts: counts, Complete: true, Attention: results.Reread(r.paths.results, counts),
	})
	if !counts.OK() {
		err := fault.WithCode(fault.ExitRows, fault.ErrRows)
		r.advise(err, r.paths.results)
		return err
	}
	return nil
}

// inputName returns the input's name for the manifest.
func (in *input) inputName() string {
	if in.paths.input != "" {
		return filepath.Base(in.paths.input)
	}
	return in.paths.shown
}

func (in *input) surveyText() string {
	s := in.survey
	text := console.Plural(s.Distinct, "user")
	switch {
	case in.file.Plan():
		text = in.planText()
	case len(in.opts.Users) == 0:
		text = fmt.Sprintf("%s, column %q: %s", console.Plural(s.Rows, "row"), in.file.Column(), text)
	}
	return text + s.Others()
}
