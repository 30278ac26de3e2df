package console

import (
	"bytes"
	"errors"
	"testing"

	"oktareset/runner/fault"
	"oktareset/runner/progress"
)

// The summary has said that some rows need attention; it hasn't printed other errors.
func TestFailBesideRows(t *testing.T) {
	t.Parallel()
	rows := fault.WithCode(fault.ExitRows, fault.ErrRows)
	for want, err := range map[string]error{
		"": rows,
		"oktareset: error: some rows need attention; the disk is gone\n": fault.Also(rows, errors.New("the disk is gone")),
	} {
		var stderr bytes.Buffer
		if New(progress.NewScreen(&stderr), Options{}).Fail(err); stderr.String() != want {
			t.Errorf("%v: %q, want %q", err, &stderr, want)
		}
	}
}

// A logger prints the attributes of With in each of its lines.
func TestLogWith(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	c := New(progress.NewScreen(&b), Options{})
	c.Log.With("run", "r1").With("user", "a b").Info("sent", "status", 200)
	if want := "oktareset: sent run=r1 user=\"a b\" status=200\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}
