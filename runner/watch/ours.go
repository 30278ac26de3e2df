package watch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"oktareset/runner/results"
)

// ownRuns knows the runs of an org whose manifests are at hand.
type ownRuns struct {
	paths []string            // results files, manifests, or folders of them
	org   string              // host
	orgID string              // "": it isn't known
	runs  map[string][]string // by run id: IDs of the accounts that it used
}

// load reads the manifests. A folder's files that aren't one are passed over.
func (o *ownRuns) load() error {
	runs := make(map[string][]string)
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
func (o *ownRuns) read(runs map[string][]string, path string) error {
	if base, ok := strings.CutSuffix(path, ".json"); ok {
		path = base + ".csv"
	}
	m, err := results.ReadManifest(path)
	if err != nil || !m.SameOrg(o.org, o.orgID) || m.DryRun {
		return err
	}
	for _, run := range m.Runs {
		actor := run.Actor.ID
		if actor == "" {
			actor = m.Actor.ID
		}
		runs[run.RunID] = append(runs[run.RunID], actor)
	}
	return nil
}

// made reports whether the run with an id made a change in the name of an account. A run that
// isn't known may have begun since the manifests were read.
func (o *ownRuns) made(id, actor string) bool {
	if id == "" {
		return false
	}
	if o.knows(id, actor) {
		return true
	}
	if err := o.load(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	return o.knows(id, actor)
}

func (o *ownRuns) knows(id, actor string) bool {
	for _, known := range o.runs[id] {
		if known == actor {
			return true
		}
	}
	return false
}
