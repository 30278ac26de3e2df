package notify

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"oktareset/runner/fault"
	"oktareset/runner/table"
)

var recordOwner = owner{"notify", "run1", "00oacme"}

// somebody is a note of a mail to a user, or with people to a manager.
func somebody(id string, status Status, people ...string) *note {
	n := &note{kind: ToUser, row: 7, id: id, login: "=cmd()", name: "a\nb \u202e", address: id + "@example.com", status: status, attempts: 1, at: time.Unix(1e9, 0).UTC(), messageID: "m", run: "run2", people: people}
	if len(people) > 0 {
		n.kind = ToManager
	}
	return n
}

// written makes a record of some mails: one accepted, one in doubt, one refused, one that the
// program was sending when it died.
func written(t *testing.T) (path string, want []*note) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "users.notify.journal")
	r, err := createRecord(path, recordOwner)
	if err != nil {
		t.Fatal(err)
	}
	want = []*note{somebody("a", Sent), somebody("m", Unknown, "a", "b"), somebody("c", Refused), somebody("d", NotSent)}
	for i, n := range want {
		if err := r.take(n); err != nil {
			t.Fatal(err)
		}
		if i < 3 {
			if err := r.settle(n); err != nil {
				t.Fatal(err)
			}
		}
	}
	want[3].status, want[3].answer = Unknown, "the program ended before the answer came"
	if err := r.close(); err != nil {
		t.Fatal(err)
	}
	return path, want
}

// A record says afterwards what was written into it, wherever its last line was cut, and can be
// continued.
func TestRecord(t *testing.T) {
	t.Parallel()
	path, want := written(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	last := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 1
	for end := len(whole); end >= last; end-- {
		want := want
		if end < len(whole) {
			want = want[:3]
		}
		if err := os.WriteFile(path, whole[:end], 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := readRecord(path, recordOwner, nil); err != nil || cmp.Diff(want, got, cmp.AllowUnexported(note{}), cmpopts.EquateEmpty()) != "" {
			t.Fatalf("cut at %d of %d: %v\n%s", end, len(whole), err, cmp.Diff(want, got, cmp.AllowUnexported(note{}), cmpopts.EquateEmpty()))
		}
		r, _, err := openRecord(path, recordOwner, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.settle(somebody("e", Sent)); err != nil {
			t.Fatal(err)
		}
		_ = r.close()
		if got, err := readRecord(path, recordOwner, nil); err != nil || len(got) != len(want)+1 {
			t.Fatalf("cut at %d and continued: %d mails, %v", end, len(got), err)
		}
	}
	// A record without a whole head was never acted on.
	head := bytes.IndexByte(whole, '\n')
	for _, end := range []int{0, 5, head, head + 1, head + 9} {
		if err := os.WriteFile(path, whole[:end], 0o600); err != nil {
			t.Fatal(err)
		}
		r, notes, err := openRecord(path, recordOwner, nil)
		if err != nil || len(notes) > 0 {
			t.Fatalf("cut at %d: %v, %v", end, notes, err)
		}
		if err := r.take(want[0]); err != nil {
			t.Fatal(err)
		}
		_ = r.close()
		if notes, err := readRecord(path, recordOwner, nil); err != nil || len(notes) != 1 {
			t.Errorf("cut at %d and continued: %v, %v", end, notes, err)
		}
	}
}

// A record that was changed, or that belongs to other mails, is refused.
func TestRecordRefused(t *testing.T) {
	t.Parallel()
	path, _ := written(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	for name, content := range map[string][]byte{
		"a changed line":       bytes.Replace(whole, []byte("refused"), []byte("skipped"), 1),
		"a line less":          slices.Concat(slices.Concat(lines[:3]...), slices.Concat(lines[4:]...)),
		"lines in other order": slices.Concat(lines[0], lines[1], lines[3], lines[2], slices.Concat(lines[4:]...)),
		"a zeroed line":        slices.Concat(slices.Concat(lines[:4]...), append(make([]byte, len(lines[4])-1), '\n'), slices.Concat(lines[5:]...)),
		"something else":       []byte("userId\n00u1abcdefghijklmnop\n"),
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readRecord(path, recordOwner, nil); err == nil || fault.Code(fault.Refused(err)) != fault.ExitUsage {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, other := range []owner{{"reminder", "run1", "00oacme"}, {"notify", "run2", "00oacme"}, {"notify", "run1", "00obeta"}} {
		if _, err := readRecord(path, other, nil); err == nil || !strings.Contains(err.Error(), "is about other mails") {
			t.Errorf("%v: %v", other, err)
		}
	}
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, _, err := openRecord(path, recordOwner, nil); err == nil {
		t.Error("a record that everybody can change is read")
	}
}

// After a failed write nothing is taken any more.
func TestRecordThatCantBeWritten(t *testing.T) {
	t.Parallel()
	path, _ := written(t)
	r, _, err := openRecord(path, recordOwner, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = r.file.Close()
	for range 2 {
		if err := r.take(somebody("x", NotSent)); fault.Code(err) != fault.ExitBrokeOff {
			t.Errorf("%v", err)
		}
	}
}

// A note survives its cells.
func TestNote(t *testing.T) {
	t.Parallel()
	for _, n := range []*note{somebody("a", Sent), somebody("m", NotSent, "x", "y"), {kind: ToUser, id: "b", status: NoAddress, reason: reasonEmpty}} {
		cells := n.cells()
		for i := range cells {
			cells[i] = table.Escape(cells[i])
		}
		got, err := readNote(cells)
		if err != nil || cmp.Diff(*n, got, cmp.AllowUnexported(note{}), cmpopts.EquateEmpty()) != "" {
			t.Errorf("%v %s", err, cmp.Diff(*n, got, cmp.AllowUnexported(note{}), cmpopts.EquateEmpty()))
		}
		for i, bad := range map[int]string{0: "boss", 1: "x", 2: "", 6: "lost", 9: "x", 10: "today"} {
			wrong := slices.Clone(cells)
			wrong[i] = bad
			if _, err := readNote(wrong); err == nil {
				t.Errorf("%s as %s is read", bad, noteColumns[i])
			}
		}
	}
	if fmt.Sprint(Statuses) == "" || !Unknown.final() || Refused.final() {
		t.Error("a mail in doubt may be sent again, or a refused one may not")
	}
}
