package after

import (
	"cmp"
	"context"
	"fmt"

	"oktareset/runner/fault"
	"oktareset/runner/results"
	"oktareset/runner/table"
)

// write writes the list: a line for each user who was asked about, in the order of the results.
func (r *run) write(ctx context.Context) error {
	err := r.out.Write(ctx, func(sheet *table.Sheet) error { return r.writeTo(ctx, sheet) })
	if err == nil {
		r.wrote = true
		return nil
	}
	if fault.Decided(err) {
		return err
	}
	return fault.Stopped(err)
}

func (r *run) writeTo(ctx context.Context, sheet *table.Sheet) error {
	n := 0
	for e, err := range results.Scan(r.opts.Results) {
		if err == nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err == nil && n < len(r.people) && r.people[n].row == e.Row {
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
	return nil
}

// cells returns the cells of a user, before those of the input.
func (r *run) cells(n int) []string {
	p, f := r.people[n], &r.found[n]
	line := results.AfterLine{
		Row: p.row, Login: p.login, UserID: p.id, Status: f.Status, Reasons: f.Reasons, Factor: f.Factor, At: f.At, From: f.From, Detail: f.Detail, AsOf: r.asOf,
	}
	return line.Cells()
}

// label names a user for people.
func (p *person) label() string {
	text := fmt.Sprintf("line %d %s", results.Line(p.row), cmp.Or(p.login, p.input))
	if p.name != "" {
		text += " (" + p.name + ")"
	}
	return text
}
