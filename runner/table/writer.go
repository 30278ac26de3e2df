package table

import (
	"encoding/csv"
	"io"
)

// ExportColumn is the first column of an export of users; its cells are Okta's IDs.
const ExportColumn = "userId"

// Writer writes an export of users: [ExportColumn], then any other columns, in the dialect of
// our other files. It is not safe for concurrent use.
type Writer struct {
	csv   *csv.Writer
	cells []string
}

// NewWriter returns a Writer after it has written the header: [ExportColumn] and the names of
// the other columns.
func NewWriter(w io.Writer, others []string) (*Writer, error) {
	e := &Writer{csv: csv.NewWriter(w)}
	return e, e.Write(ExportColumn, others)
}

// Write writes a row. It is buffered: errors may come later, at the latest from [Writer.Flush].
func (w *Writer) Write(userID string, others []string) error {
	w.cells = appendEscaped(append(w.cells[:0], Escape(userID)), others)
	return w.csv.Write(w.cells)
}

// Flush writes what is buffered, and returns the first error of all writes.
func (w *Writer) Flush() error {
	w.csv.Flush()
	return w.csv.Error()
}
