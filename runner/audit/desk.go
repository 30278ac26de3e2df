package audit

import (
	"context"
	"fmt"
	"strings"

	"oktareset/runner"
	"oktareset/runner/fault"
	"oktareset/runner/roster"
)

// This file reads the list of tickets, as a service desk has exported it.

// ticketNames are the headers under which service desks export a ticket, as [plainTicket] has them,
// the surest first.
var ticketNames = []string{
	"ticket", "ticketid", "ticketnumber", "incident", "incidentnumber", "issuekey", "key", "number", "issue", "case", "casenumber", "change", "changenumber",
	"requestid", "requestnumber", "request",
	"id", // Zendesk's
}

// plainTicket is [roster.PlainName], without the sign of a number, as in Ticket #.
func plainTicket(header string) string { return strings.TrimSuffix(roster.PlainName(header), "#") }

// readTickets reads the list of tickets, if there is one.
func (r *run) readTickets(ctx context.Context) error {
	o := r.opts.Tickets
	if o.File == "" {
		return nil
	}
	f, place, err := openTickets(ctx, o)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // it was only read
	for _, w := range f.Warnings() {
		r.Console.Warn("%s: %s", o.File, w)
	}
	for row, err := range f.Rows() {
		if err != nil {
			return err
		}
		if row.Header {
			continue
		}
		t := Ticket{Ticket: strings.TrimSpace(row.Cells[place]), User: row.Input}
		if wrong := r.takeTicket(t); wrong != "" {
			return fault.Usage("give each line a ticket and a user", "%s: line %d: %s", o.File, row.Line, wrong)
		}
	}
	if len(r.audit.tickets.all) == 0 { // a header again, and nothing else
		return fault.Usage(hintDesk, "%s: %w", o.File, roster.ErrNoRows)
	}
	return nil
}

// hintDesk is about the form of a list.
const hintDesk = "give the service desk's list, with a column ticket and one with user IDs or logins"

// openTickets opens a list of tickets, and returns the place of the tickets among the cells beside a
// row's user. The users are found as in an input, or as service desks call them.
func openTickets(ctx context.Context, o TicketOptions) (f *roster.File, place int, err error) {
	f, err = roster.Open(o.File, roster.Options{Column: o.UserColumn, List: true, ColumnFlag: "--ticket-user-column", Desk: true})
	if err != nil {
		return nil, 0, err
	}
	if f.Plan() {
		err = fault.Usage(hintDesk, "%s is a plan or a result, not a list of tickets", o.File)
	} else if _, err = f.Survey(ctx); err == nil {
		place, err = ticketPlace(f, o)
	}
	if err != nil {
		return nil, 0, fault.Also(err, f.Close())
	}
	return f, place, nil
}

// takeTicket takes a ticket, and returns what is wrong with it, or "".
func (r *run) takeTicket(t Ticket) string {
	switch {
	case t.Ticket == "":
		return fmt.Sprintf("user %q has no ticket", t.User)
	case !r.audit.Ticket(t):
		_, reason := runner.ParseIdentifier(t.User)
		return fmt.Sprintf("ticket %q is about nobody: user %q: %s", t.Ticket, t.User, runner.WhyNobody(t.User, reason))
	}
	return ""
}

// ticketPlace returns the place of the tickets among the cells beside a row's user.
func ticketPlace(f *roster.File, o TicketOptions) (int, error) {
	if o.Column != "" {
		place := f.Place(func(header string) bool { return header == o.Column })
		if place < 0 {
			place = f.Place(func(header string) bool { return roster.PlainName(header) == roster.PlainName(o.Column) })
		}
		if place >= 0 {
			return place, nil
		}
		return 0, fault.Usage("give --ticket-column one of these", "%s: no column %q beside that of the users, %q: there are %q", o.File, o.Column, f.Column(), f.Columns())
	}
	for _, name := range ticketNames {
		if place := f.Place(func(header string) bool { return plainTicket(header) == name }); place >= 0 {
			return place, nil
		}
	}
	if len(f.Columns()) == 0 {
		return 0, fault.Usage(hintDesk, "%s has no column but %q: there are no tickets", o.File, f.Column())
	}
	return 0, fault.Usage("name the column that holds the tickets with --ticket-column", "%s: no column of tickets beside that of the users, %q: there are %q",
		o.File, f.Column(), f.Columns())
}
