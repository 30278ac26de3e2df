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

	"oktareset/runner"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/ledger"
	"oktareset/runner/results"
	"oktareset/runner/roster"
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
	behind  []string     // results of earlier dates that stay incomplete
	before  error        // the worst end of the resumed runs of earlier dates
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
		if err := t.refuseSamePeople(&e.manifest, e.path); err != nil {
			return err
		}
	}
	var same []earlierResults
	for _, e := range earlier {
		if e.manifest.Input.SHA256 == t.survey.SHA256 {
			same = append(same, e)
		} else if err := t.goOnWithin(ctx, &e); err != nil {
			return err
		}
	}
	if _, err := os.Lstat(t.paths.results); err == nil || len(same) == 0 || t.survey.Rows == 0 {
		return nil
	}
	return t.goOnWith(same[len(same)-1])
}

// goOnWithin resumes the open results of an earlier date, or says that it doesn't.
func (r *run) goOnWithin(ctx context.Context, e *earlierResults) error {
	switch open := results.Incomplete(&e.manifest); {
	case open == "":
	case !r.opts.Resume || len(r.opts.Retry) > 0:
		r.leaveBehind(e, open)
	default:
		return r.goOnBefore(ctx, e, open)
	}
	return nil
}

// leaveBehind reports results that this run doesn't resume.
func (r *run) leaveBehind(e *earlierResults, open string) {
	r.behind = append(r.behind, e.path)
	r.Console.Warn("%s isn't complete: %s; to resume it: oktareset reset --resume %s", e.path, open, console.ShellFlag("-o", results.PlainPattern(e.path)))
}

// goOnBefore resumes the results of an earlier date before this run begins. If something ends
// that run in the middle, as a signal or a stop rule, it is returned. A refusal, as when
// --confirm allows fewer users than are open, doesn't keep today's run from beginning.
func (r *run) goOnBefore(ctx context.Context, e *earlierResults, open string) error {
	_, copyErr := os.Lstat(results.CopyPath(e.path))
	if errors.Is(copyErr, os.ErrNotExist) {
		r.behind = append(r.behind, e.path)
		r.Console.Warn("%s isn't complete: %s; the copy of its input isn't there: to resume it, give its input (%s, its SHA-256 begins with %s) and --resume %s",
			e.path, open, e.manifest.Input.File, brief(e.manifest.Input.SHA256), console.ShellFlag("-o", results.PlainPattern(e.path)))
		return nil
	}
	r.Console.Info("%s isn't complete: %s; resuming it first", e.path, open)
	var ended Outcome
	before := newRun(r.Env, r.optionsFor(e), r.start, &ended)
	var err error
	if before.paths, err = before.choosePaths(); err == nil {
		err = before.one(ctx)
	}
	code := fault.Code(err)
	stopped := code > fault.ExitConsent || errors.Is(err, errHalt)
	if r.opts.Limit > 0 {
		r.opts.Limit -= ended.finished
		if r.opts.Limit <= 0 && !stopped {
			stopped, err = true, fault.WithCode(fault.ExitStopped, fault.ErrRows)
			ended.Limited = r.limitText()
		}
	}
	if stopped || code <= fault.ExitRows { // otherwise it was refused
		r.outcome.Before = append(r.outcome.Before, e.path)
	}
	if stopped {
		ended.Before = r.outcome.Before
		*r.outcome = ended
		return err
	}
	if code > fault.ExitRows {
		r.Console.Fail(err)
		r.behind = append(r.behind, e.path)
	}
	r.before = worseOf(r.before, err)
	return nil
}

// limitText says that the run has reached its limit. It names the given limit: earlier dates
// count, so what is left of it may be less.
func (r *run) limitText() string {
	return fmt.Sprintf("the limit of this run is reached (--limit %s)", r.opts.Set["limit"])
}

// optionsFor returns the options for resuming an earlier date.
func (r *run) optionsFor(e *earlierResults) Options {
	o := r.opts
	o.File, o.Users, o.Input, o.Output, o.Ticket, o.JSON = "", nil, roster.Options{}, results.PlainPattern(e.path), "", false
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
			found = append(found, earlierResults{path, m})
		}
	}
	slices.SortStableFunc(found, func(a, b earlierResults) int {
		return a.manifest.Runs[0].StartedAt.Compare(b.manifest.Runs[0].StartedAt)
	})
	return found, nil
}

// goOnWith makes this run resume the results of an earlier date with the same input, or refuses
// to begin the same again.
func (t *target) goOnWith(e earlierResults) error {
	open := results.Incomplete(&e.manifest)
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

// worse returns the worse of this run's end and the ends of the runs over earlier dates.
func (r *run) worse(err error) error {
	if fault.Code(r.before) <= fault.Code(err) {
		return err
	}
	if err != nil {
		r.Console.Fail(err)
	}
	if !errors.Is(r.before, fault.ErrRows) {
		r.outcome.Limited = r.before.Error()
	}
	return fault.WithCode(fault.Code(r.before), fault.ErrRows) // the details were already printed
}

func worseOf(a, b error) error {
	if fault.Code(a) >= fault.Code(b) {
		return a
	}
	return b
}

// behindError reports incomplete results of earlier dates.
func (r *run) behindError(counts runner.Counts) error {
	const most = 3
	paths := r.behind[:min(len(r.behind), most)]
	text := strings.Join(paths, ", ")
	if more := len(r.behind) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	this := ""
	if !counts.OK() {
		this = "some rows need attention; "
	}
	return fault.New(fault.ExitRows, "see the warnings; what is settled in another way can be moved out of the folder",
		"%sincomplete, by an earlier input: %s", this, text)
}

// hintLocked says what to do about results that another run is writing.
func hintLocked(err error) error {
	if locked := (*ledger.LockedError)(nil); errors.As(err, &locked) {
		return fault.WithHint(err, cmp.Or(fault.Hint(err), "let it end; a job that meets itself can start less often, or end by --max-duration"))
	}
	return err
}
