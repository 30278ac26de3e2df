package progress

import (
	"io"
	"strings"
	"sync"
)

// Screen is a terminal that messages and a bar share: a message clears the bar's line, and the
// bar is drawn again below it. While no bar is drawn it passes its input on as it is, so that it
// can replace stderr from the start of a program to its end. It is safe for concurrent use; each
// Write stays in one piece.
type Screen struct {
	Columns func() int // its width, 0 if unknown; nil: it is no terminal

	mu   sync.Mutex
	w    io.Writer
	bar  string // the line on the terminal; "" when there is none
	open bool   // the last message has no newline yet: no bar may follow it
}

// NewScreen returns a Screen that writes to w.
func NewScreen(w io.Writer) *Screen { return &Screen{w: w} }

// Write writes a message above the bar. After a message without a newline at its end, the bar
// stays away until the rest comes.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(p) == 0 {
		return 0, nil
	}
	bar := s.bar
	s.put("")
	n, err := s.w.Write(p)
	s.open = p[len(p)-1] != '\n'
	if !s.open {
		s.put(bar)
	}
	return n, err
}

// draw replaces the bar.
func (s *Screen) draw(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open {
		s.put(line)
	}
}

// end replaces the bar for the last time and goes to the next line.
func (s *Screen) end(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open {
		_, _ = io.WriteString(s.w, "\n")
		s.open = false
	}
	s.put(line)
	_, _ = io.WriteString(s.w, "\n")
	s.bar = ""
}

// put overwrites the bar with line, and the rest of a longer bar with spaces: not every terminal
// understands an escape sequence for that. It writes at most once, and nothing if nothing
// changes. The caller has locked mu.
func (s *Screen) put(line string) {
	if line == s.bar {
		return
	}
	out := "\r" + line + strings.Repeat(" ", max(0, len(s.bar)-len(line)))
	if line == "" {
		out += "\r"
	}
	_, _ = io.WriteString(s.w, out)
	s.bar = line
}
