package ledger

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktareset/runner"
	"oktareset/runner/results"
	"oktareset/runner/table"
)

var takenAt = time.Date(2026, 3, 1, 12, 0, 0, 123_999_999, time.FixedZone("CET", 3600))

// testSpec is a run over n rows with one other column.
func testSpec(dir string, n int) Spec {
	return Spec{
		Path: filepath.Join(dir, "users.results.csv"), Columns: []string{"dept"}, LastRow: n,
		Manifest: results.Manifest{
			Version: "v1", Org: "acme.okta.com", OrgID: "00oa", Ticket: "CHG-1", Input: results.Input{File: "users.csv", Rows: n},
			Runs: []results.Run{{RunID: "run1", StartedAt: takenAt, Operator: results.Operator{User: "ada", Host: "box"}}},
		},
	}
}

func testRow(n int) runner.Row {
	return runner.Row{N: n, Line: n + 1, Input: fmt.Sprintf("user%d@example.com", n), Cells: []string{fmt.Sprintf("=dept\n%d", n)}}
}

func testRows(n int) iter.Seq2[runner.Row, error] {
	return func(yield func(runner.Row, error) bool) {
		for i := 1; i <= n && yield(testRow(i), nil); i++ {
		}
	}
}

func testTaken(n int) runner.Taken {
	return runner.Taken{UserID: fmt.Sprintf("00u%017d", n), Login: fmt.Sprintf("user%d@example.com", n), At: takenAt}
}

func testResult(n int, s runner.Status) runner.Result {
	t := testTaken(n)
	return runner.Result{Row: testRow(n), UserID: t.UserID, Login: t.Login, Status: s, HTTPStatus: 200, Attempts: 1, StartedAt: takenAt}
}

