package results

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"oktareset/runner/console"
	"oktareset/runner/fault"
)

// ReadWhole reads the manifest of results that are compared with their org. It refuses a plan, a
// rehearsal, results whose run hasn't ended, and those that aren't as their run left them. reach
// are the flags by which this execution reaches the org.
func ReadWhole(path string, reach console.OrgFlags) (Manifest, error) {
	m, err := ReadEnded(path, reach)
	if err == nil && m.Sandbox {
		return m, fault.Usage("rehearse against oktareset sandbox: its org, and its log, stay until it is stopped",
			"%s is from the stand-in org of --sandbox, which ended with the run, and its log with it", path)
	}
	return m, err
}

// ReadEnded is [ReadWhole] for results that may be those of a rehearsal.
func ReadEnded(path string, reach console.OrgFlags) (Manifest, error) {
	m, err := ReadManifest(path)
	if missing := Missing(path); missing != nil && (err != nil || m.Finished) {
		return m, missing
	}
	if errors.Is(err, fs.ErrNotExist) {
		return m, NoManifest(path)
	}
	if err != nil {
		return m, err
	}
	m.ReachBy(reach)
	switch {
	case m.DryRun:
		return m, fault.Usage("give the results of the run that carried it out", "%s is a plan: it changed nobody", path)
	case m.Finished && m.Result == nil:
		return m, fault.Usage("put back the results and the manifest as the run left them", "the manifest of %s has no SHA-256 of it", path)
	}
	if err := RefuseUnfinished(&m, path); err != nil {
		return m, err
	}
	return m, Unchanged(&m, path)
}

// Missing returns an error if no file is at the path of results.
func Missing(path string) error {
	_, err := os.Stat(path)
	switch _, manifestErr := os.Stat(ManifestPath(path)); {
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("read the results: %w", err)
	case manifestErr == nil:
		return fault.Usage("put it back as the run left it", "%q isn't there, only its manifest %q", path, ManifestPath(path))
	}
	return fault.Usage(hintResults, "%q isn't there", path)
}

// hintResults says which file is meant by results.
const hintResults = "give the .csv that reset wrote, as users.results.csv, with its .json beside it"

// Unchanged refuses results that aren't as their run left them.
func Unchanged(m *Manifest, path string) error {
	sum, err := FileSHA256(path)
	if err != nil {
		return err
	}
	if sum == m.Result.SHA256 {
		return nil
	}
	return fault.Usage("put back the file as the run left it; a spreadsheet that saved it has changed it",
		"%s was changed since its run ended: its SHA-256 isn't the one that the manifest has", path)
}
