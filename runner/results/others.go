package results

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"oktareset/runner/fault"
	"oktareset/runner/files"
)

// This file keeps a run from resetting the people of other results a second time, where those
// results aren't in the way of its own.

// Usual returns where runs write results if they get the input, or a file that led to it: for the
// plan, the one that it was made from. plan is its manifest; nil: the input is no plan. The path
// of these results isn't among them.
func (w *Wanted) Usual(input string, plan *Manifest) (usual []string) {
	led := []string{input}
	if plan != nil { // it has only the names, of files that are usually beside it
		for _, name := range []string{plan.Input.File, plan.AsPlan().File} {
			led = append(led, filepath.Join(filepath.Dir(input), filepath.Base(name)))
		}
	}
	for _, path := range led {
		path = Beside(path, false, false)
		if !files.SameFile(path, w.Path) && !slices.Contains(usual, path) {
			usual = append(usual, path)
		}
	}
	return usual
}

// Again reports whether the results at a path are about the people of this run, and changed them
// or may have.
func (w *Wanted) Again(m *Manifest, path string) bool {
	return OriginOf(m, path) == w.Origin && !(m.Finished && Changed(m) == 0)
}

// RefuseCopy refuses to begin with the copy of the input that results keep: a run of its own
// would reset the same people a second time.
func (w *Wanted) RefuseCopy(input string) error {
	base, ok := strings.CutSuffix(input, ".input.csv")
	if !ok || w.DryRun {
		return nil
	}
	path := base + ".csv"
	m, err := ReadManifest(path)
	if err != nil || m.DryRun || m.Sandbox || m.Input.SHA256 != w.SHA256 {
		return nil //nolint:nilerr // it is the copy of nothing
	}
	return fault.Usage("to resume them: "+GoOnCommand(w.Reach(&m), path, "--resume"),
		"%s is what the results %s keep of their input: a run of its own would reset the same people a second time", input, path)
}

// RefuseSamePeople refuses to begin under another date what earlier results were about: by a plan
// of this input, by the input of this plan, or by another plan of the same. shown is the input's
// name in messages.
func (w *Wanted) RefuseSamePeople(m *Manifest, path, shown string) error {
	if m.Input.SHA256 == w.SHA256 || !w.Again(m, path) {
		return nil
	}
	hint := "is it the input of today? To do the same again on purpose, name other results with -o, without a date"
	if !Settled(m) {
		hint = "they aren't complete; to resume them: " + GoOnCommand(w.Reach(m), path, "--resume")
	}
	return fault.Usage(hint, "%s names the same people as %s, made from %s: nobody is reset a second time under another date", shown, path, m.Input.File)
}

// MismatchHint says what to do if a run can't resume the results because it is of another kind,
// as org or steps. want is what the results belong to, got what the run has.
func (w *Wanted) MismatchHint(kind, want, got string) string {
	m, err := ReadManifest(w.Path)
	dropped := DroppedFlag(&m)
	switch {
	case err != nil, kind == "kind", kind == "input":
	case kind == "steps" && dropped != "" && m.DryRun:
		return "make the plan again: reset has no " + dropped + " any more"
	case kind == "steps" && dropped != "":
		return fmt.Sprintf("finish it with the version that began it (%s): reset has no %s any more", m.Runs[0].Version, dropped)
	case kind == "steps" && m.DryRun:
		return "give the flags that the plan was made with: " + GoOnCommand(w.Reach(&m), w.Path, "--resume")
	case kind == "steps":
		return HintSecondTime + "; give the flags that it was started with: " + GoOnCommand(w.Reach(&m), w.Path, "--resume")
	case kind == "org":
		return fmt.Sprintf("resume in the org %s; for %s, name other results with -o", want, got)
	}
	_, hint := w.InTheWay()
	return hint
}
