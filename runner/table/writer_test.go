package table

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

func TestWriter(t *testing.T) {
	t.Parallel()
	rows := [][]string{
		{"00u1", "=x@example.com", "+1555", `say "a, b"`}, {"00u2", "'=q", "two\nlines", ""}, {"00u3", "zoë@example.com", "-1", "\xff"},
	}
	var b bytes.Buffer
	w, err := NewWriter(&b, []string{"login", "phone", "text"})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if err := w.Write(row[0], row[1:]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	want := "userId,login,phone,text\n00u1,'=x@example.com,'+1555,\"say \"\"a, b\"\"\"\n00u2,''=q,'|two\\nlines,\n00u3,zoë@example.com,'-1,'|\\xff\n"
	if b.String() != want {
		t.Errorf("wrote\n%s\nwant\n%s", b.String(), want)
	}
	in, err := NewReader(&b, ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if header, _ := in.Header(); KindOf(header) != KindExport {
		t.Errorf("KindOf(%q) = %q, want an export", header, KindOf(header))
	}
	for _, row := range rows {
		cells, _, err := in.Read()
		if err != nil || !slices.Equal(unescapeAll(slices.Clone(cells)), row) {
			t.Errorf("read back %q, %v; want %q", cells, err, row)
		}
	}
	if _, _, err := in.Read(); !errors.Is(err, io.EOF) {
		t.Errorf("after the last row: %v", err)
	}
}

type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// Write or Flush returns the error if the file can't be written, whichever of them notices it.
func TestWriterFails(t *testing.T) {
	t.Parallel()
	w, err := NewWriter(closed{}, nil)
	for i := 0; err == nil && i < 10; i++ {
		err = w.Write(strings.Repeat("x", 1000), nil)
	}
	if !errors.Is(err, io.ErrClosedPipe) || !errors.Is(w.Flush(), io.ErrClosedPipe) {
		t.Errorf("Write: %v, Flush: %v; want a closed pipe", err, w.Flush())
	}
}
