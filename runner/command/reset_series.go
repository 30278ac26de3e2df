package command

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"oktareset/runner"
	"oktareset/runner/ledger"
)

// This file keeps a job that has new results each day from resetting anybody twice: only one of its runs works at a time; the same input is
// never begun again under another date, but gone on with where it was begun; and results that stay incomplete while the job goes over to
// another input are reported by every run, until somebody sees to them.

// earlierResults are the results of an earlier date.
type earlierResults struct {
	path     string
	manifest ledger.Manifest
}

// incomplete says what is open in them, or "". What is unknown has been looked at when the run ended, and only a person can settle it.
func (e *earlierResults) incomplete() string {
	counts := e.manifest.Counts
	switch n, half := counts[runner.StatusNotAttempted], counts[runner.StatusPartial]; {
	case !e.manifest.Finished:
		return "its run broke off"
	case n > 0 && half > 0:
		return fmt.Sprintf("%d not attempted, %d half done", n, half)
	case n > 0:
		return fmt.Sprintf("%d not attempted", n)
	case half > 0:
		return fmt.Sprintf("%d half done", half)
	}
	return ""
}

// joinSeries finds the results that a run with a date in --output goes on with, if they aren't those of its own date. Nobody else may use the
// pattern until leaveSeries.
func (r *resetRun) joinSeries() error {
	p := r.paths.pattern
	if p.names == nil || r.opts.dryRun || r.opts.sandbox {
		return nil
	}
	var err error
	if r.release, err = ledger.Hold(p.text, r.ledgerSpec().Manifest.Runs[0]); err != nil {
		return refused(hintLocked(err))
	}
	earlier, err := r.findEarlier()
	if err != nil {
		return refused(err)
	}
	var same []earlierResults
	for _, e := range earlier {
		if err := r.refuseSamePeople(&e.manifest, e.path); err != nil {
			return err
		}
		switch open := e.incomplete(); {
		case e.manifest.Input.SHA256 == r.survey.SHA256:
			same = append(same, e)
		case open != "":
			r.behind = append(r.behind, e.path)
			r.console.warn("%s isn't complete: %s; to go on with it, give its own input (%s, SHA-256 %.12s) and --resume -o %s",
				e.path, open, e.manifest.Input.File, e.manifest.Input.SHA256, shellQuote(plainPattern(e.path)))
		}
	}
	if _, err := os.Lstat(r.paths.results); err == nil || len(same) == 0 || r.survey.Rows == 0 {
		return nil
	}
	return r.goOnWith(same[len(same)-1])
}

func (r *resetRun) leaveSeries() error {
	if r.release == nil {
		return nil
	}
	return r.release()
}

// findEarlier returns the results that the pattern has in the folder beside this run's own, of this org, the oldest first.
func (r *resetRun) findEarlier() ([]earlierResults, error) {
	folder := filepath.Dir(r.paths.results)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("look for earlier results: %w", err)
	}
	var found []earlierResults
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		if !r.paths.pattern.names.MatchString(entry.Name()) || path == filepath.Clean(r.paths.results) {
			continue
		}
		m, err := ledger.ReadManifest(path)
		if errors.Is(err, os.ErrNotExist) { // not ours
			continue
		}
		if err != nil {
			return nil, err
		}
		if !m.DryRun && !m.Sandbox && m.Org == r.client.Org().Host() && len(m.Runs) > 0 {
			found = append(found, earlierResults{path, m})
		}
	}
	slices.SortStableFunc(found, func(a, b earlierResults) int {
		return a.manifest.Runs[0].StartedAt.Compare(b.manifest.Runs[0].StartedAt)
	})
	return found, nil
}

// goOnWith makes the results of an earlier date, of the same input, those of this run, or refuses to begin the same again.
func (r *resetRun) goOnWith(e earlierResults) error {
	open := e.incomplete()
	if r.opts.resume && (open != "" || len(r.opts.retry) > 0) {
		r.console.info("%s has the same input: going on there, under its date", e.path)
		r.paths.results, r.outcome.results = e.path, e.path
		return nil
	}
	hint := "is it the input of today? To do the same again on purpose, name other results with -o, without a date; --retry does only what failed"
	if open != "" {
		hint = "it isn't complete: --resume goes on with it"
	}
	return usageError(hint, "%s is the input of %s already: nobody is reset a second time under another date", r.paths.shown, e.path)
}

// behindError reports results of earlier dates that nobody has completed.
func (r *resetRun) behindError(counts runner.Counts) error {
	const most = 3
	paths := r.behind[:min(len(r.behind), most)]
	text := strings.Join(paths, ", ")
	if more := len(r.behind) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	this := ""
	if !counts.OK() {
		this = "some rows did not end well; "
	}
	return coded{code: exitRows, error: hinted{
		fmt.Errorf("%sincomplete, by an earlier input: %s", this, text),
		"see the warnings; what is settled in another way can be moved out of the folder",
	}}
}

// hintLocked says what to do about results that another run is writing.
func hintLocked(err error) error {
	if locked := (*ledger.LockedError)(nil); errors.As(err, &locked) {
		return hinted{err, cmp.Or(hint(err), "let it end; a job that meets itself can start less often, or end by --max-duration")}
	}
	return err
}
