package protect

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"oktareset/runner"
	"oktareset/runner/fault"
	"oktareset/runner/files"
	"oktareset/runner/results"
	"oktareset/runner/steps"
)

// A user left alone by a run stays so until its last row is settled. Before its first change, a
// run saves beside its results whom the files name and which users these are at Okta. A resume
// protects them and the users of the files that it gets.

// lookUpLasts is how long a look-up counts. Later, a login may belong to somebody else.
const lookUpLasts = 24 * time.Hour

// maxKept limits the size of a file with saved exclusions, in bytes: far more than a million
// users need.
const maxKept = 1 << 29

// keptExclusions is what is saved of the files of --exclude.
type keptExclusions struct {
	Format string     `json:"format"`
	Files  []keptFile `json:"files"`
}

const keptFormat = "oktareset exclusions 1"

type keptFile struct {
	Path       string     `json:"file"`
	SHA256     string     `json:"sha256"`
	Column     string     `json:"column"`
	Mail       bool       `json:"mail,omitempty"`
	LookedUpAt time.Time  `json:"looked_up_at"`
	Lines      []keptLine `json:"lines"`
}

type keptLine struct {
	Line  int                  `json:"line"`
	Names []string             `json:"names"`
	Users []steps.ExcludedUser `json:"users,omitempty"`
}

// keptPath returns where the exclusions are saved, beside the results.
func keptPath(path string) string { return results.Stem(path) + ".exclude.json" }

// Keep saves beside the results at path who is left alone. Call it before the first change.
func (p *Files) Keep(path string) error {
	if p.Empty() {
		return Drop(path)
	}
	kept := keptExclusions{Format: keptFormat}
	for _, f := range p.files {
		k := keptFile{Path: f.path, SHA256: f.sha256, Column: f.column, Mail: f.Mail, LookedUpAt: f.lookedUpAt.UTC()}
		for _, l := range f.Lines {
			line := keptLine{Line: l.Line, Users: l.Users}
			for _, id := range l.Names {
				line.Names = append(line.Names, id.Value)
			}
			k.Lines = append(k.Lines, line)
		}
		kept.Files = append(kept.Files, k)
	}
	if _, err := readKept(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fault.Usage(files.HintExists, "keep who is excluded: %w", err)
	}
	err := files.Replace(keptPath(path), func(w io.Writer) error { return json.NewEncoder(w).Encode(kept) })
	if err != nil {
		return fmt.Errorf("keep who is excluded: %w", err)
	}
	return nil
}

// Drop removes what [Files.Keep] saved beside the results, if the file is ours.
func Drop(path string) error {
	if _, err := readKept(path); err != nil {
		return nil //nolint:nilerr // there is nothing of ours
	}
	if err := os.Remove(keptPath(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the exclusions that were kept: %w", err)
	}
	return nil
}

// readKept reads what [Files.Keep] saved beside the results.
func readKept(path string) (kept keptExclusions, err error) {
	path = keptPath(path)
	f, err := files.Open(path, files.Rule{Max: maxKept, Ours: true, Private: true})
	if err != nil {
		return kept, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	err = json.NewDecoder(io.LimitReader(f, maxKept)).Decode(&kept)
	if err != nil || kept.Format != keptFormat {
		return kept, fmt.Errorf("%q isn't what a run has kept of its exclusions", path)
	}
	return kept, nil
}

// Unite adds the files that earlier runs of these results saved to the given ones. A file whose
// users an earlier run left alone, and that is in neither, has to be given again.
func (p *Files) Unite(path string, runs []results.Run) error {
	kept, err := readKept(path)
	// users that the file no longer names would not be left alone
	if _, others := errors.AsType[*files.RefusedError](err); others {
		return fault.Refused(err)
	}
	if err == nil {
		for _, k := range kept.Files {
			if f := k.file(); f.users() >= k.recorded(runs) {
				p.add(f)
			}
		}
	}
	for i := range runs {
		for _, x := range runs[i].Exclusions() {
			if !p.excludes(x.SHA256, &runs[i]) {
				return fault.Usage("give it again, unchanged, with the same --exclude-column; put others who are to be left alone into a further --exclude FILE",
					"an earlier run left the users of %q alone: who they are isn't kept, and no --exclude names a file with the same content (SHA-256 %s)", x.Path, x.SHA256)
			}
		}
	}
	return nil
}

// recorded returns how many users earlier runs found in a file, according to the manifest.
func (k *keptFile) recorded(runs []results.Run) int {
	users := 0
	for _, run := range runs {
		for _, x := range run.Exclude {
			if x.SHA256 == k.SHA256 && x.Column == k.Column {
				users = max(users, x.Users)
			}
		}
	}
	return users
}

// excludes reports whether the users of a file from an earlier run are left alone.
func (p *Files) excludes(hash string, run *results.Run) bool {
	return slices.ContainsFunc(p.files, func(f file) bool {
		return f.sha256 == hash && (!f.lookedUpAt.IsZero() || run.Options["exclude-column"] == p.column)
	})
}

// file returns the file with the users that were found when it was saved. If the look-up is less
// than a day old, it isn't repeated.
func (k *keptFile) file() file {
	f := file{path: k.Path, sha256: k.SHA256, column: k.Column, lookedUpAt: k.LookedUpAt}
	age := time.Since(k.LookedUpAt)
	f.ExcludedFile = steps.ExcludedFile{Path: k.Path, Mail: k.Mail, LookedUp: age >= 0 && age < lookUpLasts}
	for _, l := range k.Lines {
		line := steps.ExcludedLine{Line: l.Line, Users: l.Users}
		for _, name := range l.Names {
			if id, reason := runner.ParseIdentifier(name); reason == "" {
				line.Names = append(line.Names, id)
			}
		}
		f.Lines = append(f.Lines, line)
	}
	return f
}

// add adds a file that an earlier run saved. The users that were found then are left alone,
// whatever the file names now.
func (p *Files) add(f file) {
	i := slices.IndexFunc(p.files, func(given file) bool {
		return given.sha256 == f.sha256 && given.column == f.column && given.lookedUpAt.IsZero()
	})
	if i < 0 {
		p.files = append(p.files, f)
		return
	}
	f.path, f.Path = p.files[i].path, p.files[i].path
	p.files[i] = f
}
