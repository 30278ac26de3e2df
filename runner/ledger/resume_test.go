package ledger

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktareset/runner"
	"oktareset/runner/files"
	"oktareset/runner/results"
	"oktareset/runner/table"
)

// consented is what a run has recorded before its first change.
func consented(m *results.Manifest) {
	m.Steps, m.Consent = []string{"identify", "reset"}, results.Consent{How: results.ConsentConfirm, Min: 1, Max: 9, At: results.Stamp(takenAt)}
	m.Actor = results.Actor{ID: "00uactor", Login: "ada@example.com"}
}

// resumeSpec is a later run over the input of testSpec.
func resumeSpec(s Spec, runID string) Spec {
	s.Manifest.Steps = []string{"identify", "reset"}
	s.Manifest.Ticket = ""
	s.Manifest.Runs = []results.Run{{RunID: runID, StartedAt: takenAt.Add(time.Hour), Operator: results.Operator{User: "bob", Host: "tower"}}}
	return s
}

// mustResume resumes and forgets the lines.
func mustResume(t *testing.T, s Spec) (*Ledger, []runner.Result) {
	t.Helper()
	l, doubts, err := Resume(s, nil)
	if err != nil {
		t.Fatalf("Resume(%q) = %v, want no error", s.Path, err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l, doubts
}

// leaveRun writes the ledger of a run over 5 rows that was closed: row 1 is reset, 2 taken, 3
// unknown, 4 failed, 5 untouched.
func leaveRun(t *testing.T, dir string) Spec {
	t.Helper()
	spec := testSpec(dir, 5)
	spec.Manifest.Input.SHA256 = "abc"
	l := mustCreate(t, spec)
	must(t, l.Update(consented))
	must(t, l.Take(testRow(1), testTaken(1)))
	must(t, l.Take(testRow(2), testTaken(2)))
	must(t, l.Settle(testResult(1, runner.StatusReset)))
	must(t, l.Take(testRow(3), testTaken(3)))
	lost := testResult(3, runner.StatusUnknown)
	lost.HTTPStatus, lost.ErrorCode, lost.Error, lost.Attempts, lost.RequestID = 502, "E1", "answer lost", 2, "req3"
	lost.FinishedAt, lost.Factors = takenAt.Add(time.Minute), []string{"push:OKTA", "sms:OKTA"}
	must(t, l.Settle(lost))
	must(t, l.Settle(testResult(4, runner.StatusFailed)))
	must(t, l.Close())
	return spec
}

// snapshot reads every file of a folder.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, name := range names(t, dir) {
		text, err := os.ReadFile(filepath.Join(dir, name))
		must(t, err)
		files[name] = string(text)
	}
	return files
}

