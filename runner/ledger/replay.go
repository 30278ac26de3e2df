package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"math"
	"strings"

	"oktareset/runner"
	"oktareset/runner/journal"
	"oktareset/runner/results"
	"oktareset/runner/table"
)

// damaged is the error for a journal as a whole.
func damaged(path, message string) error {
	return &results.DamageError{Path: path, Message: message, Hint: results.HintJournal}
}

// replay reads the journal of earlier runs.
type replay struct {
	ledger *Ledger
	path   string // of the file being read: the journal, or results
	hint   string // what to do about damage
	old    *results.Manifest
	lines  *results.Lines
	dec    *table.Decoder
	index  index
	inputs inputs
	runs   map[string]bool // of the manifest
	known  string          // the last known run
	at     point           // where the last good line ends
	good   int             // how many good lines there are
	torn   bool            // something follows them
}

func newReplay(l *Ledger, old *results.Manifest, lastRow int) *replay {
	r := &replay{
		ledger: l, path: results.JournalPath(l.path), hint: results.HintJournal, old: old, dec: table.NewDecoder(len(l.columns)),
		index: newIndex(lastRow), inputs: newInputs(lastRow), runs: make(map[string]bool, len(old.Runs)),
	}
	for i := range old.Runs {
		r.runs[old.Runs[i].RunID] = true
	}
	return r
}

// all reads the whole journal and returns the open rows.
func (r *replay) all(each func(results.Entry)) ([]runner.Result, error) {
	r.lines = results.NewLines(r.path, io.NewSectionReader(r.ledger.file, 0, math.MaxInt64))
	if err := r.read(each); err != nil {
		return nil, err
	}
	if err := r.reached(); err != nil {
		return nil, err
	}
	if r.good < 2 {
		return nil, r.tornHead()
	}
	return r.opened()
}

// read reads lines as long as each is intact and follows the one before.
func (r *replay) read(each func(results.Entry)) error {
	for {
		text, err := r.next()
		if err != nil {
			return err
		}
		if text == nil {
			return nil
		}
		switch r.lines.Number {
		case 1:
			err = r.first(text)
		case 2:
			err = r.second(text)
		default:
			err = r.row(text, each)
		}
		if err != nil {
			return err
		}
	}
}

// next returns the text of the next good line, or nil after the last good one.
func (r *replay) next() ([]byte, error) {
	line, err := r.lines.Next()
	var damage *results.DamageError
	switch {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil && !errors.As(err, &damage):
		return nil, err
	}
	if err == nil {
		text, now, sumErr := r.at.sum.Check(line)
		if sumErr == nil {
			r.at, r.good = point{r.lines.End, now}, r.good+1
			return text, r.passed()
		}
		err = sumErr
	} else {
		err = errors.New(damage.Message)
	}
	if r.at.end < r.old.Journal.Bytes {
		return nil, r.damaged(err.Error())
	}
	r.torn = true
	return nil, nil
}

// passed compares the journal with the mark in the manifest, at the line that ends there.
func (r *replay) passed() error {
	mark := r.old.Journal
	if mark.Bytes == 0 || r.at.end < mark.Bytes || r.lines.Begin >= mark.Bytes || r.at.end == mark.Bytes && r.at.sum.String() == mark.Sum {
		return nil
	}
	return damaged(r.path, fmt.Sprintf("it is another journal than the one that the manifest knows, whose byte %d ends a line with the sum %s", mark.Bytes, mark.Sum))
}

// reached returns an error if the journal is shorter than the mark in the manifest. Everything
// before the mark was on the disk.
func (r *replay) reached() error {
	if mark := r.old.Journal; r.at.end < mark.Bytes {
		return damaged(r.path, fmt.Sprintf("it ends at byte %d, and had %d already: its end is lost", r.at.end, mark.Bytes))
	}
	return nil
}

// tornHead empties the journal if its run died while it wrote the head, before it had consent:
// then the file has a part of a head, or the zeros that a power failure leaves.
func (r *replay) tornHead() error {
	want, _ := journal.Head(r.old.Runs[0].RunID, r.old.Input.SHA256, r.ledger.header)
	got := make([]byte, len(want)+1)
	n, err := r.ledger.file.ReadAt(got, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read %q: %w", r.path, err)
	}
	if got = got[:n]; !r.old.Unused() || r.old.Journal.Bytes > 0 || n > len(want) || !bytes.HasPrefix(want, got) && len(bytes.Trim(got, "\x00")) > 0 {
		return damaged(r.path, "its first lines aren't complete")
	}
	r.at, r.torn = point{}, true
	return nil
}

