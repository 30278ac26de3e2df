package after

import (
	"cmp"
	"context"
	"fmt"
	"strconv"

	"oktareset/runner/fault"
	"oktareset/runner/results"
	"oktareset/runner/table"
)

// outcome is what a list says, in numbers and with the first users of each status.
type outcome struct {
	statuses map[Status]int
	reasons  map[Reason]int
	byList   int
	first    map[Status][]Example // those who are back aren't in it
	lines    map[Status][]told    // the same, for people
}

// told is a user as the terminal shows one.
type told struct {
	who    string
	factor string // with the time; "": none
	from   string
	detail string
}

// away returns how many users aren't known to be back.
func (o *outcome) away() int { return o.statuses[NotYet] + o.statuses[Unknown] }

// write writes the list: a line for each user who was asked about, in the order of the results.
func (r *run) write(ctx context.Context) error {
	o := &outcome{statuses: make(map[Status]int), reasons: make(map[Reason]int), first: make(map[Status][]Example), lines: make(map[Status][]told)}
	err := r.out.Write(ctx, func(sheet *table.Sheet) error { return r.writeTo(ctx, sheet, o) })
	if err == nil {
		r.told = o
		return nil
	}
	if fault.Decided(err) {
		return err
	}
	return fault.Stopped(err)
}

func (r *run) writeTo(ctx context.Context, sheet *table.Sheet, o *outcome) error {
	n := 0
	for e, err := range results.Scan(ctx, r.opts.Results) {
		if err == nil && n < len(r.people) && r.people[n].row == e.Row {
			err = r.writeLine(sheet, r.people[n], &e, o)
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

// writeLine writes what became of a user, and counts it.
func (r *run) writeLine(sheet *table.Sheet, p *person, e *results.Entry, o *outcome) error {
	f := p.judge(r.classic, r.shared)
	login := cmp.Or(e.Record.Login, p.login)
	o.add(&f)
	if (f.Status == Back || f.Status == LookAt) && !p.shown {
		p.shown = true
		r.bar.Count()
	}
	if f.Status != Back && len(o.lines[f.Status]) < mostTold {
		name := r.name(e.Extra).Name
		text := fmt.Sprintf("line %d %s", results.Line(p.row), cmp.Or(login, e.Record.Input))
		if name != "" {
			text += " (" + name + ")"
		}
		o.lines[f.Status] = append(o.lines[f.Status], f.told(text))
		o.first[f.Status] = append(o.first[f.Status], Example{
			Row: strconv.Itoa(p.row), UserID: p.id, Login: login, Name: name, Status: f.Status, Reasons: f.Reasons, Detail: f.Detail,
		})
	}
	line := results.AfterLine{
		Row: p.row, Login: login, UserID: p.id, Status: f.Status, Reasons: f.Reasons, Factor: f.Factor, At: f.At, From: f.From, Detail: f.Detail, AsOf: r.asOf,
	}
	if !f.AsOf.IsZero() {
		line.AsOf = f.AsOf
	}
	return sheet.Write(append(line.Cells(), e.Extra...))
}

// add counts a finding.
func (o *outcome) add(f *Finding) {
	o.statuses[f.Status]++
	for _, reason := range f.Reasons {
		o.reasons[reason]++
	}
	if f.ByList {
		o.byList++
	}
}
