package command

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/ledger"
)

const hintExists = "choose another file with -o, or move it away"

// paths are the files of a run.
type paths struct {
	input   string // the file that is read, and copied; "" for stdin, --user and the copy of an earlier run
	shown   string // what messages call the input
	results string
	pattern datePattern // what --output says of results
}

// newRunID names a run in the ledger, the manifest and every request's User-Agent: its UTC start and six random digits.
func newRunID() string {
	var b [3]byte
	_, _ = rand.Read(b[:]) // it never fails
	return time.Now().UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(b[:])
}

// shownStdin is what messages and the manifest call an input that comes from stdin.
const shownStdin = "stdin"

// choosePaths puts the results beside the input: users.csv gives users.results.csv, or users.plan.csv for a dry run.
func (r *resetRun) choosePaths() (paths, error) {
	p := paths{input: r.opts.file, shown: r.opts.file}
	if err := r.expandOutput(&p); err != nil {
		return p, err
	}
	base := p.input
	switch {
	case p.input == "-":
		base, p.input, p.shown = shownStdin, "", shownStdin
	case len(r.opts.users) > 0:
		base, p.shown = fileName(r.opts.users), "--user"
	}
	if p.results == "" {
		p.results = r.opts.resultsBeside(base)
	}
	if p.input != "" && sameFile(p.input, p.results) {
		return p, fault.Usage("choose another file with -o", "the results would overwrite the input %s", p.input)
	}
	if p.input != "" && !r.opts.resume && sameFile(p.input, ledger.CopyPath(p.results)) {
		return p, fault.Usage("choose other results with -o; or go on with them: --resume -o "+console.ShellQuote(p.results),
			"the input %s has the name of the copy that the run would make", p.input)
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
		return fault.Usage("for that file, write -o "+console.ShellQuote(plainPattern(r.opts.output)), "--output %q is a pattern, for %q today, but also a file that is there",
			r.opts.output, p.results)
	}
	if folder := filepath.Dir(p.results); folder != "." {
		if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
			return fault.Usage("make it, or check that it is mounted", "the folder %q for the results isn't there", folder)
		}
	}
	return nil
}

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
