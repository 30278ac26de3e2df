package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oktareset/runner"
)

// lineOf returns the number of the line that begins with prefix; the header is 1.
func lineOf(t *testing.T, text, prefix string) int {
	t.Helper()
	before, _, ok := strings.Cut(text, "\n"+prefix)
	if !ok {
		t.Fatalf("no line begins with %q", prefix)
	}
	return strings.Count(before, "\n") + 2
}

func replacing(old, text string) func(string) string {
	return func(s string) string { return strings.Replace(s, old, text, 1) }
}

func TestResumeOfDamage(t *testing.T) {
	t.Parallel()
	const id1, id9 = "00u00000000000000001", "00u00000000000000009"
	tests := []struct {
		name    string
		results func(string) string
		spec    func(*Spec)
		want    string
		line    string // beginning of the damaged line; "" for none
	}{
		{name: "other columns", spec: func(s *Spec) { s.Columns = []string{"team"} }, want: `["dept"], the input's are ["team"]`, line: "row,"},
		{name: "no columns", spec: func(s *Spec) { s.Columns = nil }, want: `["dept"]`, line: "row,"},
		{name: "other header", results: replacing("row,input", "row,login"), want: "isn't the header", line: "row,"},
		{name: "half a header", results: func(s string) string { return s[:20] }, want: "isn't whole", line: "row,"},
		{name: "empty", results: func(string) string { return "" }, want: "isn't whole", line: "row,"},
		{name: "unknown status", results: replacing(",failed,", ",fail,"), want: `"fail"`, line: "4,"},
		{name: "unknown status in the last line", results: replacing(",failed,", ",,"), want: `""`, line: "4,"},
		{name: "row that isn't in the input", results: replacing("\n4,", "\n6,"), want: "row 6", line: "4,"},
		{name: "row 0", results: replacing("\n4,", "\n0,"), want: `"0"`, line: "4,"},
		{name: "another input", results: replacing("3,user3@", "3,user9@"), want: "two different inputs", line: "3,user3@example.com,00u00000000000000003,user3@example.com,unknown"},
		{name: "another user", results: replacing("4,user4@example.com,00u00000000000000004", "4,"+id1+","+id9), want: id9, line: "4,"},
		{name: "unknown run", results: replacing("run1,", "run9,"), want: `"run9"`, line: "1,"},
		{name: "damaged in the middle", results: replacing("2,user2", "2,\"user2"), want: "column", line: "2,"},
		{name: "ragged", results: replacing("4,user4", "4,,user4"), want: "wrong number of fields", line: "4,"},
		{name: "blank line", results: replacing("\n4,", "\n\n4,"), want: "empty", line: "4,"},
		{name: "taken at no time", results: func(s string) string {
			lines := strings.SplitAfter(s, "\n")
			lines[2] = strings.Replace(lines[2], "2026-03-01T11:00:00.123Z", "01.03.2026 11:00", 1)
			return strings.Join(lines, "")
		}, want: `row 2: its started_at is "01.03.2026 11:00"`},
		{name: "taken of nobody", results: replacing("2,user2@example.com,00u00000000000000002", "2,user2@example.com,"), want: "row 2"},
		{name: "unknown with a strange code", results: replacing(",502,", ",bad gateway,"), want: `"bad gateway"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			spec := leaveRun(t, dir)
			text := snapshot(t, dir)["users.results.csv"]
			wantLine := 0
			if tt.line == "row," {
				wantLine = 1
			} else if tt.line != "" {
				wantLine = lineOf(t, text, tt.line)
			}
			if tt.results != nil {
				changed := tt.results(text)
				if changed == text {
					t.Fatal("the test changed nothing")
				}
				must(t, os.WriteFile(spec.Path, []byte(changed), 0o600))
			}
			before := snapshot(t, dir)
			again := resumeSpec(spec, "run2")
			if tt.spec != nil {
				tt.spec(&again)
			}
			_, _, err := Resume(again, nil)
			var damage *DamageError
			if !errors.As(err, &damage) || !strings.Contains(damage.Message, tt.want) || damage.Hint == "" || damage.Path != spec.Path {
				t.Fatalf("Resume = %v, want a *DamageError with a hint and %q", err, tt.want)
			}
			if damage.Line != wantLine {
				t.Errorf("Line = %d, want %d", damage.Line, wantLine)
			}
			if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" {
				t.Errorf("files after a refusal (-before +after):\n%s", diff)
			}
		})
	}
}

func TestResumeOfDamagedFiles(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		damage func(path string) error
		want   string
	}{
		{"no manifest", func(p string) error { return os.Remove(ManifestPath(p)) }, "isn't there"},
		{"half a manifest", func(p string) error { return os.Truncate(ManifestPath(p), 50) }, "isn't a manifest"},
		{"empty manifest", func(p string) error { return os.Truncate(ManifestPath(p), 0) }, "isn't a manifest"},
		{"no run", func(p string) error { return os.WriteFile(ManifestPath(p), []byte(`{"format":1,"org":"x"}`), 0o600) }, "no run"},
		{"link", func(p string) error {
			return errors.Join(os.Rename(p, p+".real"), os.Symlink(p+".real", p))
		}, "regular file"},
		{"folder", func(p string) error { return errors.Join(os.Remove(p), os.Mkdir(p, 0o700)) }, "regular file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			spec := leaveRun(t, dir)
			must(t, tt.damage(spec.Path))
			before := names(t, dir)
			_, _, err := Resume(resumeSpec(spec, "run2"), nil)
			var damage *DamageError
			if !errors.As(err, &damage) || !strings.Contains(err.Error(), tt.want) || damage.Hint == "" {
				t.Errorf("Resume = %v, want a *DamageError with a hint and %q", err, tt.want)
			}
			if diff := cmp.Diff(before, names(t, dir)); diff != "" {
				t.Errorf("files after a refusal (-before +after):\n%s", diff)
			}
		})
	}
}

// A row that was taken a second time must not pass for settled because somebody has moved lines.
func TestResumeOfReorderedLedger(t *testing.T) {
	t.Parallel()
	tests := []struct {
		row    int // that the second run takes
		before int // the line to which that is moved, from the first below the header on
	}{
		{5, 0}, // before what the first run took
		{4, 5}, // before its own result by the first run
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.row), func(t *testing.T) {
			t.Parallel()
			spec := leaveRun(t, t.TempDir())
			l, _ := mustResume(t, resumeSpec(spec, "run2"))
			must(t, l.Take(testRow(tt.row), testTaken(tt.row)))
			must(t, l.Close())
			data, err := os.ReadFile(spec.Path)
			must(t, err)
			lines := bytes.SplitAfter(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
			last := slices.Concat(lines[len(lines)-1], []byte("\n"))
			lines = slices.Insert(lines[:len(lines)-1], 1+tt.before, last)
			must(t, os.WriteFile(spec.Path, slices.Concat(lines...), 0o600))
			var damage *DamageError
			if _, _, err := Resume(resumeSpec(spec, "run3"), nil); !errors.As(err, &damage) || !strings.Contains(err.Error(), "order") {
				t.Errorf("Resume with the last taking moved up = %v, want a *DamageError of the order", err)
			}
		})
	}
}

// spreadsheets do to a file what programs do that open and save it.
var spreadsheets = map[string]func(string) string{
	"BOM":        func(s string) string { return "\ufeff" + s },
	"CRLF":       func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
	"semicolons": func(s string) string { return strings.ReplaceAll(s, ",", ";") },
	"tabs":       func(s string) string { return strings.ReplaceAll(s, ",", "\t") },
	"all quoted": func(s string) string {
		return `"` + strings.ReplaceAll(strings.ReplaceAll(strings.TrimSuffix(s, "\n"), ",", `","`), "\n", "\"\n\"") + "\"\n"
	},
	"columns added": func(s string) string { return strings.ReplaceAll(s, "\n", ",\n") },
	"sorted with the header": func(s string) string {
		lines := strings.SplitAfter(s, "\n")
		slices.Sort(lines)
		return strings.Join(lines, "")
	},
	"UTF-16": func(s string) string {
		var b strings.Builder
		b.WriteString("\xff\xfe")
		for _, c := range []byte(s) {
			b.Write([]byte{c, 0})
		}
		return b.String()
	},
}