func mustCreate(t *testing.T, s Spec) *Ledger {
	t.Helper()
	l, err := Create(s)
	if err != nil {
		t.Fatalf("Create(%q) = %v, want no error", s.Path, err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// names lists a folder.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	got := []string{}
	for _, e := range entries {
		got = append(got, e.Name())
	}
	return got
}

// lastStatuses returns what a reader sees in results or a journal: the status of each row's last
// line. torn says whether anything but good lines follows.
func lastStatuses(t *testing.T, path string) (last map[int]runner.Status, torn bool) {
	t.Helper()
	last = map[int]runner.Status{}
	if !strings.HasSuffix(path, ".journal") {
		for e, err := range results.Scan(t.Context(), path) {
			must(t, err)
			last[e.Row] = e.Status
		}
		return last, false
	}
	entries, torn := readJournal(t, path)
	for _, e := range entries {
		last[e.Row] = e.Status
	}
	return last, torn
}

// readJournal reads the good lines of a journal, without the code that a resume uses.
func readJournal(t *testing.T, path string) (entries []results.Entry, torn bool) {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	before := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	for n := 1; len(text) > 0; n++ {
		line, rest, ok := bytes.Cut(text, []byte("\n"))
		if !ok || len(line) < 9 {
			return entries, true
		}
		covered := line[:len(line)-8]
		_, _ = before.Write(covered)
		if fmt.Sprintf("%08x", before.Sum32()) != string(line[len(line)-8:]) {
			return entries, true
		}
		if n > 2 {
			fields := strings.SplitN(string(covered[:len(covered)-1]), ",", 5)
			columns := strings.Count(strings.Join(table.Columns, ","), ",") + 1
			rec, _, err := table.NewDecoder(len(csvCells(t, fields[4])) - columns).Decode([]byte(fields[4] + "\n"))
			must(t, err)
			e := results.Entry{Status: runner.Status(rec.Status), Record: rec}
			if fields[0] == "taken" {
				e.Status = runner.StatusTaken
			}
			e.Row, err = strconv.Atoi(rec.Row)
			must(t, err)
			entries = append(entries, e)
		}
		text = rest
	}
	return entries, false
}

func csvCells(t *testing.T, line string) []string {
	t.Helper()
	cells, err := csv.NewReader(strings.NewReader(line)).Read()
	must(t, err)
	return cells
}

// with is a disk on which open makes and opens journals.
func with(open func(string) (file, error)) disk {
	d := realDisk
	d.create, d.open = open, open
	return d
}

// memFile is a file in memory that can count, block and fail.
type memFile struct {
	mu      sync.Mutex
	data    []byte
	synced  int // bytes
	writes  int
	syncs   int
	room    int           // bytes until the disk is full; 0: no end
	syncErr error         // of the next Sync
	gate    chan struct{} // when set, each Sync waits for one receive
}

func (f *memFile) WriteAt(p []byte, off int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if int(off) != len(f.data) {
		return 0, fmt.Errorf("written at %d, the file has %d bytes: lines must only be appended", off, len(f.data))
	}
	f.writes++
	if f.room > 0 && len(f.data)+len(p) > f.room {
		n := f.room - len(f.data)
		f.data = append(f.data, p[:n]...)
		return n, errors.New("no space left on device")
	}
	f.data = append(f.data, p...)
	return len(p), nil
}

func (f *memFile) Sync() error {
	f.mu.Lock()
	f.syncs++
	n, gate, err := len(f.data), f.gate, f.syncErr
	f.mu.Unlock()
	if gate != nil {
		<-gate
	}
	if err != nil {
		return err
	}
	f.mu.Lock()
	f.synced = n
	f.mu.Unlock()
	return nil
}

func (f *memFile) ReadAt(p []byte, off int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := copy(p, f.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *memFile) Truncate(size int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.data = f.data[:size]
	return nil
}

func (f *memFile) Intact(int64) error { return nil }

func (f *memFile) Close() error { return nil }

// counted returns writes and syncs since the head.
func (f *memFile) counted() (writes, syncs int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.writes - 1, f.syncs - 1
}

// bytes returns what is in the file and how much of it is synced.
func (f *memFile) bytes() (data []byte, synced int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.data), f.synced
}

// createMem creates a ledger of n rows whose file is f.
func createMem(t *testing.T, n int, f *memFile) *Ledger {
	t.Helper()
	l, err := create(testSpec(t.TempDir(), n), with(func(string) (file, error) { return f, nil }))
	must(t, err)
	return l
}

func TestCreateWritesEverythingFirst(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := mustCreate(t, testSpec(dir, 3))
	want := []string{"users.results.csv.lock", "users.results.journal", "users.results.json"}
	if diff := cmp.Diff(want, names(t, dir)); diff != "" {
		t.Errorf("files of a run (-want +got):\n%s", diff)
	}
	for _, name := range want {
		info, err := os.Stat(filepath.Join(dir, name))
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("mode of %q = %v, want 0600", name, info.Mode().Perm())
		}
	}
	text, err := os.ReadFile(results.JournalPath(l.Path()))
	must(t, err)
	first, second, _ := strings.Cut(string(text), "\n")
	if !strings.HasPrefix(first, "oktareset journal,1,run1,") || !strings.HasPrefix(second, "event,step,sent,still_to_go,row,input,user_id,") ||
		!strings.Contains(second, ",ticket,dept,") {
		t.Errorf("a new journal holds %q, want what it is, and our header with dept", text)
	}
	m, err := results.ReadManifest(l.Path())
	must(t, err)
	if m.Format != results.Format || m.Org != "acme.okta.com" || m.Finished {
		t.Errorf("manifest of a new ledger = %+v", m)
	}
	must(t, l.Close())
	must(t, l.Close())
	if got := names(t, dir); slices.Contains(got, "users.results.csv.lock") {
		t.Errorf("files after Close = %q, want no lock", got)
	}
}

func TestCreateRefusesWhatExists(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name                string
		results, manifest   string
		journal             string
		link                bool
		sandbox, wantCreate bool
	}{
		{name: "results", results: "x"},
		{name: "manifest", manifest: "x"},
		{name: "journal", journal: "x"},
		{name: "journal without manifest, sandbox", journal: "x", sandbox: true},
		{name: "dangling link", link: true},
		{name: "results without manifest, sandbox", results: "x", sandbox: true},
		{name: "real results, sandbox run", results: "x", manifest: `{"format":1,"runs":[{}],"sandbox":false}`, sandbox: true},
		{name: "sandbox results, real run", results: "x", manifest: `{"format":1,"runs":[{}],"sandbox":true}`},
		{name: "broken manifest, sandbox run", results: "x", manifest: `{`, sandbox: true},
		{name: "a real org's results that are called a rehearsal, sandbox run", results: "x", manifest: `{"format":1,"runs":[{}],"sandbox":true,"org":"acme.okta.com"}`, sandbox: true},
		{
			name: "results by consent that are called a rehearsal, sandbox run", results: "x", sandbox: true,
			manifest: `{"format":1,"runs":[{}],"sandbox":true,"org":"127.0.0.1:8080","consent":{"how":"confirm","count":3}}`,
		},
		{
			name: "sandbox results, sandbox run", results: "x", sandbox: true, wantCreate: true,
			manifest: `{"format":1,"runs":[{}],"sandbox":true,"org":"127.0.0.1:8080","consent":{"how":"sandbox","count":3}}`,
		},
		{
			name: "a rehearsal that was killed, sandbox run", results: "x", manifest: `{"format":1,"runs":[{}],"sandbox":true,"org":"[::1]:8080"}`,
			sandbox: true, wantCreate: true,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			spec := testSpec(dir, 1)
			spec.Manifest.Sandbox = tt.sandbox
			if tt.results != "" {
				must(t, os.WriteFile(spec.Path, []byte(tt.results), 0o600))
			}
			if tt.manifest != "" {
				must(t, os.WriteFile(results.ManifestPath(spec.Path), []byte(tt.manifest), 0o600))
			}
			if tt.journal != "" {
				must(t, os.WriteFile(results.JournalPath(spec.Path), []byte(tt.journal), 0o600))
			}
			if tt.link {
				must(t, os.Symlink("nowhere", spec.Path))
			}
			before := names(t, dir)
			l, err := Create(spec)
			if tt.wantCreate {
				must(t, err)
				must(t, l.Close())
				return
			}
			var exists *ExistsError
			if !errors.As(err, &exists) {
				t.Fatalf("Create = %v, want an *ExistsError", err)
			}
			if diff := cmp.Diff(before, names(t, dir)); diff != "" {
				t.Errorf("files after a refusal (-before +after):\n%s", diff)
			}
			for path, want := range map[string]string{spec.Path: tt.results, results.JournalPath(spec.Path): tt.journal} {
				if text, _ := os.ReadFile(path); string(text) != want {
					t.Errorf("%q after a refusal = %q, want %q", path, text, want)
				}
			}
		})
	}
}

