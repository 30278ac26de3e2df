package progress

import "time"

// minHold is the shortest hold that gets a line of its own: pauses of a second or two would
// fill a log.
const minHold = 5 * time.Second

// lines shows samples as plain lines: one at the start of a hold, one every so often, one at
// the end.
type lines struct {
	write func(string)
	every time.Duration
	last  time.Time // when the last line was written
	held  bool      // the current hold has had its line
}

func (l *lines) show(s sample) {
	hold := s.hold()
	l.held = l.held && hold > 0
	began := !l.held && hold >= minHold
	if began || s.now.Sub(l.last) >= l.every {
		l.write(s.text())
		l.last = s.now
		l.held = hold > 0
	}
}

func (l *lines) end(s sample) { l.write(s.endText()) }
