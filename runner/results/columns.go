package results

import (
	"bytes"
	"fmt"
	"os"

	"oktareset/runner/table"
)

// Columns returns the names of the input's other columns in results or a plan, in the order of
// [Entry] Extra.
func Columns(path string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the results: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	s := NewScanner(path, f)
	line, err := s.Line()
	if err != nil {
		return nil, fmt.Errorf("read the header of %q: %w", path, err)
	}
	records, err := table.NewRecordReader(bytes.NewReader(line))
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", path, err)
	}
	return records.Extra(), nil
}
