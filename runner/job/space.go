package job

import (
	"os"
)

// This file makes sure, before anything is changed, that the disk has room for what the run will
// write.

// resultBytes is the size of a line of the results without the input's own cells, and
// journalBytes what the journal adds to such a line.
const (
	resultBytes  = 320
	journalBytes = 30
)

// checkSpace refuses to begin if the journal and the results won't fit. A row takes two lines of
// the journal, when it is taken and when it is settled; at the end of the run, the results are
// written while the journal still exists.
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
		return nil // opening it reports what is wrong
	}
	return r.Room(r.paths.results, info.Size(), "a copy of "+path)
}
