//go:build unix

package ledger

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"oktareset/runner/files"
	"oktareset/runner/results"
)

// Consent belongs to this user: a resume accepts no files that others wrote or can change, and
// leaves them as they are.
func TestResumeTakesItsOwnFilesOnly(t *testing.T) {
	t.Parallel()
	chown := func(path string) error { return os.Chown(path, 4711, -1) }
	link := func(path string) error {
		return errors.Join(os.Rename(path, path+".real"), os.Symlink(path+".real", path))
	}
	for name, tt := range map[string]struct {
		do   func(string) error
		want string
		root bool
	}{
		"another user's":            {do: chown, want: "another user", root: true},
		"a group may write":         {do: func(p string) error { return os.Chmod(p, 0o660) }, want: "can be changed by others"},
		"all may write":             {do: func(p string) error { return os.Chmod(p, 0o606) }, want: "can be changed by others"},
		"a second name":             {do: func(p string) error { return os.Link(p, p+".2") }, want: "has 2 names"},
		"a link":                    {do: link, want: "is a link"},
		"a pipe":                    {do: func(p string) error { return errors.Join(os.Remove(p), syscall.Mkfifo(p, 0o600)) }, want: "is a pipe"},
		"without end":               {do: func(p string) error { return errors.Join(os.Remove(p), os.Symlink("/dev/zero", p)) }, want: "is a link"},
		"20 GB (the manifest only)": {do: func(p string) error { return os.Truncate(p, 20<<30) }, want: "longer than"},
	} {
		for _, which := range []func(string) string{results.ManifestPath, results.JournalPath} {
			spec := testSpec(t.TempDir(), 1)
			path := which(spec.Path)
			if strings.Contains(name, "manifest only") && path == results.JournalPath(spec.Path) {
				continue // its lines are read one by one: see the tests of damage
			}
			t.Run(name+" "+filepath.Ext(path), func(t *testing.T) {
				t.Parallel()
				if tt.root && os.Geteuid() != 0 {
					t.Skip("only root can give files to other users")
				}
				must(t, mustCreate(t, spec).Close())
				must(t, tt.do(path))
				spec.Manifest.Runs[0].RunID = "run2"
				l, _, err := Resume(spec, func(results.Entry) {})
				refused, damage := (*files.RefusedError)(nil), (*results.DamageError)(nil)
				ok := errors.As(err, &refused) && strings.Contains(refused.Message, tt.want)
				if ok = ok || errors.As(err, &damage) && strings.Contains(damage.Message, "isn't a regular file"); l != nil || !ok {
					t.Errorf("Resume = %v, want a RefusedError: %s", err, tt.want)
				}
				if entries := names(t, filepath.Dir(path)); strings.Contains(strings.Join(entries, " "), "lock") {
					t.Errorf("a lock is left: %q", entries)
				}
			})
		}
	}
}

// Results that others could read are private from the start of a resume.
func TestResumeMakesPrivate(t *testing.T) {
	t.Parallel()
	spec := testSpec(t.TempDir(), 1)
	must(t, mustCreate(t, spec).Close())
	must(t, os.Chmod(results.JournalPath(spec.Path), 0o644))
	must(t, os.Chmod(results.ManifestPath(spec.Path), 0o644))
	must(t, os.WriteFile(spec.Path+".lock", nil, 0o600))
	must(t, os.Chmod(spec.Path+".lock", 0o666))
	spec.Manifest.Runs[0].RunID = "run2"
	l, _, err := Resume(spec, func(results.Entry) {})
	must(t, err)
	defer l.Close()
	for _, path := range []string{results.JournalPath(spec.Path), results.ManifestPath(spec.Path), spec.Path + ".lock"} {
		info, err := os.Stat(path)
		must(t, err)
		if info.Mode() != 0o600 {
			t.Errorf("%s has mode %v during a resume, want 0600", filepath.Base(path), info.Mode())
		}
	}
}

// A rehearsal replaces a rehearsal's files, and only if nobody else can have written them.
func TestRehearsalRemovesItsOwnFilesOnly(t *testing.T) {
	t.Parallel()
	spec := testSpec(t.TempDir(), 1)
	spec.Manifest.Sandbox = true
	must(t, os.WriteFile(spec.Path, []byte("precious"), 0o600))
	must(t, os.WriteFile(results.ManifestPath(spec.Path), []byte(`{"format":1,"sandbox":true,"org":"127.0.0.1:1"}`), 0o600))
	must(t, os.Chmod(results.ManifestPath(spec.Path), 0o666))
	var exists *ExistsError
	if _, err := Create(spec); !errors.As(err, &exists) {
		t.Errorf("Create = %v, want an ExistsError", err)
	}
	if text, err := os.ReadFile(spec.Path); err != nil || string(text) != "precious" {
		t.Errorf("the results are %q, %v", text, err)
	}
}

func TestRehearsed(t *testing.T) {
	t.Parallel()
	for org, want := range map[string]bool{
		"127.0.0.1:36521": true, "[::1]:36521": true,
		"acme.okta.com": false, "acme.okta.com:443": false, "localhost:1": false, "127.0.0.1.evil.com:1": false, "": false, "10.0.0.1:1": false,
	} {
		for _, sandbox := range []bool{true, false} {
			for how, free := range map[string]bool{
				"": true, results.ConsentNone: true, results.ConsentSandbox: true, results.ConsentConfirm: false, results.ConsentPrompt: false,
			} {
				m := results.Manifest{Org: org, Sandbox: sandbox, Consent: results.Consent{How: how}}
				if got := rehearsed(&m); got != (want && sandbox && free) {
					t.Errorf("rehearsed() of %q, sandbox %v, consent %q = %v", org, sandbox, how, got)
				}
			}
		}
	}
}

// Whatever is in the lock's place, and whoever put it there at any time: nothing is made through
// a link, and nobody else's file is written to.
func TestLockOfOthers(t *testing.T) {
	t.Parallel()
	results := filepath.Join(t.TempDir(), "r.csv")
	must(t, syscall.Mkfifo(results+".lock", 0o600))
	var refused *files.RefusedError
	if _, err := acquire(results, Holder{RunID: "r"}); !errors.As(err, &refused) {
		t.Errorf("acquire with a pipe in the lock's place = %v", err)
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can give files to other users, and open theirs")
	}
	results = filepath.Join(t.TempDir(), "r.csv")
	must(t, os.WriteFile(results+".lock", nil, 0o600))
	must(t, os.Chown(results+".lock", 4711, -1))
	if _, err := acquire(results, Holder{RunID: "r"}); !errors.As(err, &refused) {
		t.Errorf("acquire with another user's lock = %v", err)
	}
	if text, err := os.ReadFile(results + ".lock"); err != nil || len(text) > 0 {
		t.Errorf("another user's lock is now %q, %v", text, err)
	}
}

// A file system without modes, or on which everything belongs to somebody else, is refused before
// there is anything to resume.
func TestJudgeNew(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "r.csv")
	f, err := files.Create(path)
	must(t, err)
	defer f.Close()
	if err := judgeNew(f); err != nil {
		t.Errorf("judgeNew of a new file = %v", err)
	}
	must(t, os.Chmod(path, 0o777))
	var refused *files.RefusedError
	if err := judgeNew(f); !errors.As(err, &refused) || !strings.Contains(refused.Hint, "file_mode=0600") {
		t.Errorf("judgeNew of a file that others may write = %v", err)
	}
}
