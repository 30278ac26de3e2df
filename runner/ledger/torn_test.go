package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oktareset/runner"
	"oktareset/runner/files"
	"oktareset/runner/results"
)

// The ledger ends in the middle of its last line: at every byte, and with the zeros that a power
// failure leaves.
func TestResumeOfTornLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	spec := leaveRun(t, dir)
	files := snapshot(t, dir)
	whole := files["users.results.journal"]
	last := strings.LastIndex(strings.TrimSuffix(whole, "\n"), "\n") + 1
	setMark(t, spec.Path, last)
	files = snapshot(t, dir)
	var tails []string
	for cut := last; cut <= len(whole); cut++ {
		tails = append(tails, whole[last:cut])
	}
	tails = append(tails, strings.Repeat("\x00", 100), whole[last:last+9]+"\x00\x00\n", whole[last:]+"\x00")
	for i, tail := range tails {
		must(t, os.WriteFile(results.JournalPath(spec.Path), []byte(whole[:last]+tail), 0o600))
		must(t, os.WriteFile(results.ManifestPath(spec.Path), []byte(files["users.results.json"]), 0o600))
		l, doubts, err := Resume(resumeSpec(spec, "run2"), nil)
		must(t, err)
		want := runner.Status("")
		if strings.HasPrefix(tail, whole[last:]) {
			want = runner.StatusFailed
		}
		if got, _ := l.Last(4); got != want || len(doubts) != 2 {
			t.Fatalf("tail %d: Last(4) = %q with %d doubts, want %q and 2", i, got, len(doubts), want)
		}
		must(t, l.Settle(testResult(5, runner.StatusReset)))
		must(t, l.Close())
		if statuses, torn := lastStatuses(t, results.JournalPath(spec.Path)); torn || statuses[5] != runner.StatusReset || statuses[4] != want {
			t.Fatalf("tail %d: after a further line, statuses = %v, torn %v", i, statuses, torn)
		}
	}
}

// A run may die between the manifest and the whole header, before it had consent.
func TestResumeOfTornHeader(t *testing.T) {
	t.Parallel()
	spec := testSpec(t.TempDir(), 1)
	l := mustCreate(t, spec)
	journal := results.JournalPath(spec.Path)
	manifest, err := os.ReadFile(results.ManifestPath(spec.Path)) // from before the journal is made
	must(t, err)
	must(t, l.Close())
	header, err := os.ReadFile(journal)
	must(t, err)
	heads := [][]byte{bytes.Repeat([]byte{0}, len(header)), bytes.Repeat([]byte{0}, 7)}
	for cut := range header {
		heads = append(heads, header[:cut])
	}
	for _, head := range heads {
		must(t, os.WriteFile(journal, head, 0o600))
		must(t, os.WriteFile(results.ManifestPath(spec.Path), manifest, 0o600))
		l, doubts, err := Resume(resumeSpec(spec, "run2"), nil)
		if err != nil || len(doubts) > 0 {
			t.Fatalf("Resume with the header %q = %v, %v", head, doubts, err)
		}
		must(t, l.Take(testRow(1), testTaken(1)))
		must(t, l.Close())
		if last, torn := lastStatuses(t, journal); torn || last[1] != runner.StatusTaken {
			t.Fatalf("after the header %q: statuses %v, torn %v", head, last, torn)
		}
	}
	must(t, os.WriteFile(results.ManifestPath(spec.Path), manifest, 0o600))
	for _, foreign := range []string{"hello", "row,input,user", string(header[:len(header)/2]) + "x", strings.Repeat("\x00", len(header)+1)} {
		must(t, os.WriteFile(journal, []byte(foreign), 0o600))
		_, _, err := Resume(resumeSpec(spec, "run3"), nil)
		var damage *results.DamageError
		if text, _ := os.ReadFile(journal); !errors.As(err, &damage) || string(text) != foreign {
			t.Errorf("Resume of %q after a run = %v, the file is %q; want a *DamageError and no change", foreign, err, text)
		}
	}
}

// setMark makes the manifest know no more of the journal than its first bytes, which end a line.
func setMark(t *testing.T, path string, bytes int) {
	t.Helper()
	text, err := os.ReadFile(results.JournalPath(path))
	must(t, err)
	if text[bytes-1] != '\n' {
		t.Fatalf("no line ends at %d", bytes)
	}
	changeManifest(t, path, func(m *results.Manifest) {
		m.Journal = &results.Mark{Bytes: int64(bytes), Sum: string(text[bytes-9 : bytes-1])}
	})
}

func changeManifest(t *testing.T, path string, change func(*results.Manifest)) {
	t.Helper()
	m, err := results.ReadManifest(path)
	must(t, err)
	change(&m)
	must(t, files.Replace(results.ManifestPath(path), m.Encode))
}

