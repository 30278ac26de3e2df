package job

import (
	"fmt"
	"path/filepath"
	"runtime"

	"oktareset/runner/results"
)

// This file says when the recorded consent is enough for a resume. Results and manifest are
// judged when they are opened: others neither wrote them nor can change them. Their folder
// decides whether they are still the ones that this user's runs left.

// covered reports whether the recorded consent is enough: it covers users who certainly weren't
// reset, but not those who may have been, nor a phone number that only this run replaces.
func (d *due) covered() bool {
	return d.recorded() && !d.wider && len(d.resend) == 0 && d.inPlace()
}

// recorded reports whether earlier runs had consent from a person or a flag.
func (d *due) recorded() bool {
	if !d.resumed {
		return false
	}
	how := d.past.consent.How
	return how == results.ConsentPrompt || how == results.ConsentConfirm
}

// inPlace reports whether nobody else can have replaced the results of the earlier runs. Windows
// has no modes that show it: there, somebody has to be at the terminal.
func (d *due) inPlace() bool {
	return d.folder.Trusted || runtime.GOOS == "windows" && d.Terminal
}

// whyAgain says why the recorded consent isn't enough; "" if there is none.
func (d *due) whyAgain() string {
	switch {
	case !d.recorded():
		return ""
	case d.wider:
		return "the consent of the earlier runs wasn't for replacing phone numbers"
	case d.inPlace():
		return ""
	}
	return fmt.Sprintf("the consent of the earlier runs doesn't count, as the folder %q %s", filepath.Dir(d.paths.results), d.folder.Message)
}

// warnOfFolder warns once that the recorded consent comes from a folder that a group may change.
func (d *due) warnOfFolder() {
	if d.recorded() && d.folder.Trusted && d.folder.Shared && !d.opts.Confirm.Given() {
		d.Console.Warn("everybody in the group of the folder %q can replace the results in it, and the consent that they record: chmod g-w it, or give --confirm",
			filepath.Dir(d.paths.results))
	}
}
