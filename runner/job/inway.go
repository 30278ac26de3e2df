package job

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"oktareset/runner"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/files"
	"oktareset/runner/ledger"
	"oktareset/runner/results"
)

// This file says what stands where a run would write its results, and what to do about it. Of what
// a person may do then, most resets people a second time: a new name with -o, a move, a new plan.
// So whatever is said about results that changed somebody says so.

const (
	hintOtherFile   = "choose another file with -o" // and nothing of a move: where results are gone, nothing stops the next run
	hintNothingReal = "nobody real was touched by it: choose another file with -o, or move it away"
	hintSecondTime  = "a new run with another -o would reset them a second time"
)

// explainExists says what the file is that a new run would have to overwrite.
func (t *target) explainExists(exists *ledger.ExistsError) error {
	what, hint := t.inTheWay()
	return fault.WithHint(fmt.Errorf("%w: %s", exists, what), hint)
}

// explainResume adds what to do about results that this run can't go on with.
func (t *target) explainResume(err error) error {
	if mismatch := (*ledger.MismatchError)(nil); errors.As(err, &mismatch) {
		_, hint := t.inTheWay()
		switch m, readErr := results.ReadManifest(t.paths.results); {
		case readErr != nil, mismatch.What == "kind", mismatch.What == "input":
		case mismatch.What == "steps" && m.DryRun:
			hint = "give the flags that the plan was begun with: " + results.GoOnCommand(&m, t.paths.results, "--resume")
		case mismatch.What == "steps":
			hint = "give the flags that it was begun with: " + results.GoOnCommand(&m, t.paths.results, "--resume") + "; " + hintSecondTime
		case mismatch.What == "org":
			hint = fmt.Sprintf("go on in the org %s; for %s, name other results with -o", mismatch.Want, mismatch.Got)
		}
		return fault.WithHint(err, hint)
	}
	return err
}

// inTheWay says what there is at the path of the results.
func (t *target) inTheWay() (what, hint string) {
	path := t.paths.results
	m, err := results.ReadManifest(path)
	_, statErr := os.Lstat(path)
	missing := errors.Is(statErr, fs.ErrNotExist)
	if _, journalErr := os.Lstat(results.JournalPath(path)); m.Journal != nil && journalErr == nil {
		missing = false
	}
	switch {
	case err == nil && missing:
		return aloneInTheWay(&m)
	case err != nil:
		return results.Strange(path)
	}
	switch {
	case m.Sandbox:
		return "it is of a rehearsal", hintNothingReal
	case m.DryRun:
		return t.planInTheWay(&m)
	case !t.ofThisOrg(&m):
		return fmt.Sprintf("the results of %s in another org, %s", results.RunText(&m), m.Org), hintOtherFile
	}
	return t.resultsInTheWay(&m)
}

// aloneInTheWay is about a manifest without results.
func aloneInTheWay(m *results.Manifest) (what, hint string) {
	if m.Sandbox || m.DryRun || m.Consent.How == "" || m.Consent.How == results.ConsentNone {
		return "the manifest of a run that changed nobody, without its results", hintNothingReal
	}
	if m.Journal != nil {
		return "the manifest of " + results.RunText(m) + ", whose journal isn't there",
			"put the journal back: it says whom the run reset, and a new run with another -o may reset those users a second time"
	}
	return "the manifest of " + results.RunText(m) + ", whose results aren't there",
		"put the results back: they say whom it reset, and a new run with another -o may reset those users a second time"
}

// planInTheWay is about a plan.
func (t *target) planInTheWay(m *results.Manifest) (what, hint string) {
	what = "a plan of " + console.Plural(m.Counts[runner.StatusWouldReset], "user")
	if _, command := results.NotPlanned(m, t.paths.results); command != "" && t.opts.DryRun && m.Input.SHA256 == t.survey.SHA256 {
		return what + " that isn't whole", "to complete it: " + command + "; for a new plan, choose another file with -o, or move it away"
	}
	return what, files.HintExists
}

