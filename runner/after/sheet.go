package after

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"oktareset/runner/fault"
	"oktareset/runner/files"
	"oktareset/runner/results"
	"oktareset/runner/table"
)

// hintOwn says why an existing file isn't replaced.
const hintOwn = "choose another file with -o, or move it away: only a list as this command wrote it, with the same columns, is replaced"

// replaceable refuses to write over any file except an earlier list of this command. The command
// runs again and again, and an old list has nothing that the new one doesn't have.
func (r *run) replaceable() error {
	path := r.opts.Output
	if files.Absent(path) == nil {
		return nil
	}
	f, err := files.Open(path, files.Rule{Ours: true})
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // it was only read
	want := table.Beside(table.AfterColumns, r.columns)
	for i := range want {
		want[i] = table.Escape(want[i])
	}
	if in, err := table.NewReader(f, table.ReaderOptions{}); err == nil {
		if header, _ := in.Header(); slices.Equal(header, want) {
			return nil
		}
	}
	return fault.WithHint(&files.ExistsError{Path: path}, hintOwn)
}

// write writes the list: a line for each user who was asked about, in the order of the results.
func (r *run) write(ctx context.Context) error {
	if err := r.replaceable(); err != nil {
		return results.Refused(err)
	}
	err := files.Replace(r.opts.Output, func(w io.Writer) error { return r.writeTo(ctx, w) })
	if err == nil {
		r.wrote = true
		return nil
	}
	if fault.Decided(err) {
		return err
	}
	return fault.Stopped(err)
}

func (r *run) writeTo(ctx context.Context, w io.Writer) error {
	sheet, err := table.NewSheet(w, table.Beside(table.AfterColumns, r.columns))
	if err != nil {
		return err
	}
	n := 0
	for e, err := range results.Scan(r.opts.Results) {
		if err == nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err == nil && n < len(r.people) && r.people[n].row == e.Record.Row {
			err = sheet.Write(append(r.cells(n), e.Extra...))
			n++
		}
		if err != nil {
			return err
		}
	}
	if err := results.Unchanged(&r.manifest, r.opts.Results); err != nil || n != len(r.people) {
		return fault.Usage("leave the file alone, and ask again", "%q was changed meanwhile", r.opts.Results)
	}
	return sheet.Flush()
}

// cells returns the cells of a user, before those of the input.
func (r *run) cells(n int) []string {
	p, f := r.people[n], &r.found[n]
	reasons := make([]string, len(f.Reasons))
	for i, reason := range f.Reasons {
		reasons[i] = string(reason)
	}
	at := ""
	if !f.At.IsZero() {
		at = f.At.UTC().Format(table.TimeFormat)
	}
	return []string{
		p.row, p.login, p.id, string(f.Status), strings.Join(reasons, " "), f.Factor, at, f.From.ip, f.From.city, f.From.country, f.Detail,
	}
}

// label names a user for people.
func (p *person) label() string {
	text := fmt.Sprintf("row %s %s", p.row, cmp.Or(p.login, p.input))
	if p.name != "" {
		text += " (" + p.name + ")"
	}
	return text
}
