package progress

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// terminal returns the lines that a terminal shows after this output. It knows text, newline and
// carriage return.
func terminal(out string) []string {
	var screen []string
	for line := range strings.SplitSeq(out, "\n") {
		var cells []byte
		for part := range strings.SplitSeq(line, "\r") {
			cells = append([]byte(part), cells[min(len(part), len(cells)):]...)
		}
		screen = append(screen, strings.TrimRight(string(cells), " "))
	}
	return screen
}

func TestScreen(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		do   func(*Screen)
		want []string
	}{
		{
			"a shorter bar leaves nothing of the longer one",
			func(s *Screen) { s.draw("a long bar"); s.draw("short") },
			[]string{"short"},
		},
		{
			"a message clears the bar, which comes back",
			func(s *Screen) { s.draw("the bar is longer"); say(s, "message\n"); s.draw("the bar again") },
			[]string{"message", "the bar again"},
		},
		{
			"two messages at once",
			func(s *Screen) { s.draw("bar"); say(s, "one\ntwo\n") },
			[]string{"one", "two", "bar"},
		},
		{
			"an open message is not drawn over",
			func(s *Screen) { s.draw("bar"); say(s, "mess"); s.draw("bar 2"); say(s, "age\n"); s.draw("bar 3") },
			[]string{"message", "bar 3"},
		},
		{
			"the end comes after an open message",
			func(s *Screen) { s.draw("bar"); say(s, "open"); s.end("end") },
			[]string{"open", "end", ""},
		},
		{
			"after the end messages go through",
			func(s *Screen) { s.draw("bar"); s.end("end"); say(s, "message\n") },
			[]string{"end", "message", ""},
		},
		{
			"a second bar after the first",
			func(s *Screen) { s.draw("bar"); s.end("end"); s.draw("other"); s.end("over") },
			[]string{"end", "over", ""},
		},
		{
			"an empty message changes nothing",
			func(s *Screen) { s.draw("bar"); say(s, "") },
			[]string{"bar"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			tt.do(NewScreen(&out))
			if diff := cmp.Diff(tt.want, terminal(out.String())); diff != "" {
				t.Errorf("terminal (-want +got):\n%s\nwritten: %q", diff, out.String())
			}
		})
	}
}

func say(s *Screen, text string) {
	if n, err := s.Write([]byte(text)); n != len(text) || err != nil {
		panic(fmt.Sprintf("Write(%q) = %d, %v", text, n, err))
	}
}

func TestScreenWithoutBarAddsNothing(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := NewScreen(&out)
	say(s, "one\n")
	say(s, "tw")
	say(s, "o\n")
	if got, want := out.String(), "one\ntwo\n"; got != want {
		t.Errorf("written %q, want %q", got, want)
	}
}

func TestScreenWritesAnUnchangedBarOnce(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := NewScreen(&out)
	s.draw("bar")
	s.draw("bar")
	if got, want := out.String(), "\rbar"; got != want {
		t.Errorf("written %q, want %q", got, want)
	}
}

func TestScreenKeepsConcurrentMessagesWhole(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := NewScreen(&out)
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for range 50 {
				say(s, "message\n")
			}
		})
	}
	for i := range 50 {
		s.draw(fmt.Sprintf("bar %d", i))
	}
	writers.Wait()
	s.end("end")

	got := terminal(out.String())
	if len(got) != 402 || got[400] != "end" {
		t.Fatalf("%d lines, want 402 with the end last but one: %q", len(got), got[max(0, len(got)-3):])
	}
	for i, line := range got[:400] {
		if line != "message" {
			t.Fatalf("line %d = %q, want %q", i, line, "message")
		}
	}
}
