package ledger

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"oktareset/runner/results"
)

func TestCopyPath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"a/users.results.csv": "a/users.results.input.csv", "users.plan.csv": "users.plan.input.csv", "2000-01-01.csv": "2000-01-01.input.csv",
		"results": "results.input.csv",
	} {
		if got := results.CopyPath(path); got != want {
			t.Errorf("CopyPath(%q) = %q, want %q", path, got, want)
		}
	}
}

// newTestCopy makes a copy with this text.
func newTestCopy(t *testing.T, results, text string) *Copy {
	t.Helper()
	c, err := NewCopy(results)
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	_, err = io.WriteString(c, text)
	must(t, err)
	return c
}

func (c *Copy) text(t *testing.T) string {
	t.Helper()
	size, err := c.Size()
	must(t, err)
	b, err := io.ReadAll(io.NewSectionReader(c, 0, size))
	must(t, err)
	return string(b)
}

func readText(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	return string(b)
}

// A copy has no name before the ledger exists, is private from its first byte, and stays while it
// is kept.
func TestKeep(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	spec := testSpec(dir, 1)
	input := newTestCopy(t, spec.Path, "login\na\n")
	for _, name := range names(t, dir) {
		info, err := os.Stat(filepath.Join(dir, name))
		must(t, err)
		if info.Mode().Perm() != 0o600 || filepath.Ext(name) != ".tmp" {
			t.Errorf("before the ledger there is %s, mode %v", name, info.Mode())
		}
	}
	must(t, os.WriteFile(results.CopyPath(spec.Path)+".5.tmp", nil, 0o600)) // from a run that died
	l := mustCreate(t, spec)
	must(t, l.Keep(input))
	must(t, l.Keep(input)) // keeping it again changes nothing
	want := []string{"users.results.csv.lock", "users.results.input.csv", "users.results.journal", "users.results.json"}
	if got := names(t, dir); !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
	if got := readText(t, results.CopyPath(spec.Path)); got != "login\na\n" || input.text(t) != got {
		t.Errorf("the copy holds %q, and gives back %q", got, input.text(t))
	}
	must(t, errors.Join(input.Close(), input.Close(), l.Close()))
	again, err := OpenCopy(spec.Path)
	must(t, err)
	if got := again.text(t); got != "login\na\n" {
		t.Errorf("a later run reads %q", got)
	}
	must(t, again.Close())
	if got := readText(t, results.CopyPath(spec.Path)); got != "login\na\n" {
		t.Errorf("after the runs the copy holds %q", got)
	}
	if _, err := OpenCopy(filepath.Join(dir, "other.csv")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("OpenCopy() of nothing = %v", err)
	}
}

// A copy that another run has, or that a clean-up removes, isn't lost; a file that isn't a run's
// is never overwritten.
func TestKeepBesideOthers(t *testing.T) {
	t.Parallel()
	const text = "login\na\n"
	for name, tt := range map[string]struct {
		before func(t *testing.T, dir, path string)
		refuse bool
	}{
		"temporary files are gone": {before: func(t *testing.T, dir, _ string) {
			for _, name := range names(t, dir) {
				must(t, os.Remove(filepath.Join(dir, name)))
			}
		}},
		"another has its name": {before: func(t *testing.T, dir, _ string) {
			for _, name := range names(t, dir) {
				must(t, os.Remove(filepath.Join(dir, name)))
				must(t, os.WriteFile(filepath.Join(dir, name), []byte("other"), 0o600))
			}
		}},
		"the same is there": {before: func(t *testing.T, _, path string) { must(t, os.WriteFile(path, []byte(text), 0o600)) }},
		"another input":     {before: func(t *testing.T, _, path string) { must(t, os.WriteFile(path, []byte("login\nb\n"), 0o600)) }, refuse: true},
		"a link":            {before: func(t *testing.T, _, path string) { must(t, os.Symlink("nowhere", path)) }, refuse: true},
		"a folder":          {before: func(t *testing.T, _, path string) { must(t, os.Mkdir(path, 0o700)) }, refuse: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			spec := testSpec(dir, 1)
			c := newTestCopy(t, spec.Path, text)
			path := results.CopyPath(spec.Path)
			tt.before(t, dir, path)
			l := mustCreate(t, spec)
			err := l.Keep(c)
			var exists *CopyExistsError
			switch {
			case tt.refuse:
				if !errors.As(err, &exists) || exists.Path != path {
					t.Fatalf("Keep() = %v, want a *CopyExistsError", err)
				}
				before := readLink(path)
				must(t, l.Discard())
				if after := readLink(path); after != before {
					t.Errorf("what was there is %q now, was %q", after, before)
				}
			case err != nil:
				t.Fatal(err)
			case readText(t, path) != text || c.text(t) != text:
				t.Errorf("kept %q, reads %q", readText(t, path), c.text(t))
			}
		})
	}
}

// readLink returns what a path contains, a link or a file.
func readLink(path string) string {
	if to, err := os.Readlink(path); err == nil {
		return "-> " + to
	}
	b, _ := os.ReadFile(path)
	return string(b)
}