func TestResumeGoesOn(t *testing.T) {
	t.Parallel()
	spec := leaveRun(t, t.TempDir())
	var lines []string
	l, doubts, err := Resume(resumeSpec(spec, "run2"), func(e results.Entry) {
		lines = append(lines, fmt.Sprintf("%d %s %s", e.Row, e.Status, e.Record.UserID))
	})
	must(t, err)
	want := []string{
		"1 taken 00u00000000000000001", "2 taken 00u00000000000000002", "1 reset 00u00000000000000001",
		"3 taken 00u00000000000000003", "3 unknown 00u00000000000000003", "4 failed 00u00000000000000004",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	second, third := testRow(2), testRow(3)
	second.Line, third.Line = 0, 0
	taken2, taken3 := testTaken(2), testTaken(3)
	wantDoubts := []runner.Result{
		{
			Row: second, UserID: taken2.UserID, Login: taken2.Login, StartedAt: results.Stamp(takenAt), RunID: "run1", Status: runner.StatusUnknown,
			Reason: runner.ReasonUnverified, Error: inDoubt, Factors: []string{}, Open: runner.Open{Sent: runner.Lost},
		},
		{
			Row: third, UserID: taken3.UserID, Login: taken3.Login, StartedAt: results.Stamp(takenAt), RunID: "run1", Status: runner.StatusUnknown,
			RequestID: "req3", HTTPStatus: 502, ErrorCode: "E1",
			Error: "answer lost", Attempts: 2, Factors: []string{"push:OKTA", "sms:OKTA"}, FinishedAt: results.Stamp(takenAt.Add(time.Minute)),
			Open: runner.Open{Sent: runner.Lost},
		},
	}
	if diff := cmp.Diff(wantDoubts, doubts); diff != "" {
		t.Errorf("doubts (-want +got):\n%s", diff)
	}
	for n, want := range []runner.Status{"", runner.StatusReset, runner.StatusTaken, runner.StatusUnknown, runner.StatusFailed, "", ""} {
		if got, ok := l.Last(n); got != want || ok != (want != "") {
			t.Errorf("Last(%d) = %q, %v; want %q", n, got, ok, want)
		}
	}
	checkResumed(t, l)

	// Row 2 is proved, 3 sent again, 4 and 5 are done for the first time.
	proved := testResult(2, runner.StatusReset)
	proved.RunID = "run1"
	must(t, l.Settle(proved))
	for n := 3; n <= 5; n++ {
		must(t, l.Take(testRow(n), testTaken(n)))
		must(t, l.Settle(testResult(n, runner.StatusReset)))
	}
	counts, err := l.Finish(testRows(5), results.Ending{})
	must(t, err)
	must(t, l.Close())
	if !cmp.Equal(counts, runner.Counts{runner.StatusReset: 5}) {
		t.Errorf("counts = %v, want 5 reset", counts)
	}
	var by []string
	for e, err := range results.Scan(t.Context(), l.Path()) {
		must(t, err)
		by = append(by, e.Record.Row+e.Record.RunID+e.Record.Ticket)
	}
	if diff := cmp.Diff([]string{"1run1CHG-1", "2run1CHG-1", "3run2CHG-1", "4run2CHG-1", "5run2CHG-1"}, by); diff != "" {
		t.Errorf("row, run and ticket of the results (-want +got):\n%s", diff)
	}
}

// checkResumed looks at the manifest of a ledger that run2 has just resumed.
func checkResumed(t *testing.T, l *Ledger) {
	t.Helper()
	m, err := results.ReadManifest(l.Path())
	must(t, err)
	if len(m.Runs) != 2 || m.Runs[0].RunID != "run1" || m.Runs[1].RunID != "run2" || m.Finished || m.Result != nil || m.Counts != nil {
		t.Errorf("manifest on the disk after Resume = %+v, want unfinished with both runs", m)
	}
	if m.Actor.ID != "00uactor" || m.Consent.Max != 9 || m.Ticket != "CHG-1" || l.Consent().Max != 9 {
		t.Errorf("manifest on the disk after Resume = %+v, want what the first run had noted", m)
	}
	changed := l.Manifest()
	changed.Runs[0].RunID, changed.Steps[0] = "x", "x"
	if got := l.Manifest(); got.Runs[0].RunID != "run1" || got.Steps[0] != "identify" {
		t.Error("Manifest shares memory with the ledger")
	}
}

func TestResumeTicket(t *testing.T) {
	t.Parallel()
	spec := resumeSpec(leaveRun(t, t.TempDir()), "run2")
	spec.Manifest.Ticket = "CHG-2"
	l, _ := mustResume(t, spec)
	must(t, l.Settle(testResult(5, runner.StatusReset)))
	must(t, l.Close())
	tickets := ""
	entries, _ := readJournal(t, results.JournalPath(l.Path()))
	for _, e := range entries {
		if e.Row >= 4 {
			tickets += e.Record.Ticket + " "
		}
	}
	if got := l.Manifest().Ticket; tickets != "CHG-1 CHG-1 " || got != "CHG-1" {
		t.Errorf("tickets of rows 4 and 5 = %q, of the manifest %q; want that of the results: they have one", tickets, got)
	}
}

func TestNothingToResume(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		leave func(t *testing.T, s Spec)
		want  bool
	}{
		{"no files", func(*testing.T, Spec) {}, true},
		{"died before the ledger", leaveManifest(func(*results.Manifest) {}), true},
		{"died before the ledger, no consent named", leaveManifest(func(m *results.Manifest) { m.Consent.How = results.ConsentNone }), true},
		{"results are gone", leaveManifest(consented), false},
		{"finished results are gone", leaveManifest(func(m *results.Manifest) { m.Finished = true }), false},
		{"results of a run that ended are gone", leaveManifest(func(m *results.Manifest) { m.Runs[0].FinishedAt = takenAt }), false},
		{"results of two runs are gone", leaveManifest(func(m *results.Manifest) { m.Runs = append(m.Runs, m.Runs[0]) }), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			spec := testSpec(dir, 1)
			tt.leave(t, spec)
			before := snapshot(t, dir)
			_, _, err := Resume(resumeSpec(spec, "run2"), nil)
			if !tt.want {
				var damage *results.DamageError
				if !errors.As(err, &damage) || damage.Path != results.ManifestPath(spec.Path) || damage.Hint == "" {
					t.Errorf("Resume = %v, want a *DamageError of the manifest with a hint", err)
				}
				if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" {
					t.Errorf("files after a refusal (-before +after):\n%s", diff)
				}
				return
			}
			if !errors.Is(err, ErrNothing) {
				t.Errorf("Resume = %v, want ErrNothing", err)
			}
			if got := names(t, dir); len(got) > 0 {
				t.Errorf("files = %q, want none", got)
			}
			mustCreate(t, spec)
		})
	}
}