// Damage that the manifest doesn't cover yet is cut off where it begins; before the mark in the
// manifest it is an error, and nothing is changed.
func TestResumeTellsTornFromDamaged(t *testing.T) {
	t.Parallel()
	whole := func(text string, _ []int) string { return text }
	for name, tt := range map[string]struct {
		damage func(text string, lines []int) string // lines begin at these offsets
		good   int                                   // good lines
	}{
		"whole":                 {whole, 8},
		"cut":                   {func(s string, at []int) string { return s[:len(s)-1] }, 7},
		"cut between lines":     {func(s string, at []int) string { return s[:at[6]] }, 6},
		"cut behind the head":   {func(s string, at []int) string { return s[:at[2]] }, 2},
		"zeros behind":          {func(s string, at []int) string { return s + strings.Repeat("\x00", 500) }, 8},
		"a foreign line behind": {func(s string, at []int) string { return s + "hello\n" }, 8},
		"zeros for lines":       {func(s string, at []int) string { return s[:at[4]] + strings.Repeat("\x00", at[6]-at[4]) + s[at[6]:] }, 4},
		"zeros across lines": {func(s string, at []int) string {
			return s[:at[4]+20] + strings.Repeat("\x00", at[6]-at[4]) + s[at[6]+20:]
		}, 4},
		"a line is missing": {func(s string, at []int) string { return s[:at[4]] + s[at[5]:] }, 4},
		"lines are missing": {func(s string, at []int) string { return s[:at[3]] + s[at[6]:] }, 3},
		"two lines swapped": {func(s string, at []int) string { return s[:at[4]] + s[at[5]:at[6]] + s[at[4]:at[5]] + s[at[6]:] }, 4},
		"a line twice":      {func(s string, at []int) string { return s[:at[5]] + s[at[4]:] }, 5},
		"another event": {func(s string, at []int) string {
			return s[:at[4]] + strings.Replace(s[at[4]:], "settled,", "taken,", 1)
		}, 4},
		"one bit":             {func(s string, at []int) string { return s[:at[6]+30] + string(s[at[6]+30]^1) + s[at[6]+31:] }, 6},
		"CRLF":                {func(s string, at []int) string { return s[:at[3]] + strings.ReplaceAll(s[at[3]:], "\n", "\r\n") }, 3},
		"the sum in capitals": {func(s string, at []int) string { return s[:at[7]] + strings.ToUpper(s[at[7]:]) }, 7},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			spec := leaveRun(t, dir)
			text := snapshot(t, dir)["users.results.journal"]
			at := []int{0}
			for i, c := range []byte(text) {
				if c == '\n' {
					at = append(at, i+1)
				}
			}
			damaged := tt.damage(text, at)
			for known := 2; known < len(at); known++ {
				must(t, os.WriteFile(results.JournalPath(spec.Path), []byte(text), 0o600))
				setMark(t, spec.Path, at[known])
				must(t, os.WriteFile(results.JournalPath(spec.Path), []byte(damaged), 0o600))
				before := snapshot(t, dir)
				lines := 2
				l, _, err := Resume(resumeSpec(spec, fmt.Sprint("again", known)), func(results.Entry) { lines++ })
				if known > tt.good {
					var damage *results.DamageError
					if !errors.As(err, &damage) || damage.Hint == "" || damage.Path != results.JournalPath(spec.Path) {
						t.Errorf("Resume with %d lines known = %v, want a *DamageError of the journal", known, err)
					}
					if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" {
						t.Errorf("files after a refusal (-before +after):\n%s", diff)
					}
					continue
				}
				must(t, err)
				if lines != tt.good {
					t.Errorf("with %d lines known, %d count, want %d", known, lines, tt.good)
				}
				must(t, l.Discard())
				if left := snapshot(t, dir)["users.results.journal"]; left != text[:at[tt.good]] {
					t.Errorf("with %d lines known, %d bytes are left, want %d", known, len(left), at[tt.good])
				}
			}
		})
	}
}

// Another journal isn't accepted, even if it is longer, or as long, and each of its lines is
// good.
func TestResumeOfAnotherJournal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	spec := leaveRun(t, dir)
	text := snapshot(t, dir)["users.results.journal"]
	for name, change := range map[string]func(string) string{
		"without a line, and longer": func(s string) string {
			lines := strings.SplitAfter(s, "\n")
			return strings.Join(append(append(lines[:2:2], lines[3:]...), lines[7], lines[7]), "")
		},
		"as long":          replacing("11:00:00.123Z", "11:00:00.124Z"),
		"of another input": replacing(",abc,", ",def,"),
		"shorter":          func(s string) string { return s[:strings.LastIndex(s[:len(s)-1], "\n")+1] },
	} {
		other := rechained(t, text, change)
		if n := len(other); name == "as long" && n != len(text) || name == "without a line, and longer" && n <= len(text) {
			t.Fatalf("the journal %s has %d bytes, the right one %d", name, n, len(text))
		}
		must(t, os.WriteFile(results.JournalPath(spec.Path), other, 0o600))
		var damage *results.DamageError
		if _, _, err := Resume(resumeSpec(spec, "run3"), nil); !errors.As(err, &damage) {
			t.Errorf("Resume with a journal %s = %v, want a *DamageError", name, err)
		}
	}
}

func TestTemporaryFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	spec := testSpec(dir, 1)
	ours := []string{"users.results.csv.12.tmp", "users.results.json.3456.tmp", "users.results.journal.7.tmp"}
	foreign := []string{"users.results.csv.tmp", "users.results.csv.1a.tmp", "users.csv.12.tmp", "users.results.csv.12.tmp.bak"}
	for _, name := range slices.Concat(ours, foreign) {
		must(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	must(t, mustCreate(t, spec).Close())
	got := names(t, dir)
	for _, name := range ours {
		if slices.Contains(got, name) {
			t.Errorf("%q is still there", name)
		}
	}
	for _, name := range foreign {
		if !slices.Contains(got, name) {
			t.Errorf("%q was removed, and isn't ours", name)
		}
	}
}
