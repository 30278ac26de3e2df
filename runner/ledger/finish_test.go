package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktareset/runner"
	"oktareset/runner/files"
	"oktareset/runner/results"
	"oktareset/runner/table"
)

// hostile are cells that could break a line, a spreadsheet or a terminal.
var hostile = []string{
	"", "=1+2", "'", "''quoted", "a\nb", "a\r\nb", "\"q\"", ",", "\x00\xff\xfe", "\x1b[31mred", "ＺＥＲＯ＝", "\u202egnp.exe", `C:\new\table`,
	strings.Repeat("long ", 4000), " spaces ", "+49", "@cmd", "-", "\\", "'|\\n", "7,taken",
}

func TestFinishPutsEveryRowInOrder(t *testing.T) {
	t.Parallel()
	n := len(hostile)
	l := mustCreate(t, testSpec(t.TempDir(), n))
	row := func(i int) runner.Row { return runner.Row{N: i, Input: hostile[i-1], Cells: []string{hostile[n-i]}} }
	want := make([]table.Record, n)
	record := func(i int, s runner.Status, r runner.Reason) *table.Record {
		rec := l.record(row(i), s)
		rec.Reason = string(r)
		want[i-1] = rec
		return &want[i-1]
	}
	// From the last row to the first: depending on its number, a row is settled, only taken,
	// settled after it was taken, taken again after it was settled, or never begun.
	for i := n; i >= 1; i-- {
		taken := testTaken(i)
		res := runner.Result{
			Row: row(i), UserID: taken.UserID, Login: hostile[i-1], Status: runner.StatusForbidden, HTTPStatus: 403, ErrorCode: "E0000006",
			Error: hostile[i-1], Attempts: 2, RequestID: "req", StartedAt: takenAt, FinishedAt: takenAt.Add(time.Second),
			Factors: []string{"push:OKTA", "sms:OKTA"}, FactorID: "f1", FactorStatus: "ACTIVE",
		}
		settled := func() {
			rec := record(i, res.Status, "")
			rec.UserID, rec.Login, rec.HTTPStatus, rec.ErrorCode, rec.Error = res.UserID, res.Login, "403", "E0000006", res.Error
			rec.Attempts, rec.RequestID, rec.StartedAt, rec.FinishedAt = "2", "req", "2026-03-01T11:00:00.123Z", "2026-03-01T11:00:01.123Z"
			rec.Factors, rec.FactorID, rec.FactorStatus = "push:OKTA sms:OKTA", "f1", "ACTIVE"
		}
		doubt := func() {
			rec := record(i, runner.StatusUnknown, runner.ReasonUnverified)
			rec.UserID, rec.Login, rec.Error, rec.StartedAt = taken.UserID, taken.Login, inDoubt, "2026-03-01T11:00:00.123Z"
		}
		switch i % 5 {
		case 0:
			must(t, l.Settle(res))
			settled()
		case 1:
			must(t, l.Take(row(i), taken))
			doubt()
		case 2:
			must(t, l.Take(row(i), taken))
			must(t, l.Settle(res))
			settled()
		case 3:
			must(t, l.Settle(res))
			must(t, l.Take(row(i), taken))
			doubt()
		case 4:
			record(i, runner.StatusNotAttempted, "").Attempts = "0"
		}
	}
	rows := func(yield func(runner.Row, error) bool) {
		for i := 1; i <= n && yield(row(i), nil); i++ {
		}
	}
	counts, err := l.Finish(rows, results.Ending{Stopped: "limit", Attempts: 7, TooManyRequests: 1, SecondsHeld: 1.5})
	must(t, err)

	got := []table.Record{}
	for e, err := range results.Scan(t.Context(), l.Path()) {
		must(t, err)
		got = append(got, e.Record)
		if want := hostile[n-e.Row]; e.Extra[0] != want {
			t.Errorf("dept of row %d = %q, want %q", e.Row, e.Extra[0], want)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("finished rows (-want +got):\n%s", diff)
	}
	wantCounts := runner.Counts{}
	for _, rec := range want {
		wantCounts[runner.Status(rec.Status)]++
	}
	if diff := cmp.Diff(wantCounts, counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	checkFinished(t, l, wantCounts)
}

// checkFinished compares the manifest of a finished ledger with its file.
func checkFinished(t *testing.T, l *Ledger, counts runner.Counts) {
	t.Helper()
	text, err := os.ReadFile(l.Path())
	must(t, err)
	sum := sha256.Sum256(text)
	m, err := results.ReadManifest(l.Path())
	must(t, err)
	want := &results.Result{File: "users.results.csv", SHA256: hex.EncodeToString(sum[:]), Rows: counts.Total()}
	if diff := cmp.Diff(want, m.Result); diff != "" {
		t.Errorf("result in the manifest (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(counts, m.Counts); diff != "" {
		t.Errorf("counts in the manifest (-want +got):\n%s", diff)
	}
	run := m.Runs[0]
	if !m.Finished || run.FinishedAt.IsZero() {
		t.Errorf("manifest: finished %v, run %+v", m.Finished, run)
	}
	if diff := cmp.Diff(results.Ending{Stopped: "limit", Attempts: 7, TooManyRequests: 1, SecondsHeld: 1.5}, run.Ending); diff != "" {
		t.Errorf("the run's ending in the manifest (-want +got):\n%s", diff)
	}
	for _, path := range []string{l.Path(), l.ManifestPath(), results.JournalPath(l.Path())} {
		info, err := os.Stat(path)
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("mode of %q = %v, want 0600", path, info.Mode().Perm())
		}
	}
	must(t, l.Close())
	if diff := cmp.Diff([]string{"users.results.csv", "users.results.journal", "users.results.json"}, names(t, filepath.Dir(l.Path()))); diff != "" {
		t.Errorf("files after Close (-want +got):\n%s", diff)
	}
}

func TestFinishOfNothing(t *testing.T) {
	t.Parallel()
	l := mustCreate(t, testSpec(t.TempDir(), 0))
	counts, err := l.Finish(testRows(0), results.Ending{})
	must(t, err)
	text, err := os.ReadFile(l.Path())
	must(t, err)
	if !bytes.Equal(text, l.header) || len(counts) != 0 {
		t.Errorf("Finish of no rows wrote %q, counted %v; want the header alone", text, counts)
	}
}

func TestFinishOnce(t *testing.T) {
	t.Parallel()
	l := mustCreate(t, testSpec(t.TempDir(), 1))
	_, err := l.Finish(testRows(1), results.Ending{})
	must(t, err)
	if _, err := l.Finish(testRows(1), results.Ending{}); err == nil {
		t.Error("second Finish = nil, want an error")
	}
	if err := l.Take(testRow(1), testTaken(1)); err == nil {
		t.Error("Take after Finish = nil, want an error")
	}
	m, err := results.ReadManifest(l.Path())
	must(t, err)
	if !m.Finished {
		t.Error("manifest after a second Finish isn't finished any more")
	}
}

// limited fails after n bytes.
type limited struct {
	w io.Writer
	n int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.n -= len(p); l.n < 0 {
		return 0, errors.New("no space left on device")
	}
	return l.w.Write(p)
}

func TestFinishFailureLeavesTheLedger(t *testing.T) {
	t.Parallel()
	changed := errors.New("the input changed")
	upTo := func(n int, err error) iter.Seq2[runner.Row, error] {
		return func(yield func(runner.Row, error) bool) {
			for i := 1; i <= n; i++ {
				if !yield(testRow(i), nil) {
					return
				}
			}
			if err != nil {
				yield(runner.Row{}, err)
			}
		}
	}
	numbers := func(ns ...int) iter.Seq2[runner.Row, error] {
		return func(yield func(runner.Row, error) bool) {
			for _, n := range ns {
				if !yield(testRow(n), nil) {
					return
				}
			}
		}
	}
	full := func(l *Ledger) {
		l.disk.publish = func(path string, write func(io.Writer) error, named func() error) error {
			return publish(path, func(w io.Writer) error { return write(&limited{w: w, n: 300}) }, named)
		}
	}
	foreign := func(l *Ledger) {
		f, err := os.OpenFile(results.JournalPath(l.path), os.O_WRONLY, 0)
		if err == nil {
			_, err = f.WriteAt([]byte("9"), l.commits.index.places[1].offset()+20)
		}
		if err := errors.Join(err, f.Close()); err != nil {
			panic(err)
		}
	}
	tests := []struct {
		name string
		rows iter.Seq2[runner.Row, error]
		prep func(*Ledger)
		want string
	}{
		{"input changed", upTo(2, changed), nil, "the input changed"},
		{"row missing", upTo(3, nil), nil, "3 rows"},
		{"row too many", upTo(5, nil), nil, "row 5"},
		{"row twice", numbers(1, 2, 2, 3), nil, "row 2"},
		{"out of order", numbers(2, 1, 3, 4), nil, "row 1"},
		{"disk full", testRows(4), full, "no space left"},
		{"another program wrote", testRows(4), foreign, "another program"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			l := mustCreate(t, testSpec(dir, 4))
			must(t, l.Take(testRow(3), testTaken(3)))
			must(t, l.Settle(testResult(3, runner.StatusReset)))
			must(t, l.Take(testRow(2), testTaken(2)))
			if tt.prep != nil {
				tt.prep(l)
			}
			before, err := os.ReadFile(results.JournalPath(l.Path()))
			must(t, err)

			counts, err := l.Finish(tt.rows, results.Ending{})
			var finish *FinishError
			var damage *results.DamageError
			isFinish, isDamage := errors.As(err, &finish), errors.As(err, &damage)
			if isDamage != (tt.name == "another program wrote") || isFinish == isDamage || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Finish = %v, want a *FinishError, or a *DamageError of another program, with %q", err, tt.want)
			}
			if tt.name == "input changed" && !errors.Is(err, changed) {
				t.Errorf("Finish = %v, want it to wrap the error of the rows", err)
			}
			if want := (runner.Counts{runner.StatusReset: 1, runner.StatusTaken: 1}); !cmp.Equal(counts, want) {
				t.Errorf("counts = %v, want those of the ledger, %v", counts, want)
			}
			after, err := os.ReadFile(results.JournalPath(l.Path()))
			must(t, err)
			if diff := cmp.Diff(string(before), string(after)); diff != "" {
				t.Errorf("journal after a failed Finish (-before +after):\n%s", diff)
			}
			m, err := results.ReadManifest(l.Path())
			must(t, err)
			if m.Finished || m.Result != nil || !strings.Contains(m.Runs[0].Stopped, tt.want) || m.Runs[0].FinishedAt.IsZero() {
				t.Errorf("manifest after a failed Finish = %+v, want an unfinished one that says why", m)
			}
			must(t, l.Close())
			want := []string{"users.results.journal", "users.results.json"}
			if diff := cmp.Diff(want, names(t, dir)); diff != "" {
				t.Errorf("files after a failed Finish (-want +got):\n%s", diff)
			}
		})
	}
}

