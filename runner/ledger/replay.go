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
	"oktareset/runner/results"
	"oktareset/runner/table"
)

// replay reads the ledger of earlier runs.
type replay struct {
	ledger *Ledger
	old    *Manifest
	scan   results.Scanner
	sum    *sum // of what was read; nil unless the results were finished
	index  index
	inputs inputs
	runs   map[string]int // place of each run in the manifest
	runID  string         // of the last line
	run    int            // its place
	by     []uint32       // by row: the place of the run of its last line, and 1
	taking int            // place of the run of the last taken line
	taken  map[int]int    // of rows in doubt at this point: the place of the run that took them
	end    int64          // where the last complete line ends
	torn   bool           // something stands behind it
}

func newReplay(l *Ledger, old *Manifest, lastRow int) *replay {
	r := &replay{
		ledger: l, old: old, index: newIndex(lastRow), inputs: newInputs(lastRow),
		runs: make(map[string]int, len(old.Runs)), taken: make(map[int]int), by: make([]uint32, lastRow),
	}
	for i := range old.Runs {
		r.runs[old.Runs[i].RunID] = i
	}
	var in io.Reader = io.NewSectionReader(l.file, 0, math.MaxInt64)
	if old.Finished {
		in, r.sum = newSum(in)
	}
	r.scan = results.NewScanner(l.path, in)
	return r
}

// all reads the whole ledger and returns the rows in doubt.
func (r *replay) all(each func(Entry)) ([]runner.Result, error) {
	defer r.sum.end()
	err := r.lines(each)
	var damage *DamageError
	if r.old.Finished && (errors.As(err, &damage) || err == nil && !r.asFinished()) {
		return nil, &DamageError{
			Path: r.ledger.path, Hint: results.HintOriginal,
			Message: "it isn't as the last run left it (its SHA-256 is another): edited, sorted, or saved by a spreadsheet",
		}
	}
	if err != nil {
		return nil, err
	}
	return r.opened()
}

// asFinished reports whether what was read are the results that the manifest says are finished.
func (r *replay) asFinished() bool {
	return !r.torn && r.old.Result != nil && r.sum.hex() == r.old.Result.SHA256
}

// lines reads header and lines.
func (r *replay) lines(each func(Entry)) error {
	if err := r.header(); err != nil || r.torn {
		return err
	}
	for {
		e, err := r.scan.Next()
		var torn *TornError
		switch {
		case errors.As(err, &torn):
			r.torn = true
			return nil
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := r.add(&e); err != nil {
			return err
		}
		r.end = r.scan.End
		if each != nil {
			each(e)
		}
	}
}

// header compares the header with the one that the input gives.
func (r *replay) header() error {
	line, err := r.scan.Line()
	var torn *TornError
	switch want := r.ledger.header; {
	case (errors.As(err, &torn) || errors.Is(err, io.EOF)) && r.old.Unused() && r.ledger.tornHeader(r.scan.Rest):
		r.torn = true
		return nil
	case errors.As(err, &torn), errors.Is(err, io.EOF):
		return r.damaged("the header isn't whole", results.HintOriginal)
	case err != nil:
		return err
	case !bytes.Equal(line, want):
		return r.otherHeader(line)
	}
	r.scan.Dec = table.NewDecoder(len(r.ledger.columns))
	r.end = r.scan.End
	return nil
}

// otherHeader says in what way a header isn't the one that the input gives.
func (r *replay) otherHeader(line []byte) error {
	records, err := table.NewRecordReader(bytes.NewReader(line))
	if err != nil {
		return r.damaged("it isn't the header that the run wrote", results.HintOriginal)
	}
	plain, err := table.NewEncoder(records.Extra()).AppendHeader(nil)
	if err != nil || !bytes.Equal(plain, line) {
		return r.damaged("the header isn't as the run wrote it: the file was saved by another program", results.HintOriginal)
	}
	return r.damaged(fmt.Sprintf("the other columns are %q, the input's are %q", records.Extra(), r.ledger.columns), results.HintOptions)
}

// damaged is the error for the line last read.
func (r *replay) damaged(message, hint string) error {
	return &DamageError{Path: r.ledger.path, Line: r.scan.Number, Message: message, Hint: hint}
}

// add takes up a line.
func (r *replay) add(e *Entry) error {
	if err := r.index.check(e.Row, e.Status); err != nil {
		return r.damaged(err.Error(), results.HintOriginal)
	}
	if !r.inputs.same(e.Row, e.Record.Input) {
		return r.damaged(fmt.Sprintf("row %d has two different inputs, the second is %q", e.Row, e.Record.Input), results.HintOriginal)
	}
	id, _ := runner.ParseIdentifier(e.Record.Input)
	if user := e.Record.UserID; id.Kind == runner.KindID && user != "" && user != id.Value {
		return r.damaged(fmt.Sprintf("the user %q isn't the input %q", user, e.Record.Input), results.HintOriginal)
	}
	if err := r.order(e); err != nil {
		return err
	}
	r.inputs.add(e.Row, e.Record.Input)
	r.index.set(e.Row, e.Status, e.Offset)
	return nil
}

// order refuses lines that can't have been written in this order: a row that was taken again after its result would pass for one
// that is settled.
func (r *replay) order(e *Entry) error {
	run, err := r.place(e.Record.RunID)
	if err != nil {
		return err
	}
	const reordered = "the lines aren't in the order in which they were written"
	if uint32(run+1) < r.by[e.Row-1] {
		return r.damaged(reordered, results.HintOriginal)
	}
	r.by[e.Row-1] = uint32(run + 1)
	if e.Status == runner.StatusTaken {
		if run < r.taking {
			return r.damaged(reordered, results.HintOriginal)
		}
		r.taking, r.taken[e.Row] = run, run
		return nil
	}
	if by, ok := r.taken[e.Row]; ok {
		if run < by {
			return r.damaged(reordered, results.HintOriginal)
		}
		delete(r.taken, e.Row)
	}
	return nil
}

// place returns the place in the manifest of the run that a line names; of several, the last one to take the row counts.
func (r *replay) place(runID string) (int, error) {
	if runID == r.runID && runID != "" { // most lines are of the run of the line before
		return r.run, nil
	}
	run := -1
	for id := range strings.FieldsSeq(runID) {
		n, ok := r.runs[id]
		if !ok {
			return 0, r.damaged(fmt.Sprintf("the manifest doesn't know its run %q", id), results.HintOriginal)
		}
		run = max(run, n)
	}
	if run < 0 {
		return 0, r.damaged("it names no run", results.HintOriginal)
	}
	r.runID, r.run = runID, run
	return run, nil
}

// inputs remembers what the input cell of each row was, in 4 bytes a row.
type inputs struct {
	seed   maphash.Seed
	hashes []uint32 // of row n at n-1; 0 means no line
}

func newInputs(lastRow int) inputs {
	return inputs{seed: maphash.MakeSeed(), hashes: make([]uint32, lastRow)}
}

func (x *inputs) hash(input string) uint32 { return max(1, uint32(maphash.String(x.seed, input))) }

func (x *inputs) add(row int, input string) { x.hashes[row-1] = x.hash(input) }

// same reports whether the row, if it has a line, has this input.
func (x *inputs) same(row int, input string) bool {
	return row < 1 || row > len(x.hashes) || x.hashes[row-1] == 0 || x.hashes[row-1] == x.hash(input)
}