// A ledger that another program has saved isn't gone on with, be it finished or not; and nothing is changed in it.
func TestResumeOfSavedLedger(t *testing.T) {
	t.Parallel()
	for name, save := range spreadsheets {
		for _, finished := range []bool{false, true} {
			t.Run(fmt.Sprint(name, finished), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				spec := leaveRun(t, dir)
				if finished {
					finishRun(t, spec, "run2")
				}
				before := snapshot(t, dir)
				before["users.results.csv"] = save(before["users.results.csv"])
				must(t, os.WriteFile(spec.Path, []byte(before["users.results.csv"]), 0o600))
				_, _, err := Resume(resumeSpec(spec, "run9"), nil)
				var damage *DamageError
				if !errors.As(err, &damage) || finished && !strings.Contains(damage.Message, "SHA-256") {
					t.Errorf("Resume = %v, want a *DamageError", err)
				}
				if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" {
					t.Errorf("files after a refusal (-before +after):\n%s", diff)
				}
			})
		}
	}
}

// Quotes that aren't needed and lines sorted by row change nothing of what an unfinished ledger says; finished results must be as
// they were left, to the byte.
func TestResumeOfHarmlesslyChangedLedger(t *testing.T) {
	t.Parallel()
	changes := map[string]func(string) string{
		"quoted": replacing(",failed,", `,"failed",`),
		"sorted": func(s string) string {
			lines := strings.SplitAfter(s, "\n")
			body := lines[1 : len(lines)-1]
			slices.SortStableFunc(body, func(a, b string) int { return int(b[0]) - int(a[0]) })
			return strings.Join(lines, "")
		},
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := leaveRun(t, t.TempDir())
			for _, run := range []string{"run2", "run4"} {
				text, err := os.ReadFile(spec.Path)
				must(t, err)
				changed := change(string(text))
				if changed == string(text) {
					t.Fatal("the test changed nothing")
				}
				must(t, os.WriteFile(spec.Path, []byte(changed), 0o600))
				l, doubts, err := Resume(resumeSpec(spec, run), nil)
				if run == "run4" {
					var damage *DamageError
					if !errors.As(err, &damage) {
						t.Errorf("Resume of changed results that were finished = %v, want a *DamageError", err)
					}
					return
				}
				must(t, err)
				if len(doubts) != 2 || doubts[0].Row.N != 2 || doubts[1].Row.N != 3 {
					t.Errorf("doubts = %+v, want the rows 2 and 3", doubts)
				}
				must(t, l.Close())
				must(t, os.WriteFile(spec.Path, text, 0o600))
				finishRun(t, spec, "run3")
			}
		})
	}
}

