package job

import (
	"os"
)

// This file makes sure, before anything is changed, that the disk holds what the run will write.

// resultBytes is what a line of the results takes beside the input's own cells, which it holds,
// too, and journalBytes what the journal has in front of it and behind it.
const (
	resultBytes  = 320
	journalBytes = 30
)

// checkSpace refuses to begin when the journal and the results won't fit. A row that is done has a
// line of the journal when it is taken and one when it is settled; when the run ends, the results
// are written, and the journal is still there.
func (b *book) checkSpace() error {
	rows := int64(b.survey.Rows + b.survey.Ignored)
	line := int64(resultBytes)
	if rows > 0 {
		line += b.survey.Bytes / rows
	}
	return b.Room(b.paths.results, (line+journalBytes)*2*int64(b.rows)+line*rows, "the journal and the results")
}

// checkSpaceFor refuses to copy a file that won't fit.
func (r *run) checkSpaceFor(path string) error {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return nil // opening it says what is wrong
	}
	return r.Room(r.paths.results, info.Size(), "a copy of "+path)
}
