package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oktareset/runner"
	"oktareset/runner/journal"
	"oktareset/runner/results"
)

func replacing(old, text string) func(string) string {
	return func(s string) string { return strings.Replace(s, old, text, 1) }
}

// rechained changes the texts of a journal's lines and gives each the matching sum, which never
// happens by chance.
func rechained(t *testing.T, text string, change func(string) string) []byte {
	t.Helper()
	var bare strings.Builder
	for line := range strings.Lines(text) {
		bare.WriteString(line[:len(line)-journal.SumLength] + "\n")
	}
	changed := change(bare.String())
	if changed == bare.String() {
		t.Fatal("the test changed nothing")
	}
	var out []byte
	var s journal.Sum
	for line := range strings.Lines(changed) {
		line = strings.TrimSuffix(line, "\n")
		s = s.After([]byte(line))
		out = s.AppendTo(append(out, line...))
	}
	return out
}

// The content of a journal is checked even if each line is intact.
func TestResumeOfDamage(t *testing.T) {
	t.Parallel()
	const id1, id9 = "00u00000000000000001", "00u00000000000000009"
	tests := []struct {
		name    string
		journal func(string) string
		spec    func(*Spec)
		want    string
		line    int // that is damaged; 0 for none
	}{
		{name: "other columns", spec: func(s *Spec) { s.Columns = []string{"team"} }, want: `["dept"], the input's are ["team"]`, line: 2},
		{name: "no columns", spec: func(s *Spec) { s.Columns = nil }, want: `["dept"]`, line: 2},
		{name: "other header", journal: replacing("row,input", "row,login"), want: "isn't the header", line: 2},
		{name: "other fields", journal: replacing("event,step", "step,event"), want: "isn't the header", line: 2},
		{name: "half a header", journal: func(s string) string { first, _, _ := strings.Cut(s, "event"); return first }, want: "aren't complete"},
		{name: "another format", journal: replacing("oktareset journal,1", "oktareset journal,2"), want: `format "2"`, line: 1},
		{name: "no journal", journal: replacing("oktareset journal", "okta journal"), want: "isn't a journal", line: 1},
		{name: "another input file", journal: replacing(",abc,", ",def,"), want: "SHA-256", line: 1},
		{name: "of another run", journal: replacing("journal,1,run1", "journal,1,run9"), want: `"run9"`, line: 1},
		{name: "unknown status", journal: replacing(",failed,", ",fail,"), want: `"fail"`, line: 8},
		{name: "unknown status in the last line", journal: replacing(",failed,", ",,"), want: `""`, line: 8},
		{name: "unknown event", journal: replacing("settled,,,,4", "seen,,,,4"), want: `"seen"`, line: 8},
		{name: "taken for nothing", journal: replacing("taken,reset,lost", "taken,,"), want: "what for", line: 3},
		{name: "nothing open that is", journal: replacing("settled,reset,lost,,3", "settled,,,,3"), want: "what is open", line: 7},
		{name: "something open that isn't", journal: replacing("settled,,,,4", "settled,reset,lost,,4"), want: "what is open", line: 8},
		{name: "neither sent nor not", journal: replacing("settled,reset,lost,,3", "settled,reset,perhaps,,3"), want: `"perhaps"`, line: 7},
		{name: "no step", journal: replacing("settled,reset,lost,,3", "settled,,lost,,3"), want: "what is open", line: 7},
		{name: "strange factors", journal: replacing("settled,reset,lost,,3", "settled,reset,lost,%zz,3"), want: "%zz", line: 7},
		{name: "row that isn't in the input", journal: replacing("settled,,,,4,", "settled,,,,6,"), want: "row 6", line: 8},
		{name: "row 0", journal: replacing("settled,,,,4,", "settled,,,,0,"), want: `"0"`, line: 8},
		{name: "another input", journal: replacing("lost,,3,user3@example.com,00u00000000000000003,user3@example.com,unknown,,", "lost,,3,user9@example.com,00u00000000000000003,user3@example.com,unknown,,"), want: "two different inputs", line: 7},
		{name: "another user", journal: replacing("4,user4@example.com,00u00000000000000004", "4,"+id1+","+id9), want: id9, line: 8},
		{name: "unknown run", journal: replacing("run1,CHG", "run9,CHG"), want: `"run9"`, line: 3},
		{name: "no run", journal: replacing("run1,CHG", ",CHG"), want: "no run", line: 3},
		{name: "damaged in the middle", journal: replacing("2,user2", "2,\"user2"), want: "column", line: 4},
		{name: "ragged", journal: replacing("4,user4", "4,,user4"), want: "wrong number of fields", line: 8},
		{name: "short", journal: func(s string) string { return s + "settled,\n" }, want: "fields are missing", line: 9},
		{name: "taken at no time", journal: func(s string) string {
			lines := strings.SplitAfter(s, "\n")
			lines[3] = strings.Replace(lines[3], "2026-03-01T11:00:00.123Z", "01.03.2026 11:00", 1)
			return strings.Join(lines, "")
		}, want: `row 2: its started_at is "01.03.2026 11:00"`},
		{name: "taken of nobody", journal: replacing("2,user2@example.com,00u00000000000000002", "2,user2@example.com,"), want: "row 2"},
		{name: "unknown with a strange code", journal: replacing(",502,", ",bad gateway,"), want: `"bad gateway"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			spec := leaveRun(t, dir)
			if tt.journal != nil {
				text := rechained(t, snapshot(t, dir)["users.results.journal"], tt.journal)
				must(t, os.WriteFile(results.JournalPath(spec.Path), text, 0o600))
				setMark(t, spec.Path, len(text))
			}
			before := snapshot(t, dir)
			again := resumeSpec(spec, "run2")
			if tt.spec != nil {
				tt.spec(&again)
			}
			_, _, err := Resume(again, nil)
			var damage *results.DamageError
			if !errors.As(err, &damage) || !strings.Contains(damage.Message, tt.want) || damage.Hint == "" || damage.Path != results.JournalPath(spec.Path) {
				t.Fatalf("Resume = %v, want a *DamageError with a hint and %q", err, tt.want)
			}
			if damage.Line != tt.line {
				t.Errorf("Line = %d, want %d", damage.Line, tt.line)
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
		{"no manifest", func(p string) error { return os.Remove(results.ManifestPath(p)) }, "isn't there"},
		{"half a manifest", func(p string) error { return os.Truncate(results.ManifestPath(p), 50) }, "isn't a manifest"},
		{"empty manifest", func(p string) error { return os.Truncate(results.ManifestPath(p), 0) }, "isn't a manifest"},
		{"no run", func(p string) error {
			return os.WriteFile(results.ManifestPath(p), []byte(`{"format":1,"org":"x","journal":{}}`), 0o600)
		}, "no run"},
		{"no journal", func(p string) error { return os.Remove(results.JournalPath(p)) }, "isn't there"},
		{"no journal, but results", func(p string) error {
			return errors.Join(os.Remove(results.JournalPath(p)), os.WriteFile(p, []byte("row,input\n"), 0o600))
		}, "isn't there"},
		{"results of nobody", func(p string) error { return os.WriteFile(p, []byte("row,input\n"), 0o600) }, "no run has written it"},
		{"a journal that the manifest doesn't know", func(p string) error {
			return os.WriteFile(results.ManifestPath(p), []byte(`{"format":1,"org":"x","runs":[{"run_id":"run1"}]}`), 0o600)
		}, "doesn't know it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			spec := leaveRun(t, dir)
			must(t, tt.damage(spec.Path))
			before := names(t, dir)
			_, _, err := Resume(resumeSpec(spec, "run2"), nil)
			var damage *results.DamageError
			if !errors.As(err, &damage) || !strings.Contains(err.Error(), tt.want) || damage.Hint == "" {
				t.Errorf("Resume = %v, want a *DamageError with a hint and %q", err, tt.want)
			}
			if diff := cmp.Diff(before, names(t, dir)); diff != "" {
				t.Errorf("files after a refusal (-before +after):\n%s", diff)
			}
		})
	}
}

// A row that was taken a second time must not count as settled because somebody has moved lines.
func TestResumeOfReorderedLedger(t *testing.T) {
	t.Parallel()
	tests := []struct {
		row    int // that the second run takes
		before int // the line before which it is moved, counted from the first one under the header
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
			data, err := os.ReadFile(results.JournalPath(spec.Path))
			must(t, err)
			lines := bytes.SplitAfter(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
			last := slices.Concat(lines[len(lines)-1], []byte("\n"))
			lines = slices.Insert(lines[:len(lines)-1], 2+tt.before, last)
			must(t, os.WriteFile(results.JournalPath(spec.Path), slices.Concat(lines...), 0o600))
			var damage *results.DamageError
			if _, _, err := Resume(resumeSpec(spec, "run3"), nil); !errors.As(err, &damage) || damage.Line != 3+tt.before {
				t.Errorf("Resume with the last taking moved up = %v, want a *DamageError of line %d", err, 3+tt.before)
			}
		})
	}
}

// spreadsheets change a file like programs that open and save it.
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

// A journal, or results, that another program has saved can't be resumed; and nothing in them is
// changed.
func TestResumeOfSavedLedger(t *testing.T) {
	t.Parallel()
	changes := maps.Clone(spreadsheets)
	changes["quoted"] = replacing(",failed,", `,"failed",`)
	changes["sorted"] = func(s string) string {
		lines := strings.SplitAfter(s, "\n")
		body := lines[1 : len(lines)-1]
		slices.SortStableFunc(body, func(a, b string) int { return int(b[0]) - int(a[0]) })
		return strings.Join(lines, "")
	}
	for name, save := range changes {
		for finished, which := range map[string]func(string) string{
			"journal of a run that broke off": results.JournalPath, "journal of finished results": results.JournalPath,
			"finished results beside a journal": path, "finished results": path,
		} {
			t.Run(fmt.Sprint(name, " ", finished), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				spec := leaveRun(t, dir)
				switch {
				case finished == "finished results":
					settleAll(t, spec, "run2")
				case strings.Contains(finished, "finished"):
					finishRun(t, spec, "run2")
				}
				name := filepath.Base(which(spec.Path))
				before := snapshot(t, dir)
				changed := save(before[name])
				if changed == before[name] {
					t.Fatal("the test changed nothing")
				}
				before[name] = changed
				must(t, os.WriteFile(which(spec.Path), []byte(changed), 0o600))
				_, _, err := Resume(resumeSpec(spec, "run9"), nil)
				var damage *results.DamageError
				if !errors.As(err, &damage) || damage.Path != which(spec.Path) || strings.HasPrefix(finished, "finished") && !strings.Contains(damage.Message, "SHA-256") {
					t.Errorf("Resume = %v, want a *DamageError", err)
				}
				if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" {
					t.Errorf("files after a refusal (-before +after):\n%s", diff)
				}
			})
		}
	}
}

func path(p string) string { return p }

// settleAll resumes, settles every row and finishes.
func settleAll(t *testing.T, spec Spec, runID string) {
	t.Helper()
	l, _ := mustResume(t, resumeSpec(spec, runID))
	for n := 1; n <= spec.LastRow; n++ {
		must(t, l.Settle(testResult(n, []runner.Status{runner.StatusReset, runner.StatusFailed}[n%2])))
	}
	_, err := l.Finish(testRows(spec.LastRow), results.Ending{})
	must(t, err)
	must(t, l.Close())
}

// finishRun resumes and finishes at once.
func finishRun(t *testing.T, spec Spec, runID string) {
	t.Helper()
	l, _ := mustResume(t, resumeSpec(spec, runID))
	_, err := l.Finish(testRows(spec.LastRow), results.Ending{})
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
		if m, err := results.ReadManifest(spec.Path); err != nil || m.Finished || m.Result != nil || m.Counts != nil || len(m.Runs) != run {
			t.Errorf("manifest of run %d = %+v, %v; want an unfinished one", run, m, err)
		}
		want := map[bool]runner.Status{true: runner.StatusTaken, false: runner.StatusUnknown}[run == 2]
		if got, _ := l.Last(2); got != want || doubts[0].Status != runner.StatusUnknown {
			t.Errorf("status of row 2 in run %d = %q and, open, %q; want %q and unknown", run, got, doubts[0].Status, want)
		}
		if run%2 == 0 {
			_, err = l.Finish(testRows(5), results.Ending{})
			must(t, err)
		}
		must(t, l.Close())
	}
	m, err := results.ReadManifest(spec.Path)
	must(t, err)
	if len(m.Runs) != 5 || m.Finished {
		t.Errorf("manifest = %+v, want five runs, the last not finished", m)
	}
}
