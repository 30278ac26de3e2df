package command

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"oktareset/runner/ledger"
	"oktareset/runner/roster"
)

const hintExists = "choose another file with -o, or move it away"

// paths are the files of a run.
type paths struct {
	input   string // what is read
	shown   string // what the user calls it
	keep    string // where stdin or the --user values are kept, which is then the input; "" for a file
	results string
	pattern datePattern // what --output says of results
}

// newRunID names a run in the ledger, the manifest and every request's User-Agent: its UTC start and six random digits.
func newRunID() string {
	var b [3]byte
	_, _ = rand.Read(b[:]) // it never fails
	return time.Now().UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(b[:])
}

// choosePaths puts the results beside the input: users.csv gives users.results.csv, or users.plan.csv for a dry run.
func (r *resetRun) choosePaths() (paths, error) {
	p := paths{input: r.opts.file, shown: r.opts.file}
	if err := r.expandOutput(&p); err != nil {
		return p, err
	}
	base := p.input
	switch {
	case p.input == "-":
		base, p.shown = "stdin", "stdin"
	case p.input == "":
		base, p.shown = fileName(r.opts.users), "--user"
	}
	if p.results == "" {
		p.results = r.opts.resultsBeside(base)
	}
	if p.input == "" || p.input == "-" {
		p.keep = keepPath(p.results)
		p.input = p.keep
		return p, nil
	}
	if sameFile(p.input, p.results) {
		return p, usageError("choose another file with -o", "the results would overwrite the input %s", p.input)
	}
	return p, nil
}

// expandOutput puts the date of the run's start into --output.
func (r *resetRun) expandOutput(p *paths) (err error) {
	if r.opts.output == "" {
		return nil
	}
	if p.results, p.pattern, err = expandDate(r.opts.output, r.start); err != nil {
		return err
	}
	// A name with % that an earlier version, or somebody's shell, took as it is.
	if _, err := os.Lstat(r.opts.output); err == nil && p.results != r.opts.output {
		return usageError("for that file, write -o "+shellQuote(plainPattern(r.opts.output)), "--output %q is a pattern, for %q today, but also a file that is there",
			r.opts.output, p.results)
	}
	if folder := filepath.Dir(p.results); folder != "." {
		if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
			return usageError("make it first, or look whether it is mounted", "the folder %q for the results isn't there", folder)
		}
	}
	return nil
}

// keepPath is where stdin or the --user values are kept beside results.
func keepPath(results string) string { return stem(results) + ".input.csv" }

// stem is a path without the endings that this program and its users put on it.
func stem(path string) string {
	for _, ending := range []string{".csv", ".txt", ".tsv"} {
		if s := strings.TrimSuffix(path, ending); len(s) < len(path) {
			path = s
			break
		}
	}
	return strings.TrimSuffix(path, ".plan")
}

// fileName makes a name for the files of a run over --user values: the first of them, made safe, and how many more.
func fileName(users []string) string {
	safe := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("@._+-", r) {
			return r
		}
		return '_'
	}, users[0])
	safe = "user-" + safe[:min(len(safe), 60)]
	if len(users) > 1 {
		safe += fmt.Sprintf("-and-%d-more", len(users)-1)
	}
	return safe
}

func sameFile(a, b string) bool {
	ia, err1 := os.Stat(a)
	ib, err2 := os.Stat(b)
	return filepath.Clean(a) == filepath.Clean(b) || err1 == nil && err2 == nil && os.SameFile(ia, ib)
}

// keepInput writes stdin or the --user values to a file: what a run is about must still be there when it has ended.
func (r *resetRun) keepInput() error {
	if r.paths.keep == "" {
		return nil
	}
	if m, err := ledger.ReadManifest(r.paths.results); err == nil && m.Sandbox && r.opts.sandbox {
		_ = os.Remove(r.paths.keep) // a rehearsal's output may be replaced; if it can't be, keeping says so
	}
	if r.opts.resume {
		if kept, err := r.keptInput(); err != nil || kept {
			return err
		}
	}
	var in io.Reader = r.Stdin
	if r.opts.file == "" {
		var b bytes.Buffer
		if err := roster.WriteUsers(&b, r.opts.users); err != nil {
			return err
		}
		in = &b
	}
	err := roster.Keep(in, r.paths.keep)
	if errors.Is(err, fs.ErrExist) {
		return hinted{fmt.Errorf("%q, the input of an earlier run, exists already", r.paths.keep), hintExists}
	}
	r.kept = err == nil
	return err
}

// removeInput removes the kept input of a run that was refused, or has gone on with results that have their own: no ledger needs it.
func (r *resetRun) removeInput(err error) error {
	if own := keepPath(r.paths.results); r.paths.keep != "" && r.paths.keep != own {
		if _, err := os.Lstat(own); errors.Is(err, fs.ErrNotExist) {
			return os.Rename(r.paths.keep, own)
		}
		return removeIfThere(r.paths.keep)
	}
	if !r.kept || err == nil {
		return nil
	}
	if _, statErr := os.Lstat(r.paths.results); !os.IsNotExist(statErr) {
		return nil
	}
	return removeIfThere(r.paths.keep)
}

// removeIfThere removes a file. That somebody else has done so is as good.
func removeIfThere(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