// resultsInTheWay is about the results of a real run in this org.
func (t *target) resultsInTheWay(m *results.Manifest) (what, hint string) {
	what = "the results of " + results.RunText(m)
	goOn := "to go on with it: " + results.GoOnCommand(m, t.paths.results, "--resume")
	switch failed := m.Counts[runner.StatusFailed] + m.Counts[runner.StatusForbidden]; {
	case results.Settled(m) && failed > 0:
		goOn = "to do only what failed: " + results.GoOnCommand(m, t.paths.results, "--retry", "failed,forbidden")
	case results.Settled(m):
		goOn = "nothing is left to do"
	}
	n := results.Changed(m)
	did := ", which reset " + console.Plural(n, "user")
	if !m.Finished {
		did = ", which broke off and may have reset users"
	}
	switch {
	case t.opts.DryRun:
		return what + did, hintOtherFile
	case m.Finished && n == 0:
		return what + ", which reset nobody", goOn + "; or " + hintOtherFile
	case m.Input.SHA256 == t.survey.SHA256:
		return what + did + " of this very input", goOn + "; " + hintSecondTime
	case results.OriginOf(m, t.paths.results) == t.origin() && !t.file.Plan(), m.Origin() == t.origin() && m.Plan != nil:
		return what + did + " of this very input, by the plan " + m.Input.File, goOn + "; " + hintSecondTime
	case m.Origin() == t.origin():
		return what + did + " of " + m.Input.File + ", the file that this plan was made of", goOn + "; " + hintSecondTime
	}
	return what + did + " of another input, " + m.Input.File, "for other users, choose another file with -o: whoever is in both inputs is then reset a second time"
}

// origin is the SHA-256 of the file that named this run's users first.
func (in *input) origin() string {
	if in.plan != nil {
		return in.plan.Origin()
	}
	return in.survey.SHA256
}

// warnOfOthers warns of results that aren't in the way, because --output names another file, and
// that stand where this input's usually do: the same people would be reset a second time.
func (t *target) warnOfOthers(ctx context.Context) error {
	usual := results.Beside(t.paths.input, t.opts.DryRun, t.opts.Sandbox)
	if t.opts.DryRun || t.opts.Sandbox || t.opts.File == "" || t.opts.File == "-" || files.SameFile(usual, t.paths.results) {
		return nil
	}
	m, err := results.ReadManifest(usual)
	if err != nil || m.DryRun || m.Sandbox || results.OriginOf(&m, usual) != t.origin() || m.Finished && results.Changed(&m) == 0 {
		return nil
	}
	if err := t.meetOrg(ctx); err != nil || !t.ofThisOrg(&m) {
		return err
	}
	did := "reset " + console.Plural(results.Changed(&m), "user")
	if !m.Finished {
		did = "may have reset users"
	}
	t.Console.Warn("%s: %s %s of this very input already: they are reset a second time", usual, results.RunText(&m), did)
	return nil
}

// refuseCopy refuses to begin with the copy that results keep of their input: a run of its own would
// do the same people a second time.
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
	return fault.Usage("to go on with them: "+results.GoOnCommand(&m, path, "--resume"),
		"%s is what the results %s keep of their input: a run of its own would reset the same people a second time", t.paths.input, path)
}

// refuseSamePeople refuses to begin under another date what the results of an earlier one were
// about: by a plan of this input, by the input of this plan, or by another plan of the same.
func (t *target) refuseSamePeople(m *results.Manifest, path string) error {
	if m.Input.SHA256 == t.survey.SHA256 || results.OriginOf(m, path) != t.origin() || m.Finished && results.Changed(m) == 0 {
		return nil
	}
	hint := "is it the input of today? To do the same again on purpose, name other results with -o, without a date"
	if !results.Settled(m) {
		hint = "they aren't complete; to go on with them: " + results.GoOnCommand(m, path, "--resume")
	}
	return fault.Usage(hint, "%s names the same people as %s, made of %s: nobody is reset a second time under another date", t.paths.shown, path, m.Input.File)
}