// damaged returns the error for the last line that was read.
func (r *replay) damaged(message string) error {
	return &results.DamageError{Path: r.path, Line: r.lines.Number, Message: message, Hint: r.hint}
}

// first checks the line that says what the journal is.
func (r *replay) first(text []byte) error {
	runID, input, err := journal.ReadHead(text)
	switch {
	case err != nil:
		return r.damaged(err.Error())
	case input != r.old.Input.SHA256:
		return r.damaged(fmt.Sprintf("it is of the input with the SHA-256 %s, the manifest of %s", shortHash(input), shortHash(r.old.Input.SHA256)))
	}
	return r.knows(runID)
}

// second compares the columns with those of the input.
func (r *replay) second(text []byte) error {
	if bytes.Equal(text, journal.ColumnsLine(r.ledger.header)) {
		return nil
	}
	header, ok := bytes.CutPrefix(bytes.TrimSuffix(text, []byte(",")), []byte(journal.OpenColumns))
	if !ok {
		return r.damaged("it isn't the header that the run wrote")
	}
	return r.otherColumns(append(header, '\n'))
}

// otherColumns says how a header of results differs from that of the input.
func (r *replay) otherColumns(header []byte) error {
	records, err := table.NewRecordReader(bytes.NewReader(header))
	if err != nil {
		return r.damaged("it isn't the header that the run wrote")
	}
	return &results.DamageError{
		Path: r.path, Line: r.lines.Number, Hint: results.HintOptions,
		Message: fmt.Sprintf("the other columns are %q, the input's are %q", records.Extra(), r.ledger.columns),
	}
}

// row reads a row's line.
func (r *replay) row(text []byte, each func(results.Entry)) error {
	begin := r.lines.Begin
	line, err := journal.Parse(text)
	if err != nil {
		return r.damaged(err.Error())
	}
	e, err := line.Decode(r.dec)
	if err == nil {
		err = r.add(&e, begin)
	}
	if err != nil {
		return r.damaged(err.Error())
	}
	if err := r.knows(e.Record.RunID); err != nil {
		return err
	}
	if each != nil {
		each(e)
	}
	return nil
}

// add records the content of a line that begins at an offset.
func (r *replay) add(e *results.Entry, offset int64) error {
	if err := r.index.check(e.Row, e.Status); err != nil {
		return err
	}
	if !r.inputs.same(e.Row, e.Record.Input) {
		return fmt.Errorf("row %d has two different inputs, the second is %q", e.Row, e.Record.Input)
	}
	id, _ := runner.ParseIdentifier(e.Record.Input)
	if user := e.Record.UserID; id.Kind == runner.KindID && user != "" && user != id.Value {
		return fmt.Errorf("the user %q isn't the input %q", user, e.Record.Input)
	}
	r.inputs.add(e.Row, e.Record.Input)
	r.index.set(e.Row, e.Status, offset)
	return nil
}

// knows returns an error unless the manifest names the runs in a line: a run is in the manifest
// before it writes a line.
func (r *replay) knows(runIDs string) error {
	if runIDs == r.known && runIDs != "" { // most lines are from the run of the line before
		return nil
	}
	ids := strings.Fields(runIDs)
	if len(ids) == 0 {
		return r.damaged("it names no run")
	}
	for _, id := range ids {
		if !r.runs[id] {
			return r.damaged(fmt.Sprintf("the manifest doesn't know its run %q", id))
		}
	}
	r.known = runIDs
	return nil
}

// inputs remembers a hash of each row's input cell, in 4 bytes a row.
type inputs struct {
	seed   maphash.Seed
	hashes []uint32 // row n is at n-1; 0 means no line
}

func newInputs(lastRow int) inputs {
	return inputs{seed: maphash.MakeSeed(), hashes: make([]uint32, lastRow)}
}

func (x *inputs) hash(input string) uint32 { return max(1, uint32(maphash.String(x.seed, input))) }

func (x *inputs) add(row int, input string) { x.hashes[row-1] = x.hash(input) }

// same reports whether a row has this input. It is true for a row without a line.
func (x *inputs) same(row int, input string) bool {
	return row < 1 || row > len(x.hashes) || x.hashes[row-1] == 0 || x.hashes[row-1] == x.hash(input)
}
