package results

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"oktareset/runner"
	"oktareset/runner/fault"
	"oktareset/runner/files"
	"oktareset/runner/table"
)

// Strange says what is at the path of results whose manifest can't be read.
func Strange(path string) (what, hint string) {
	_, err := os.Lstat(path)
	_, journalErr := os.Lstat(JournalPath(path))
	switch {
	case err != nil && journalErr == nil:
		return "there is the journal of a run, and its manifest can't be read", "put its .json back: without it nothing says what that run did, and a " +
			"new run with another -o may reset its users a second time"
	case isOurs(path):
		return "it has the header of results or of a plan, and its manifest can't be read", "put its .json back: without it nothing says what that run did, and a " +
			"new run with another -o may reset its users a second time"
	case errors.Is(err, fs.ErrNotExist):
		return "it can't be read as the manifest of results", files.HintExists
	}
	return "oktareset didn't write it", files.HintExists
}

// OriginOf returns the SHA-256 of the file that first named the users of results. Results of an
// earlier version don't record their plan: it is looked for beside them.
func OriginOf(m *Manifest, path string) string {
	if m.Plan == nil {
		plan, err := ReadManifest(filepath.Join(filepath.Dir(path), filepath.Base(m.Input.File)))
		if err == nil && plan.DryRun && plan.Result != nil && plan.Result.SHA256 == m.Input.SHA256 {
			return plan.Origin()
		}
	}
	return m.Origin()
}

// Settled reports whether no row of results is open.
func Settled(m *Manifest) bool { return m.Finished && !m.Counts.Open() }

// RefuseUnfinished refuses to read results while their run works, or after it broke off: then
// only its journal counts, which only a resume reads. Results beside that journal are outdated.
func RefuseUnfinished(m *Manifest, path string) error {
	if m.Finished {
		return nil
	}
	what, hint := "results are", "let its run end; if it has broken off, resume it: "+GoOnCommand(m, path, "--resume")
	if m.DryRun {
		what = "plan is"
	}
	if m.Sandbox {
		hint = "let its run end; if it has broken off, rehearse again"
	}
	return fault.Usage(hint, "%s isn't finished: the %s written when the run ends", path, what)
}

// RunText returns words for the last run.
func RunText(m *Manifest) string { return "run " + m.Run().RunID }

// RunsText returns words for all runs, as "run 20…" or "2 runs, the first 20…".
func RunsText(m *Manifest) string {
	if n := len(m.Runs); n > 1 {
		return fmt.Sprintf("%d runs, the first %s", n, m.Runs[0].RunID)
	}
	return RunText(m)
}

// NoManifest is the error of whoever reads results or a plan and finds no manifest of the file: it
// says what the file is.
func NoManifest(path string) error {
	switch kindAt(path) {
	case table.KindRecords:
		return fault.Usage("keep the .json beside it, as the run left it",
			"%q has no manifest %q, which says of which org it is, by whom and with whose consent", path, ManifestPath(path))
	case table.KindAudit:
		return fault.Usage(hintResults, "%q is an audit, neither results nor a plan", path)
	case table.KindAfter:
		return fault.Usage(hintResults, "%q is a list of who is back, neither results nor a plan", path)
	case table.KindNotify:
		return fault.Usage(hintResults, "%q is a list of mails, neither results nor a plan", path)
	}
	return fault.Usage(hintResults, "%q is neither results nor a plan: no reset wrote it", path)
}

// isOurs reports whether a file has the header of results or of a plan, even after a spreadsheet
// has saved it.
func isOurs(path string) bool { return kindAt(path) == table.KindRecords }

// kindAt tells by its header what a file is.
func kindAt(path string) table.Kind {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return table.KindOther
	}
	f, err := os.Open(path)
	if err != nil {
		return table.KindOther
	}
	defer f.Close() //nolint:errcheck // only read
	in, err := table.NewReader(f, table.ReaderOptions{})
	if err != nil {
		return table.KindOther
	}
	header, _ := in.Header()
	return table.KindOf(header)
}

// Changed returns how many users were or may have been changed, according to the results.
func Changed(m *Manifest) int {
	users := 0
	for status, n := range m.Counts {
		if status.MayBeChanged() {
			users += n
		}
	}
	return users
}

// NoResults returns an error unless a file certainly isn't results without their manifest.
func NoResults(path string) error {
	unsure := func(why string) error {
		return fault.Usage("put its .json back beside it, or move it out of the folder once nobody in it can be reset again by mistake",
			"%s may be the results of an earlier date, but %s", path, why)
	}
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return unsure("its manifest isn't there, only its journal")
	}
	info, err := os.Stat(path)
	if err != nil {
		return unsure("it can't be read: " + err.Error())
	}
	if !info.Mode().IsRegular() { // results are always regular files
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return unsure("it can't be read: " + err.Error())
	}
	defer f.Close() //nolint:errcheck // only read
	in, err := table.NewReader(f, table.ReaderOptions{})
	if errors.Is(err, table.ErrEmpty) {
		return unsure("it is empty")
	}
	if broken := (*table.Error)(nil); errors.As(err, &broken) { // not a CSV
		return nil
	}
	if err != nil {
		return unsure("it can't be read: " + err.Error())
	}
	if header, _ := in.Header(); table.KindOf(header) == table.KindRecords {
		return unsure("its manifest isn't there")
	}
	return nil
}

// Open says which rows are left to a later run, or "" if all are settled.
func Open(m *Manifest) string {
	if Settled(m) {
		return ""
	}
	if !m.Finished {
		return "its run broke off"
	}
	var texts []string
	for _, kind := range []struct {
		n    int
		text string
	}{
		{m.Counts[runner.StatusNotAttempted], "not attempted"},
		{m.Counts[runner.StatusPartial], "half done"},
		{m.Counts[runner.StatusUnknown] + m.Counts[runner.StatusTaken], "in doubt"},
	} {
		if kind.n > 0 {
			texts = append(texts, fmt.Sprintf("%d %s", kind.n, kind.text))
		}
	}
	return strings.Join(texts, ", ")
}