// leaveManifest leaves a manifest without results.
func leaveManifest(change func(*results.Manifest)) func(t *testing.T, s Spec) {
	return func(t *testing.T, s Spec) {
		t.Helper()
		l := mustCreate(t, s)
		must(t, l.Update(change))
		must(t, l.Close())
		must(t, os.Remove(results.JournalPath(s.Path)))
		must(t, os.WriteFile(results.ManifestPath(s.Path)+".123.tmp", []byte("{"), 0o600))
		if !strings.Contains(t.Name(), "died") {
			must(t, os.Remove(results.ManifestPath(s.Path)+".123.tmp"))
		}
	}
}

func TestResumeOfSomethingElse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		what, want, got string
		change          func(m *results.Manifest)
	}{
		{"org", "acme.okta.com 00oa", "acme.okta.com 00ob", func(m *results.Manifest) { m.OrgID = "00ob" }},
		{"org", "acme.okta.com 00oa", "evil.okta.com", func(m *results.Manifest) { m.Org, m.OrgID = "evil.okta.com", "" }},
		{"steps", "identify, reset", "identify, reset, sessions", func(m *results.Manifest) { m.Steps = append(m.Steps, "sessions") }},
		{"kind", "a reset", "a dry run", func(m *results.Manifest) { m.DryRun = true }},
		{"kind", "a reset", "a reset in the stand-in org", func(m *results.Manifest) { m.Sandbox = true }},
		{
			"input", "users.csv with 5 rows, SHA-256 abc", "other.csv with 5 rows, SHA-256 def",
			func(m *results.Manifest) { m.Input.SHA256, m.Input.File = "def", "other.csv" },
		},
		{
			"input", "users.csv with 5 rows, SHA-256 abc", "users.csv with 4 rows, SHA-256 abc",
			func(m *results.Manifest) { m.Input.Rows = 4 },
		},
	}
	for _, tt := range tests {
		t.Run(tt.got, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			spec := resumeSpec(leaveRun(t, dir), "run2")
			before := snapshot(t, dir)
			tt.change(&spec.Manifest)
			_, _, err := Resume(spec, func(results.Entry) { t.Error("a line of a ledger of something else was handed out") })
			want := &MismatchError{Path: spec.Path, What: tt.what, Want: tt.want, Got: tt.got}
			var got *MismatchError
			if !errors.As(err, &got) || *got != *want {
				t.Fatalf("Resume = %v, want %v", err, want)
			}
			if text := err.Error(); !strings.Contains(text, tt.want) || !strings.Contains(text, tt.got) ||
				strings.Contains(text, "changed since") != (tt.what == "input") {
				t.Errorf("MismatchError = %q, want both sides", text)
			}
			if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" {
				t.Errorf("files after a refusal (-before +after):\n%s", diff)
			}
		})
	}
}