// finishRun resumes and finishes at once.
func finishRun(t *testing.T, spec Spec, runID string) {
	t.Helper()
	l, _ := mustResume(t, resumeSpec(spec, runID))
	_, err := l.Finish(testRows(spec.LastRow), Ending{})
	must(t, err)
	must(t, l.Close())
}

func TestResumeOfFinishedResults(t *testing.T) {
	t.Parallel()
	spec := leaveRun(t, t.TempDir())
	for run := 2; run <= 5; run++ {
		l, doubts, err := Resume(resumeSpec(spec, fmt.Sprint("run", run)), nil)
		must(t, err)
		if len(doubts) != 2 || doubts[0].RunID != "run1" || doubts[1].RunID != "run1" {
			t.Fatalf("doubts of run %d = %+v, want the rows 2 and 3, taken by run1", run, doubts)
		}
		if m, err := ReadManifest(spec.Path); err != nil || m.Finished || m.Result != nil || m.Counts != nil || len(m.Runs) != run {
			t.Errorf("manifest of run %d = %+v, %v; want an unfinished one", run, m, err)
		}
		want := map[bool]runner.Status{true: runner.StatusTaken, false: runner.StatusUnknown}[run == 2]
		if got, _ := l.Last(2); got != want || doubts[0].Status != runner.StatusUnknown {
			t.Errorf("status of row 2 in run %d = %q and, open, %q; want %q and unknown", run, got, doubts[0].Status, want)
		}
		if run%2 == 0 {
			_, err = l.Finish(testRows(5), Ending{})
			must(t, err)
		}
		must(t, l.Close())
	}
	m, err := ReadManifest(spec.Path)
	must(t, err)
	if len(m.Runs) != 5 || m.Finished {
		t.Errorf("manifest = %+v, want five runs, the last not finished", m)
	}
}
