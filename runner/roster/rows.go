package roster

import (
	"errors"
	"io"
	"iter"
	"slices"
	"strings"
	"unicode"

	"oktareset/runner"
	"oktareset/runner/table"
)

var (
	errNotSurveyed = errors.New("not surveyed")
	errHalfRead    = errors.New("not read to its end")
)

// Rows yields the rows that [File.Survey] counted, in order: those of the copy that it has made.
// After an error it ends. An [*Error] that wraps [ErrChanged] says that the copy isn't what was
// surveyed; no row is made of what wasn't. Each use of the sequence reads the copy again. The rows
// may be kept.
func (f *File) Rows() iter.Seq2[runner.Row, error] {
	return func(yield func(runner.Row, error) bool) {
		if f.surveyed == nil {
			yield(runner.Row{}, f.located(errNotSurveyed))
			return
		}
		p, err := f.pass(f.Content())
		for err == nil {
			var cells []string
			var line int
			if cells, line, err = p.next(); err != nil {
				break
			}
			if f.layout.plan && runner.Status(cells[statusColumn]) != runner.StatusWouldReset {
				continue
			}
			if !yield(f.layout.row(cells, p.n, line, f.lead()), nil) {
				return
			}
		}
		if !errors.Is(err, io.EOF) {
			yield(runner.Row{}, f.located(err))
		}
	}
}

// row makes a row of a data line's cells, which the reader will overwrite. Its first cells, lead of
// them, stay empty.
func (l *layout) row(cells []string, n, line, lead int) runner.Row {
	row := runner.Row{N: n, Line: line, Input: l.input(cells), Header: l.isHeader(cells)}
	row.Login = l.login(cells, row.Input)
	if n := lead + len(l.others); n > 0 {
		row.Cells = make([]string, n)
	}
	for i, other := range l.others {
		row.Cells[lead+i] = l.cell(cells[other])
	}
	return row
}

// input returns what names the row's user.
func (l *layout) input(cells []string) string {
	return strings.TrimFunc(l.name(cells[l.column]), unicode.IsSpace)
}

// name returns the text of a cell that names somebody.
func (l *layout) name(cell string) string {
	text, _ := unformula(l.cell(cell))
	return text
}

// unformula returns the text of a cell that is written as the formula ="text", which keeps a
// spreadsheet from taking it for a number.
func unformula(cell string) (text string, ok bool) {
	if !strings.Contains(cell, `="`) {
		return cell, false
	}
	text, begins := strings.CutPrefix(strings.TrimSpace(cell), `="`)
	text, ends := strings.CutSuffix(text, `"`)
	if !begins || !ends || strings.Contains(text, `"`) {
		return cell, false
	}
	return text, true
}

// isHeader reports whether a row repeats the header: files were put together. Case doesn't count,
// as it doesn't for the columns.
func (l *layout) isHeader(cells []string) bool {
	return l.header != nil && slices.EqualFunc(cells, l.header, func(a, b string) bool {
		return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
	})
}

// cell returns a cell's text: only our own files hold escapes.
func (l *layout) cell(text string) string {
	if l.escaped {
		return table.Unescape(text)
	}
	return text
}
