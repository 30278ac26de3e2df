package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"oktareset/runner/fault"
	"oktareset/runner/ledger"
	"oktareset/runner/outcome"
	"oktareset/runner/results"
	"oktareset/runner/roster"
	"oktareset/runner/steps"
)

// This file keeps a job that has new results each day from resetting anybody twice, and from
// forgetting anybody. Only one of its runs works at a time. The same input is never started again
// under another date, but resumed where it was started. Open results of earlier dates are resumed
// first. Results that stay incomplete are reported by every run, until somebody deals with them.

// earlierResults are the results of an earlier date.
type earlierResults struct {
	path     string
	manifest results.Manifest
}

// series is what a run with a date in --output knows about its other dates.
type series struct {
	release func() error // unlocks the pattern of --output; nil: the run is in no series
	behind  results.Behind
	before  error           // the worst end of the resumed runs of earlier dates
	ended   outcome.Outcome // of the last of these runs

	// of a run of an earlier date: what the job doesn't come to if the run is stopped, as
	// "users.csv wasn't begun", and the command of the whole job
	rest, whole string
}

// process is what all runs of a process share.
type process struct {
	limit   *steps.Limit
	changed atomic.Bool      // a row was taken, so something may have been changed
	last    *outcome.Summary // nil: no run has ended
}

// inSeries reports whether the run looks at other dates.
func (r *run) inSeries() bool { return r.release != nil }

// holdSeries keeps other runs away from the pattern until leaveSeries, and removes the files of
// runs that died before they had results.
func (r *run) holdSeries() error {
	p := r.paths.pattern
	if p.Names == nil || r.opts.DryRun || r.opts.Sandbox {
		return nil
	}
	var err error
	if r.release, err = ledger.Hold(p.Text, r.thisRun()); err != nil {
		return fault.Refused(hintLocked(err))
	}
	if err := ledger.RemoveCopyTemps(filepath.Dir(r.paths.results), p.Names.MatchString); err != nil {
		return fault.Refused(err)
	}
	return nil
}

func (r *run) leaveSeries() error {
	if r.release == nil {
		return nil
	}
	return r.release()
}

// joinSeries resumes the open results of earlier dates, each with the copy of its own input. If
// one of them has this run's input, this run resumes those results. start ends with the run's
// time.
func (t *target) joinSeries(ctx, start context.Context) error {
	earlier, err := t.findEarlier(start)
	if err != nil {
		return fault.Refused(err)
	}
	for _, e := range earlier {
		if err := t.wanted().RefuseSamePeople(&e.manifest, e.path, t.paths.shown); err != nil {
			return err
		}
	}
	isSame := func(e earlierResults) bool { return e.manifest.Input.SHA256 == t.survey.SHA256 }
	var same *earlierResults
	if i := slices.IndexFunc(earlier, isSame); i >= 0 && t.earlier == nil && t.survey.Rows > 0 {
		if _, err := os.Lstat(t.paths.results); err != nil {
			same = &earlier[i]
		}
	}
	switch {
	case same != nil:
		t.rest = same.path + " wasn't resumed"
	case t.earlier == nil:
		t.rest = t.paths.shown + " wasn't begun"
	case !results.Settled(t.earlier):
		t.rest = t.paths.results + " wasn't resumed"
	}
	if err := t.goOnWithin(ctx, slices.DeleteFunc(slices.Clone(earlier), isSame)); err != nil || same == nil {
		return err
	}
	return t.goOnWith(same)
}

// goOnWithin resumes the open results of earlier dates, or says that it doesn't.
func (r *run) goOnWithin(ctx context.Context, earlier []earlierResults) error {
	for _, e := range earlier {
		open := results.Open(&e.manifest)
		if open == "" {
			continue
		}
		_, err := os.Lstat(results.CopyPath(e.path))
		switch noCopy := errors.Is(err, os.ErrNotExist); {
		case !r.opts.Resume || len(r.opts.Retry) > 0:
			r.behind.Add(&e.manifest, e.path)
			r.Console.Warn("%s isn't complete: %s", e.path, open)
		case noCopy:
			r.behind.Add(&e.manifest, e.path)
			r.Console.Warn("%s isn't complete: %s; the copy of its input isn't there, and its input is needed again: %s, whose SHA-256 begins with %s",
				e.path, open, e.manifest.Input.File, brief(e.manifest.Input.SHA256))
		default:
			r.Console.Info("%s isn't complete: %s; resuming it first", e.path, open)
			if err := r.goOnBefore(ctx, &e); err != nil {
				return err
			}
		}
	}
	return nil
}

// goOnBefore resumes the results of an earlier date before this run begins. If something ends
// that run in the middle, as a signal or a stop rule, it is returned. A refusal, as when
// --confirm allows fewer users than are open, doesn't keep today's run from beginning.
func (r *run) goOnBefore(ctx context.Context, e *earlierResults) error {
	var ended outcome.Outcome
	before := newRun(r.Env, r.optionsFor(e), r.start, r.process, &ended)
	before.rest, before.whole = r.rest, r.wholeCommand()
	var err error
	if before.paths, err = before.choosePaths(); err == nil {
		err = before.one(ctx)
	}
	code := fault.Code(err)
	if code > fault.ExitConsent || errors.Is(err, errHalt) { // it was stopped
		r.outcome.Limited = ended.Limited
		if ended.Counts != nil || r.ended.Counts == nil {
			r.ended = ended
		}
		return err
	}
	if code > fault.ExitRows { // it was refused
		r.Console.Fail(err)
		r.behind.Add(&e.manifest, e.path)
	} else {
		r.ended = ended
		r.outcome.Before = append(r.outcome.Before, e.path)
		if fault.OnlyRows(err) {
			err = fault.New(code, "", "some rows of %s need attention", e.path)
		}
		if ended.Counts.Open() {
			r.behind.Add(&e.manifest, e.path)
		}
	}
	if fault.Code(err) > fault.Code(r.before) {
		r.before = err
	}
	return nil
}

