package table

import (
	"errors"
	"strings"
	"testing"
)

func TestSheet(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	s, err := NewSheet(&b, []string{"user_id", "=note"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Write([]string{"00u1", "a,\nb"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	if want := "user_id,'=note\n00u1,\"'|a,\\nb\"\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

// A line of a summed sheet is known by its checksum, wherever it stands; a note in it, another
// subject or another header isn't overlooked.
func TestSummedSheet(t *testing.T) {
	t.Parallel()
	columns := []string{"row", SumColumn, "=note"}
	var b strings.Builder
	s, err := NewSummedSheet(&b, "run 1", columns)
	for _, cells := range [][]string{{"1", "ignored", "=a"}, {"2", "", "b\n"}} {
		if err == nil {
			err = s.Write(cells)
		}
	}
	if err := errors.Join(err, s.Flush()); err != nil {
		t.Fatal(err)
	}
	written := b.String()
	lines := strings.SplitAfter(written, "\n")
	for name, tt := range map[string]struct {
		text, subject string
		want          string // the rows
		ok            bool
	}{
		"as it was written":     {written, "run 1", "1=a 2b\n ", true},
		"sorted":                {lines[0] + lines[2] + lines[1], "run 1", "2b\n 1=a ", true},
		"saved by Excel":        {"\uFEFF" + strings.ReplaceAll(written, "\n", "\r\n"), "run 1", "1=a 2b\n ", true},
		"about another run":     {written, "run 2", "", false},
		"with a note":           {strings.Replace(written, "'=a", "called", 1), "run 1", "", false},
		"with a row renumbered": {strings.Replace(written, "\n2,", "\n3,", 1), "run 1", "1=a ", false},
		"another header":        {strings.Replace(written, "note", "notes", 1), "run 1", "", false},
		"with a column more":    {strings.ReplaceAll(written, "\n", ",x\n"), "run 1", "", false},
		"with a line cut off":   {written[:len(written)-9], "run 1", "1=a ", false},
		"no CSV":                {"\x00", "run 1", "", false},
		"empty":                 {"", "run 1", "", false},
	} {
		got, err := "", error(nil)
		for cells, e := range ScanSummed(strings.NewReader(tt.text), tt.subject, columns) {
			if err = e; err == nil {
				got += cells[0] + cells[2] + " "
			}
		}
		if got != tt.want || errors.Is(err, ErrChanged) == tt.ok || tt.ok && err != nil {
			t.Errorf("%s: %q, %v, want %q", name, got, err, tt.want)
		}
	}
}

type fullDisk struct{}

var errFull = errors.New("the disk is full")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestSheetThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	s, err := NewSheet(fullDisk{}, []string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Flush(); !errors.Is(err, errFull) {
		t.Errorf("Flush = %v, want %v", err, errFull)
	}
}
