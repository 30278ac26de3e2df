package job

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/files"
	"oktareset/runner/ledger"
	"oktareset/runner/results"
)

// explainExists says which file a new run would have to overwrite.
func (t *target) explainExists(exists *ledger.ExistsError) error {
	what, hint := t.inTheWay()
	return fault.WithHint(fmt.Errorf("%w: %s", exists, what), hint)
}

// explainResume adds what to do about results that this run can't resume.
func (t *target) explainResume(err error) error {
	if mismatch := (*ledger.MismatchError)(nil); errors.As(err, &mismatch) {
		_, hint := t.inTheWay()
		m, readErr := results.ReadManifest(t.paths.results)
		dropped := results.DroppedFlag(&m)
		switch {
		case readErr != nil, mismatch.What == "kind", mismatch.What == "input":
		case mismatch.What == "steps" && dropped != "" && m.DryRun:
			hint = "make the plan again: reset has no " + dropped + " any more"
		case mismatch.What == "steps" && dropped != "":
			hint = fmt.Sprintf("finish it with the version that began it (%s): reset has no %s any more", m.Runs[0].Version, dropped)
		case mismatch.What == "steps" && m.DryRun:
			hint = "give the flags that the plan was made with: " + results.GoOnCommand(&m, t.paths.results, "--resume")
		case mismatch.What == "steps":
			hint = "give the flags that it was started with: " + results.GoOnCommand(&m, t.paths.results, "--resume") + "; " + results.HintSecondTime
		case mismatch.What == "org":
			hint = fmt.Sprintf("resume in the org %s; for %s, name other results with -o", mismatch.Want, mismatch.Got)
		}
		return fault.WithHint(err, hint)
	}
	return err
}

// inTheWay says what is in the place of the results.
func (t *target) inTheWay() (what, hint string) {
	w := t.wanted()
	return w.InTheWay()
}

// wanted is this run as one that wants its results to be written.
func (t *target) wanted() results.Wanted {
	return results.Wanted{
		Path: t.paths.results, DryRun: t.opts.DryRun, SHA256: t.survey.SHA256, Plan: t.file.Plan(), Origin: t.origin(), SameOrg: t.ofThisOrg,
	}
}

// origin returns the SHA-256 of the file that first named this run's users.
func (in *input) origin() string {
	if in.plan != nil {
		return in.plan.Origin()
	}
	return in.survey.SHA256
}

// warnOfOthers warns of results under one of this input's usual names, which aren't in the way
// because this run writes another file: the same people would be reset a second time.
func (t *target) warnOfOthers(ctx context.Context) error {
	if t.opts.DryRun || t.opts.Sandbox || t.paths.input == "" {
		return nil
	}
	for _, usual := range t.usualResults() {
		m, err := results.ReadManifest(usual)
		if err != nil || m.DryRun || m.Sandbox || results.OriginOf(&m, usual) != t.origin() || m.Finished && results.Changed(&m) == 0 {
			continue
		}
		if err := t.meetOrg(ctx); err != nil {
			return err
		}
		if !t.ofThisOrg(&m) {
			continue
		}
		did := "reset " + console.Plural(results.Changed(&m), "user")
		if !m.Finished {
			did = "may have reset users"
		}
		t.Console.Warn("%s: %s %s of this very input already: they are reset a second time", usual, results.RunText(&m), did)
	}
	return nil
}

// usualResults returns where runs write results if they get the input, or a file that led to it: for
// a plan, the one that it was made from. The run's own results aren't among them.
func (in *input) usualResults() []string {
	led := []string{in.paths.input}
	if in.plan != nil { // it has only the names, of files that are usually beside it
		for _, name := range []string{in.plan.Input.File, in.plan.AsPlan().File} {
			led = append(led, filepath.Join(filepath.Dir(in.paths.input), filepath.Base(name)))
		}
	}
	var usual []string
	for _, path := range led {
		path = results.Beside(path, false, false)
		if !files.SameFile(path, in.paths.results) && !slices.Contains(usual, path) {
			usual = append(usual, path)
		}
	}
	return usual
}

// refuseCopy refuses to begin with the copy of the input that results keep: a run of its own
// would reset the same people a second time.
func (t *target) refuseCopy() error {
	base, ok := strings.CutSuffix(t.paths.input, ".input.csv")
	if !ok || t.opts.DryRun || t.opts.Sandbox {
		return nil
	}
	path := base + ".csv"
	m, err := results.ReadManifest(path)
	if err != nil || m.DryRun || m.Sandbox || m.Input.SHA256 != t.survey.SHA256 {
		return nil //nolint:nilerr // it is the copy of nothing
	}
	return fault.Usage("to resume them: "+results.GoOnCommand(&m, path, "--resume"),
		"%s is what the results %s keep of their input: a run of its own would reset the same people a second time", t.paths.input, path)
}

// refuseSamePeople refuses to begin under another date what earlier results were about: by a plan
// of this input, by the input of this plan, or by another plan of the same.
func (t *target) refuseSamePeople(m *results.Manifest, path string) error {
	if m.Input.SHA256 == t.survey.SHA256 || results.OriginOf(m, path) != t.origin() || m.Finished && results.Changed(m) == 0 {
		return nil
	}
	hint := "is it the input of today? To do the same again on purpose, name other results with -o, without a date"
	if !results.Settled(m) {
		hint = "they aren't complete; to resume them: " + results.GoOnCommand(m, path, "--resume")
	}
	return fault.Usage(hint, "%s names the same people as %s, made from %s: nobody is reset a second time under another date", t.paths.shown, path, m.Input.File)
}