// wholeCommand returns the command that runs this job again.
func (r *run) wholeCommand() string {
	m := results.Manifest{Org: r.outcome.Org, Runs: []results.Run{{Options: r.opts.Set}}}
	return results.JobCommand(&m, r.opts.Output, r.inputArgs())
}

// limitText says that the run has reached its limit.
func (r *run) limitText() string {
	text := fmt.Sprintf("the limit of this run is reached (--limit %d)", r.opts.Limit)
	if r.rest != "" && r.whole != "" {
		text += "; " + r.rest
	}
	return text
}

// optionsFor returns the options for resuming an earlier date.
func (r *run) optionsFor(e *earlierResults) Options {
	o := r.opts
	o.File, o.Users, o.Input, o.Output, o.Ticket = "", nil, roster.Options{}, results.PlainPattern(e.path), ""
	o.Set = maps.Clone(o.Set)
	for _, name := range []string{"column", "delimiter", "no-header", "allow-empty", "user", "ticket", "json"} {
		delete(o.Set, name)
	}
	o.Set["output"] = o.Output
	return o
}

// findEarlier returns the other results of the pattern in the folder, if they belong to this org,
// the oldest first. A file that may be results and can't be read is an error: its users may be in
// the input too.
func (o *org) findEarlier(ctx context.Context) ([]earlierResults, error) {
	r := o.run
	folder := filepath.Dir(r.paths.results)
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("look for earlier results: %w", err)
	}
	var found []earlierResults
	for _, entry := range entries {
		path, moved := r.paths.pattern.ResultsOf(filepath.Join(folder, entry.Name()), r.paths.results)
		if path == "" {
			continue
		}
		m, err := results.ReadOurManifest(path)
		if errors.Is(err, os.ErrNotExist) {
			if err := results.NoResults(path); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		if m.DryRun || m.Sandbox || moved && m.Unused() {
			continue
		}
		if same, err := o.sameOrg(ctx, &m, path); err != nil {
			return nil, err
		} else if same {
			found = append(found, earlierResults{path, *o.reach(&m)})
		}
	}
	slices.SortStableFunc(found, func(a, b earlierResults) int {
		return a.manifest.Runs[0].StartedAt.Compare(b.manifest.Runs[0].StartedAt)
	})
	return found, nil
}

// goOnWith makes this run resume the results of an earlier date with the same input, or refuses
// to begin the same again.
func (t *target) goOnWith(e *earlierResults) error {
	open := results.Open(&e.manifest)
	if t.opts.Resume && (open != "" || len(t.opts.Retry) > 0) {
		t.Console.Info("%s has the same input: resuming it there, under its date", e.path)
		t.paths.results, t.outcome.Results, t.earlier = e.path, e.path, &e.manifest
		return nil
	}
	hint := "is it the input of today? To do the same again on purpose, name other results with -o, without a date; --retry does only what failed"
	if open != "" {
		hint = "it isn't complete: --resume completes it"
	}
	return fault.Usage(hint, "%s is the input of %s already: nobody is reset a second time under another date", t.paths.shown, e.path)
}

// endSeries returns the error of the whole process. The worse of the ends of all dates counts, and
// the outcome has a reason for it. A refusal counts as such only if the process changed nothing.
func (r *run) endSeries(err error) error {
	if r.outcome.Counts == nil && r.ended.RunID != "" { // today's had none of its own
		o := r.ended
		o.Limited = r.outcome.Limited
		o.Before = slices.DeleteFunc(r.outcome.Before, func(path string) bool { return path == o.Results })
		*r.outcome = o
	}
	if left := r.behind.Err(err != nil); left != nil && fault.Code(err) <= fault.ExitRows {
		r.Console.Fail(left)
		err = fault.Told(left)
	}
	if r.before != nil {
		reasons := []string{r.before.Error()}
		if r.outcome.Limited != "" {
			reasons = append(reasons, r.outcome.Limited)
		} else if err != nil && !fault.OnlyRows(err) {
			reasons = append(reasons, err.Error())
		}
		r.outcome.Limited = strings.Join(reasons, "; ")
	}
	if code := fault.Code(r.before); code > fault.Code(err) {
		r.Console.Fail(err)
		err = fault.WithCode(code, fault.ErrRows) // the details were already printed
	}
	if code := fault.Code(err); r.changed.Load() && (code == fault.ExitUsage || code == fault.ExitConsent && !errors.Is(err, errHalt)) {
		return fault.WithCode(fault.ExitRows, err)
	}
	return err
}

// hintLocked says what to do about results that another run is writing.
func hintLocked(err error) error {
	if locked := (*ledger.LockedError)(nil); errors.As(err, &locked) {
		return fault.WithHint(err, cmp.Or(fault.Hint(err), "let it end; a job that meets itself can start less often, or end by --max-duration"))
	}
	return err
}