// A failure to write the manifest must neither hide that the results are finished nor be hidden.
func TestFinishWithoutManifest(t *testing.T) {
	t.Parallel()
	l := mustCreate(t, testSpec(t.TempDir(), 1))
	published := false
	l.disk.publish = func(path string, write func(io.Writer) error, named func() error) error {
		published = true
		return publish(path, write, named)
	}
	l.disk.replace = func(path string, write func(io.Writer) error) error {
		if _, err := os.Stat(l.path); err == nil && published {
			return errors.New("no space left on device")
		}
		return files.Replace(path, write)
	}
	counts, err := l.Finish(testRows(1), results.Ending{})
	var finish *FinishError
	if err == nil || errors.As(err, &finish) || !strings.Contains(err.Error(), "manifest") {
		t.Errorf("Finish = %v, want an error of the manifest alone", err)
	}
	if counts[runner.StatusNotAttempted] != 1 {
		t.Errorf("counts = %v, want the finished ones", counts)
	}
}

func TestReplaceFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	put := func(text string, err error) error {
		return files.Replace(path, func(w io.Writer) error {
			_, werr := io.WriteString(w, text)
			return errors.Join(werr, err)
		})
	}
	must(t, put("one", nil))
	must(t, put("two", nil))
	if err := put("three", errors.New("broken")); err == nil {
		t.Error("files.Replace with a failing writer = nil, want its error")
	}
	if err := files.Replace(filepath.Join(dir, "none", "x"), func(io.Writer) error { return nil }); err == nil {
		t.Error("files.Replace in a missing folder = nil, want an error")
	}
	must(t, os.Mkdir(filepath.Join(dir, "folder"), 0o700))
	if err := files.Replace(filepath.Join(dir, "folder"), func(io.Writer) error { return nil }); err == nil {
		t.Error("files.Replace of a folder = nil, want an error of the rename")
	}
	text, err := os.ReadFile(path)
	must(t, err)
	if got := names(t, dir); string(text) != "two" || !slices.Equal(got, []string{"folder", "x"}) {
		t.Errorf("after two writes and failures: %q in %q, want two in x and no other file", text, got)
	}
}
