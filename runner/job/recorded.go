package job

import (
	"fmt"
	"path/filepath"
	"runtime"

	"oktareset/runner/results"
)

// This file says when the consent that results record is enough for a resume. Results and manifest
// are judged when they are opened: others neither wrote them nor can change them. That they stay
// the ones that this user's runs left is a matter of their folder.

// covered reports whether the recorded consent is enough: it is for everybody who certainly wasn't
// reset, but not for those who may have been.
func (r *resetRun) covered() bool {
	return r.recorded() && len(r.resend) == 0 && r.inPlace()
}

// recorded reports whether earlier runs had the consent of a person or of a flag.
func (r *resetRun) recorded() bool {
	if !r.resumed {
		return false
	}
	how := r.book.Consent().How
	return how == results.ConsentPrompt || how == results.ConsentConfirm
}

// inPlace reports whether others can't have put other results in place of those that the earlier
// runs left. Windows doesn't tell that by modes: there, somebody has to be at the terminal.
func (r *resetRun) inPlace() bool {
	return r.folder.Trusted || runtime.GOOS == "windows" && r.Terminal
}

// whyAgain says why the recorded consent isn't enough; "" if there is none.
func (r *resetRun) whyAgain() string {
	if !r.recorded() || r.inPlace() {
		return ""
	}
	return fmt.Sprintf("the consent of the earlier runs doesn't count, as the folder %q %s", filepath.Dir(r.paths.results), r.folder.Message)
}

// because puts a reason behind a sentence.
func because(why string) string {
	if why == "" {
		return ""
	}
	return "; " + why
}

// warnOfFolder says once that the consent of earlier runs is taken from a folder that a group may
// change.
func (r *resetRun) warnOfFolder() {
	if r.recorded() && r.folder.Trusted && r.folder.Shared && !r.opts.Confirm.Given() {
		r.Console.Warn("everybody in the group of the folder %q can replace the results in it, and the consent that they record: chmod g-w it, or give --confirm",
			filepath.Dir(r.paths.results))
	}
}