// These may differ between runs: the name of the input, the port of the stand-in org, and steps
// that the earlier run didn't get to record.
func TestResumeWithHarmlessDifferences(t *testing.T) {
	t.Parallel()
	spec := testSpec(t.TempDir(), 1)
	spec.Manifest.Sandbox, spec.Manifest.Org = true, "127.0.0.1:1111"
	must(t, mustCreate(t, spec).Close())
	again := resumeSpec(spec, "run2")
	again.Manifest.Org, again.Manifest.Input.File, again.Manifest.Version = "127.0.0.1:2222", "renamed.csv", "v2"
	l, _ := mustResume(t, again)
	if m := l.Manifest(); m.Version != "v2" || strings.Join(m.Steps, " ") != "identify reset" {
		t.Errorf("manifest = %+v, want the version and the steps of the run that goes on", m)
	}
	must(t, l.Close())
	again.Manifest.Runs[0].RunID = "run1"
	if _, _, err := Resume(again, nil); err == nil || !strings.Contains(err.Error(), `"run1"`) {
		t.Errorf("Resume by a run that is in the manifest = %v, want an error", err)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	l, _ := mustResume(t, resumeSpec(leaveRun(t, t.TempDir()), "run2"))
	other := testRow(1)
	other.Input = "mallory@example.com"
	var damage *results.DamageError
	if err := l.Check(other); !errors.As(err, &damage) || !strings.Contains(err.Error(), "mallory") {
		t.Errorf("Check of a row with another input = %v, want a *DamageError that names it", err)
	}
	must(t, l.Check(testRow(1)))
	must(t, l.Check(testRow(5))) // it has no line
	must(t, l.Settle(testResult(5, runner.StatusReset)))
	must(t, l.Check(testRow(5))) // it has one of this run

	fresh := mustCreate(t, testSpec(t.TempDir(), 1))
	must(t, fresh.Check(testRow(1)))
	if s, ok := fresh.Last(1); ok {
		t.Errorf("Last of a new ledger = %q, want none", s)
	}
}

func TestDiscardOfResumed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	spec := leaveRun(t, dir)
	before := snapshot(t, dir)
	l, _ := mustResume(t, resumeSpec(spec, "run2"))
	must(t, l.Discard())
	if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" {
		t.Errorf("files after Discard (-before +after):\n%s", diff)
	}
	done := leaveDone(t, t.TempDir()) // the run makes a journal from them
	before = snapshot(t, filepath.Dir(done.Path))
	l, _ = mustResume(t, resumeSpec(done, "run3"))
	must(t, l.Discard())
	if diff := cmp.Diff(before, snapshot(t, filepath.Dir(done.Path))); diff != "" {
		t.Errorf("files after Discard of results that had no journal (-before +after):\n%s", diff)
	}
	l, _ = mustResume(t, resumeSpec(spec, "run2"))
	must(t, l.Settle(testResult(5, runner.StatusSkipped)))
	if err := l.Discard(); err == nil {
		t.Error("Discard after a line = nil, want an error")
	}
	must(t, l.Close())
	if last, _ := lastStatuses(t, results.JournalPath(spec.Path)); last[5] != runner.StatusSkipped {
		t.Errorf("statuses after a refused Discard = %v, want row 5", last)
	}
}

// broken is a ledger's file with one failing operation.
type broken struct {
	file
	truncate, sync error
}

func (b broken) Truncate(size int64) error {
	return errors.Join(b.truncate, b.file.Truncate(size))
}

func (b broken) Sync() error { return errors.Join(b.sync, b.file.Sync()) }

