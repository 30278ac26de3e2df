package oktaclient

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// A body belongs to its caller: reading the next one doesn't change it.
func TestReadBody(t *testing.T) {
	t.Parallel()
	first, err := readBody(strings.NewReader("the first body"), maxBody)
	if err != nil {
		t.Fatal(err)
	}
	large := strings.Repeat("x", 2*maxPooled)
	for _, text := range []string{"another", large, "", "a third one"} {
		if got, err := readBody(iotest.OneByteReader(strings.NewReader(text)), maxBody); err != nil || string(got) != text {
			t.Errorf("readBody(%.20q) = %.20q, %v", text, got, err)
		}
	}
	if string(first) != "the first body" {
		t.Errorf("an earlier body has become %q", first)
	}
	if _, err := readBody(io.LimitReader(endless{}, maxBody+10), maxBody); !errors.Is(err, errTooLarge) {
		t.Errorf("readBody() of more than maxBody = %v, want %v", err, errTooLarge)
	}
	got, err := readBody(io.MultiReader(strings.NewReader("half"), iotest.ErrReader(io.ErrUnexpectedEOF)), maxBody)
	if !errors.Is(err, io.ErrUnexpectedEOF) || string(got) != "half" {
		t.Errorf("readBody() of a broken reply = %q, %v, want what came and %v", got, err, io.ErrUnexpectedEOF)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
