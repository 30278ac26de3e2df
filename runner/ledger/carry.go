package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"oktareset/runner"
	"oktareset/runner/files"
	"oktareset/runner/journal"
	"oktareset/runner/results"
	"oktareset/runner/table"
)

// This file converts finished results into a new journal, for a resume without a journal. Until
// the manifest names the new run, the results count, and a journal beside them is an unfinished
// conversion.

// carry makes a journal from the results. It returns the open rows; only results of versions
// without a journal have any.
func (l *Ledger) carry(r *replay, each func(results.Entry)) ([]runner.Result, error) {
	in, err := files.Open(l.path, ours)
	if err != nil {
		return nil, err
	}
	defer in.Close() //nolint:errcheck // it was only read
	if l.outdated, err = in.Stat(); err != nil {
		return nil, err
	}
	if err := removeUnfinished(results.JournalPath(l.path)); err != nil {
		return nil, err
	}
	var rows []runner.Result
	r.at, err = l.createJournal(func(w *bulk) error {
		rows, err = r.copy(in, w, each)
		return err
	})
	if damage := (*results.DamageError)(nil); errors.As(err, &damage) {
		return nil, damage
	}
	l.carried = err == nil
	return rows, err
}

// copy adds the lines of results to a journal. Whatever else is wrong with the results, it first
// reports if they aren't the ones in the manifest.
func (r *replay) copy(in io.Reader, w *bulk, each func(results.Entry)) ([]runner.Result, error) {
	hash := sha256.New()
	tee := io.TeeReader(in, hash)
	rows, err := r.copyLines(tee, w, each)
	if _, drainErr := io.Copy(io.Discard, tee); drainErr != nil {
		return nil, fmt.Errorf("read the results: %w", drainErr)
	}
	if hex.EncodeToString(hash.Sum(nil)) != r.old.Result.SHA256 {
		return nil, otherResults(r.ledger.path, results.HintOriginal)
	}
	return rows, err
}

func (r *replay) copyLines(in io.Reader, w *bulk, each func(results.Entry)) ([]runner.Result, error) {
	r.path, r.hint, r.lines = r.ledger.path, results.HintOriginal, results.NewLines(r.ledger.path, in)
	header, err := r.lines.Next()
	if err != nil {
		return nil, err
	}
	if string(header) != string(r.ledger.header) {
		return nil, r.otherColumns(header)
	}
	var rows []runner.Result
	for {
		line, err := r.lines.Next()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		e, err := results.Decode(line, r.dec)
		if err == nil {
			err = r.add(&e, w.next())
		}
		if err != nil {
			return nil, r.damaged(err.Error())
		}
		if err := r.knows(e.Record.RunID); err != nil {
			return nil, err
		}
		open := readOpen(&e.Record)
		if e.Status.Open() {
			res, err := newResult(e.Row, &e.Record, e.Extra)
			if err != nil {
				return nil, r.damaged(fmt.Sprintf("row %d: %v", e.Row, err))
			}
			res.Open = open
			rows = append(rows, res)
		}
		if err := w.add(journal.AppendOpen(nil, journal.Settled, open), line); err != nil {
			return nil, err
		}
		if each != nil {
			each(e)
		}
	}
}

// otherResults returns the error for results that aren't the ones in the manifest.
func otherResults(path, hint string) error {
	return &results.DamageError{
		Path: path, Hint: hint,
		Message: "it isn't as the last run left it (its SHA-256 differs): edited, sorted, or saved by a spreadsheet",
	}
}

// removeUnfinished removes a journal that no longer counts: one that a dead run was making from
// results, or one that a dead run couldn't remove any more. A file that isn't a journal stays.
func removeUnfinished(path string) error {
	f, err := files.OpenToWrite(path, ours)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	begun, _, err := headOf(f, table.JournalColumn+",", 2)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if !begun {
		return &results.DamageError{Path: path, Message: "it has the name of the journal, and isn't one", Hint: "move it away"}
	}
	return files.RemoveIfExists(path)
}