// A copy is removed with a discarded ledger, and before it; an earlier run's copy stays.
func TestDiscardOfCopies(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	spec := testSpec(dir, 1)
	c := newTestCopy(t, spec.Path, "login\na\n")
	l := mustCreate(t, spec)
	must(t, l.Keep(c))
	must(t, l.Discard())
	if _, err := c.Size(); err == nil {
		t.Error("the copy is still open: Windows would have kept it")
	}
	if got := names(t, dir); len(got) > 0 {
		t.Errorf("a discarded run left %q", got)
	}

	spec = leaveRun(t, dir)
	path := results.CopyPath(spec.Path)
	must(t, os.WriteFile(path, []byte("login\na\n"), 0o600))
	again, err := OpenCopy(spec.Path)
	must(t, err)
	resumed, _ := mustResume(t, resumeSpec(spec, "run2"))
	must(t, resumed.Keep(again))
	must(t, errors.Join(resumed.Discard(), again.Close()))
	if got := readText(t, path); got != "login\na\n" {
		t.Errorf("a resume that was discarded left %q", got)
	}
}

// A copy that nobody needs is removed, and a missing one is no error. Any other file stays.
func TestDropCopy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	spec := testSpec(dir, 1)
	others := []string{"users.input.csv", "users.results.input.csv.bak", "other.results.input.csv.7.tmp"}
	for _, name := range append(slices.Clone(others), "users.results.input.csv.123.tmp", "users.results.exclude.json.4.tmp") {
		must(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	l := mustCreate(t, spec)
	c := newTestCopy(t, spec.Path, "x")
	must(t, l.Keep(c))
	must(t, l.DropCopy())
	if _, err := c.Size(); err == nil {
		t.Error("the copy is still open: Windows would have kept it")
	}
	must(t, l.DropCopy())
	must(t, l.Discard())
	if got := names(t, dir); !slices.Equal(got, slices.Sorted(slices.Values(others))) {
		t.Errorf("left %q, want %q", got, others)
	}
}

// A run that died before it had consent and a line has changed nothing: its files don't hinder
// another input.
func TestRunThatDiedInVain(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		leave  func(t *testing.T, s Spec)
		inVain bool
	}{
		"before consent": {leave: leaveNothing(nil), inVain: true},
		"without a whole header": {leave: func(t *testing.T, s Spec) {
			leaveNothing(nil)(t, s)
			must(t, os.Truncate(results.JournalPath(s.Path), 7))
		}, inVain: true},
		"without results":      {leave: func(t *testing.T, s Spec) { leaveNothing(nil)(t, s); must(t, os.Remove(results.JournalPath(s.Path))) }, inVain: true},
		"with consent":         {leave: leaveNothing(func(m *results.Manifest) { m.Consent.How = results.ConsentConfirm })},
		"after an earlier run": {leave: leaveNothing(func(m *results.Manifest) { m.Runs = append([]results.Run{{RunID: "run0"}}, m.Runs...) })},
		"with a line": {leave: func(t *testing.T, s Spec) {
			leaveNothing(nil)(t, s)
			appendText(t, results.JournalPath(s.Path), "taken,")
		}},
		"with another file there": {leave: func(t *testing.T, s Spec) { leaveNothing(nil)(t, s); must(t, os.WriteFile(s.Path, []byte("x"), 0o600)) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := testSpec(t.TempDir(), 1)
			tt.leave(t, spec)
			must(t, os.WriteFile(results.CopyPath(spec.Path), []byte("login\n"), 0o600))
			other := resumeSpec(spec, "run2")
			other.Manifest.Input.SHA256 = "other"
			_, _, err := Resume(other, func(results.Entry) {})
			if errors.Is(err, ErrNothing) != tt.inVain {
				t.Fatalf("Resume() = %v, want ErrNothing: %v", err, tt.inVain)
			}
			if tt.inVain {
				if got := names(t, filepath.Dir(spec.Path)); len(got) > 0 {
					t.Errorf("left %q", got)
				}
				tt.leave(t, spec)
			}
			l, err := Create(other)
			if (err == nil) != tt.inVain {
				t.Fatalf("Create() = %v, want none: %v", err, tt.inVain)
			}
			if err == nil {
				must(t, l.Discard())
			}
		})
	}
}

// leaveNothing leaves what a run leaves that dies once its ledger exists.
func leaveNothing(change func(*results.Manifest)) func(t *testing.T, s Spec) {
	return func(t *testing.T, s Spec) {
		t.Helper()
		l := mustCreate(t, s)
		if change != nil {
			must(t, l.Update(change))
		}
		must(t, l.Close())
	}
}

func appendText(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	must(t, err)
	_, err = f.WriteString(text)
	must(t, errors.Join(err, f.Close()))
}

func TestSameOrg(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		m        results.Manifest
		host, id string
		want     bool
	}{
		{results.Manifest{Org: "acme.okta.com", OrgID: "00oa"}, "login.acme.com", "00oa", true},
		{results.Manifest{Org: "acme.okta.com", OrgID: "00oa"}, "acme.okta.com", "00ob", false},
		{results.Manifest{Org: "acme.okta.com"}, "acme.okta.com", "00oa", true},
		{results.Manifest{Org: "acme.okta.com"}, "login.acme.com", "00oa", false},
		{results.Manifest{Org: "acme.okta.com", OrgID: "00oa"}, "acme.okta.com", "", true},
	} {
		if got := tt.m.SameOrg(tt.host, tt.id); got != tt.want {
			t.Errorf("%s %q: SameOrg(%s, %q) = %v, want %v", tt.m.Org, tt.m.OrgID, tt.host, tt.id, got, tt.want)
		}
	}
}