func TestResumeThatFailsChangesNothing(t *testing.T) {
	t.Parallel()
	full := errors.New("no space left on device")
	tests := []struct {
		name string
		open func(string) (file, error)
	}{
		{"open", func(string) (file, error) { return nil, full }},
		{"truncate", func(p string) (file, error) { f, err := openFile(p); return broken{file: f, truncate: full}, err }},
		{"sync", func(p string) (file, error) { f, err := openFile(p); return broken{file: f, sync: full}, err }},
	}
	t.Run("carry", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		spec := leaveDone(t, dir)
		before := snapshot(t, dir)
		for _, room := range []int{50, 400, 700} {
			d := with(func(path string) (file, error) {
				f, err := createFile(path)
				return &mortal{file: f, calls: -1, room: int64(room)}, err
			})
			if _, _, err := resume(resumeSpec(spec, "run3"), nil, d); err == nil || !strings.Contains(err.Error(), "no space left") {
				t.Errorf("resume of results with room for %d bytes = %v, want an error of the disk", room, err)
			}
			if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" {
				t.Errorf("files with room for %d bytes (-before +after):\n%s", room, diff)
			}
		}
		mustResume(t, resumeSpec(spec, "run3"))
	})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			spec := leaveRun(t, dir)
			before := snapshot(t, dir)
			appendTo(t, results.JournalPath(spec.Path), "2,torn")
			if _, _, err := resume(resumeSpec(spec, "run2"), nil, with(tt.open)); !errors.Is(err, full) {
				t.Errorf("resume = %v, want %v", err, full)
			}
			after := snapshot(t, dir)
			after["users.results.journal"] = strings.TrimSuffix(after["users.results.journal"], "2,torn")
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("files but for the torn line (-before +after):\n%s", diff)
			}
			mustResume(t, resumeSpec(spec, "run2"))
		})
	}
}

func TestResumeInReadOnlyFolder(t *testing.T) {
	t.Parallel()
	if os.Getuid() == 0 {
		t.Skip("root may write everywhere")
	}
	dir := t.TempDir()
	spec := leaveRun(t, dir)
	must(t, os.Chmod(dir, 0o500))
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	if _, _, err := Resume(resumeSpec(spec, "run2"), nil); !errors.Is(err, os.ErrPermission) {
		t.Errorf("Resume in a folder that can't be written = %v, want os.ErrPermission", err)
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	_, err = io.WriteString(f, text)
	must(t, errors.Join(err, f.Close()))
}

// Files that a version without a journal left unfinished have another form. That version has to
// finish them, unless it has done nothing.
func TestResumeOfTheFirstEdition(t *testing.T) {
	t.Parallel()
	header := strings.Join(table.Columns, ",") + ",dept\n"
	for name, tt := range map[string]struct {
		change  func(m *results.Manifest)
		results string
		refused bool
	}{
		"with consent":                 {func(m *results.Manifest) { m.OrgID, m.Consent.How = "", results.ConsentConfirm }, header, true},
		"with the ID":                  {func(m *results.Manifest) { m.Consent.How = results.ConsentConfirm }, header, true},
		"with a row":                   {func(m *results.Manifest) { m.OrgID, m.Consent.How = "", results.ConsentNone }, header + "1,a", true},
		"beside an old journal":        {func(m *results.Manifest) { m.Consent.How = results.ConsentConfirm }, header + "1,a", true},
		"a dry run":                    {func(m *results.Manifest) { m.DryRun, m.Consent.How = true, results.ConsentNone }, header + "1,a", true},
		"no consent":                   {func(m *results.Manifest) { m.OrgID, m.Consent.How = "", results.ConsentNone }, header, false},
		"no consent and half a header": {func(m *results.Manifest) { m.OrgID, m.Consent.How = "", results.ConsentNone }, header[:9], false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			spec := testSpec(dir, 1)
			spec.Manifest.Format = results.Format
			tt.change(&spec.Manifest)
			must(t, files.Replace(results.ManifestPath(spec.Path), spec.Manifest.Encode))
			must(t, os.WriteFile(spec.Path, []byte(tt.results), 0o600))
			if strings.Contains(name, "journal") { // results that such a version has resumed
				must(t, os.WriteFile(results.JournalPath(spec.Path), []byte("oktareset journal,1"), 0o600))
			}
			before := snapshot(t, dir)
			again := resumeSpec(spec, "run2")
			again.Manifest.OrgID = "00oa"
			_, _, err := Resume(again, func(results.Entry) { t.Error("a line was handed out") })
			var damage *results.DamageError
			if !tt.refused {
				if got := names(t, dir); !errors.Is(err, ErrNothing) || len(got) > 0 {
					t.Errorf("Resume = %v, left %q, want ErrNothing and no file", err, got)
				}
				return
			}
			if !errors.As(err, &damage) || damage.Hint != "finish it with the version that began it" {
				t.Errorf("Resume = %v, want a *DamageError", err)
			}
			if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" {
				t.Errorf("files after a refusal (-before +after):\n%s", diff)
			}
		})
	}
}
