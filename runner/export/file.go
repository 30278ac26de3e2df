package export

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"oktareset/runner/files"
	"oktareset/runner/table"
)

// brokenOff is the line with which an export that isn't whole ends on stdout: a quote that
// nobody closes, so that a pipe into reset is refused.
const brokenOff = `"the export broke off here`

// exportFile is where an export goes: a file that has its name only once it is whole, or stdout.
type exportFile struct {
	draft  *files.Draft // nil: stdout
	stdout io.Writer
	table  *table.Writer
	rows   int
}

// createExport opens the file that will become path, or stdout for "". Nothing is overwritten.
func createExport(path string, stdout io.Writer, columns []string) (*exportFile, error) {
	f := &exportFile{stdout: stdout}
	w := stdout
	if path != "" {
		if err := files.Absent(path); err != nil {
			return nil, err
		}
		draft, err := files.NewDraft(path)
		if err != nil {
			return nil, err
		}
		f.draft, w = draft, draft
	}
	var err error
	f.table, err = table.NewWriter(w, columns)
	return f, err
}

// write adds a user.
func (f *exportFile) write(userID string, cells []string) error {
	f.rows++
	return writeError(f.table.Write(userID, cells))
}

func writeError(err error) error {
	if err != nil {
		return fmt.Errorf("write the export: %w", err)
	}
	return nil
}

// finish gives the file its name. It can't be lost then any more.
func (f *exportFile) finish() error {
	err := f.table.Flush()
	if err != nil || f.draft == nil {
		return writeError(err)
	}
	if err = f.draft.Publish(); errors.Is(err, fs.ErrExist) { // it may have come since
		return err
	}
	return writeError(err)
}

// discard makes sure that what was written of an export that failed isn't taken for the whole.
func (f *exportFile) discard() error {
	switch {
	case f.draft != nil:
		return f.draft.Discard()
	case f.rows > 0 && f.table.Flush() == nil:
		_, err := io.WriteString(f.stdout, brokenOff+"\n")
		return err
	}
	return nil
}