func TestCreateFailsWithoutTraces(t *testing.T) {
	t.Parallel()
	full := func(path string) (file, error) {
		_, err := createFile(path)
		return &memFile{room: 5}, err
	}
	unsynced := func(path string) (file, error) {
		_, err := createFile(path)
		return &memFile{syncErr: errors.New("input/output error")}, err
	}
	refused := func(string) (file, error) { return nil, fs.ErrPermission }
	noRun := testSpec("", 1)
	noRun.Manifest.Runs = nil
	tests := []struct {
		name string
		spec Spec
		open func(string) (file, error)
		want string
	}{
		{"disk full", testSpec("", 1), full, "no space left"},
		{"sync", testSpec("", 1), unsynced, "input/output error"},
		{"open", testSpec("", 1), refused, "permission denied"},
		{"no run", noRun, createFile, "no run"},
		{"more rows than numbers", Spec{LastRow: 1, Manifest: testSpec("", 2).Manifest}, createFile, "2 input rows"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			tt.spec.Path = filepath.Join(dir, "users.results.csv")
			_, err := create(tt.spec, with(tt.open))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("create = %v, want an error with %q", err, tt.want)
			}
			if got := names(t, dir); len(got) > 0 {
				t.Errorf("files left behind = %q, want none", got)
			}
		})
	}
}

func TestCreateInMissingFolder(t *testing.T) {
	t.Parallel()
	_, err := Create(testSpec(filepath.Join(t.TempDir(), "missing"), 1))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Create in a missing folder = %v, want fs.ErrNotExist", err)
	}
}

func TestDiscard(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := mustCreate(t, testSpec(dir, 1))
	must(t, l.Discard())
	if got := names(t, dir); len(got) > 0 {
		t.Errorf("files after Discard = %q, want none", got)
	}
	must(t, l.Close())
	if err := l.Take(testRow(1), testTaken(1)); err == nil {
		t.Error("Take after Discard = nil, want an error")
	}

	l = mustCreate(t, testSpec(dir, 1))
	must(t, l.Settle(testResult(1, runner.StatusSkipped)))
	if err := l.Discard(); err == nil {
		t.Error("Discard of a ledger with a result = nil, want an error")
	}
	must(t, l.Close())
	if last, _ := lastStatuses(t, results.JournalPath(l.Path())); last[1] != runner.StatusSkipped {
		t.Errorf("statuses after a refused Discard = %v, want the result", last)
	}
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	l := mustCreate(t, testSpec(t.TempDir(), 1))
	at := time.Date(2026, 3, 1, 12, 0, 0, 5_999_999, time.FixedZone("CET", 3600))
	must(t, l.Update(func(m *results.Manifest) {
		m.Consent = results.Consent{How: results.ConsentConfirm, Min: 1, Max: 5, At: at}
	}))
	m, err := results.ReadManifest(l.Path())
	must(t, err)
	want := results.Consent{How: results.ConsentConfirm, Min: 1, Max: 5, At: time.Date(2026, 3, 1, 11, 0, 0, 5_000_000, time.UTC)}
	if diff := cmp.Diff(want, m.Consent); diff != "" {
		t.Errorf("consent as read (-want +got):\n%s", diff)
	}
	must(t, l.Close())
	if err := l.Update(func(*results.Manifest) {}); err == nil {
		t.Error("Update after Close = nil, want an error: the lock is gone")
	}
}
