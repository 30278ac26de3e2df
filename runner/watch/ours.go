package watch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"oktareset/runner/evidence"
	"oktareset/runner/results"
)

// ownRuns knows the runs of an org whose manifests are at hand.
type ownRuns struct {
	paths []string // results files, manifests, or folders of them
	org   string   // host
	orgID string   // "": it isn't known
	runs  evidence.Runs
}

// load reads the manifests. A folder's files that aren't one are passed over.
func (o *ownRuns) load() error {
	runs := make(evidence.Runs)
	for _, path := range o.paths {
		info, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("read --runs: %w", err)
		}
		if !info.IsDir() {
			if err := o.read(runs, path); err != nil {
				return fmt.Errorf("read --runs: %w", err)
			}
			continue
		}
		entries, err := os.ReadDir(path)
		if err != nil {
			return fmt.Errorf("read --runs: %w", err)
		}
		for _, e := range entries {
			if e.Type().IsRegular() && strings.HasSuffix(e.Name(), ".json") {
				_ = o.read(runs, filepath.Join(path, e.Name()))
			}
		}
	}
	o.runs = runs
	return nil
}

// read reads the manifest of a results file, or a manifest.
func (o *ownRuns) read(runs evidence.Runs, path string) error {
	if base, ok := strings.CutSuffix(path, ".json"); ok {
		path = base + ".csv"
	}
	m, err := results.ReadManifest(path)
	if err != nil || !m.SameOrg(o.org, o.orgID) || m.DryRun {
		return err
	}
	runs.Add(&m)
	return nil
}

// made reports whether one of the runs did something. A run that isn't known may have begun since the
// manifests were read.
func (o *ownRuns) made(by evidence.Source) bool {
	if by.RunID == "" {
		return false
	}
	if o.runs.Made(by) {
		return true
	}
	if err := o.load(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	return o.runs.Made(by)
}
