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
