package results

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"oktareset/runner"
	"oktareset/runner/console"
	"oktareset/runner/files"
)

// This file says what is in the place where a run would write its results, and what to do about
// it. Most of what people might do then resets people a second time: a new name with -o, a move,
// a new plan. So every message about results that changed somebody says so.

// The hints for a file in the way.
const (
	// without "move it away": once the results are gone, nothing stops the next run
	hintOtherFile   = "choose another file with -o"
	hintNothingReal = "nobody real was touched by it: choose another file with -o, or move it away"
	HintSecondTime  = "a new run with another -o would reset them a second time"
)

// Wanted is a run that wants to write its results at a path.
type Wanted struct {
	Path    string
	DryRun  bool
	Input   string // the name of its input; "" without one
	SHA256  string // of its input
	Plan    bool   // its input is a plan
	Origin  string // SHA-256 of the file that first named its users
	SameOrg func(*Manifest) bool
	// has the commands that are made from a manifest use the flags of this execution, if they are for
	// its org, and returns it
	Reach func(*Manifest) *Manifest
}

// InTheWay says what is at the path, and what to do about it.
func (w *Wanted) InTheWay() (what, hint string) {
	path := w.Path
	m, err := ReadManifest(path)
	_, statErr := os.Lstat(path)
	missing := errors.Is(statErr, fs.ErrNotExist)
	if _, journalErr := os.Lstat(JournalPath(path)); m.Journal != nil && journalErr == nil {
		missing = false
	}
	switch {
	case err == nil && missing:
		return alone(&m)
	case err != nil:
		return Strange(path)
	}
	w.Reach(&m)
	switch {
	case m.Sandbox:
		return "it belongs to a rehearsal", hintNothingReal
	case m.DryRun:
		return w.plan(&m)
	case !w.SameOrg(&m):
		return fmt.Sprintf("the results of %s in another org, %s", RunText(&m), m.Org), hintOtherFile
	}
	return w.results(&m)
}

// alone is for a manifest without its results or its journal.
func alone(m *Manifest) (what, hint string) {
	if m.Sandbox || m.DryRun || m.Consent.How == "" || m.Consent.How == ConsentNone {
		return "the manifest of a run that changed nobody, without its results", hintNothingReal
	}
	if m.Journal != nil {
		return "the manifest of " + RunText(m) + ", whose journal isn't there",
			"put the journal back: it says whom the run reset, and a new run with another -o may reset those users a second time"
	}
	return "the manifest of " + RunText(m) + ", whose results aren't there",
		"put the results back: they say whom it reset, and a new run with another -o may reset those users a second time"
}

// plan is for a plan in the way.
func (w *Wanted) plan(m *Manifest) (what, hint string) {
	what = "a plan of " + console.Plural(m.Counts[runner.StatusWouldReset], "user")
	if _, command := NotPlanned(m, w.Path); command != "" && w.DryRun && m.Input.SHA256 == w.SHA256 {
		return what + " that isn't complete", "for a new plan, choose another file with -o, or move this one away; to complete this one: " + command
	}
	return what, files.HintExists
}

// results is for the results of a real run in this org.
func (w *Wanted) results(m *Manifest) (what, hint string) {
	what = "the results of " + RunText(m)
	goOn := "to resume it: " + GoOnCommand(m, w.Path, "--resume")
	failed := m.Counts[runner.StatusFailed] + m.Counts[runner.StatusForbidden]
	switch {
	case Settled(m) && failed > 0:
		goOn = "to do only what failed: " + GoOnCommand(m, w.Path, "--retry", "failed,forbidden")
	case Settled(m):
		goOn = ""
	}
	then := func(text string) string { // a command stands at the end of a hint, where it can be pasted
		if goOn == "" {
			return "nothing is left to do; " + text
		}
		return text + "; " + goOn
	}
	n := Changed(m)
	did := ", which reset " + console.Plural(n, "user")
	if !m.Finished {
		did = ", which broke off and may have reset users"
	}
	switch {
	case w.DryRun:
		return what + did, hintOtherFile
	case m.Finished && n == 0:
		return what + ", which reset nobody", then(hintOtherFile)
	case m.Input.SHA256 == w.SHA256 && m.GivenUsers() != "" && Settled(m) && failed == 0:
		return what + did + " of this very input", "that run is complete. To reset " + these(m.Input.Rows) + " once more: " + onceMoreCommand(m, w.Path)
	case m.Input.SHA256 == w.SHA256:
		return what + did + " of this very input", then(HintSecondTime)
	case OriginOf(m, w.Path) == w.Origin && !w.Plan, m.Origin() == w.Origin && m.Plan != nil:
		return what + did + " of this very input, by the plan " + m.Input.File, then(HintSecondTime)
	case m.Origin() == w.Origin:
		return what + did + " of " + m.Input.File + ", the file that this plan was made from", then(HintSecondTime)
	}
	if m.Input.File == filepath.Base(w.Input) && w.Input != "" {
		return what + did + "; " + m.Input.File + " has changed since that run",
			"restore the file as it was, or put only the users to retry into a new file, with another -o: whoever is in both is reset a second time"
	}
	return what + did + " of another input, " + m.Input.File, "for other users, choose another file with -o: whoever is in both inputs is then reset a second time"
}

func these(users int) string {
	if users == 1 {
		return "this user"
	}
	return "these users"
}
