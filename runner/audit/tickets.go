package audit

import (
	"cmp"
	"slices"

	"oktareset/runner"
	"oktareset/runner/table"
)

// Ticket is a line of a list of tickets: this user is to be reset, or was.
type Ticket struct {
	Ticket string
	User   string // ID or login, as the list has it
}

// tickets finds tickets by any name of a user.
type tickets struct {
	all    []Ticket
	found  []bool
	byUser map[runner.Key][]int
	byID   map[string][]int // those that name a user by login, by the ID that the log gives to that login
}

func newTickets() tickets {
	return tickets{byUser: make(map[runner.Key][]int), byID: make(map[string][]int)}
}

// Ticket adds a ticket. It reports false if the name of its user can't be one. Add tickets before
// [Audit.Read]. Once there is one, every reset needs a ticket.
func (a *Audit) Ticket(t Ticket) bool {
	id, reason := runner.ParseIdentifier(t.User)
	if reason != "" {
		return false
	}
	list := &a.tickets
	list.byUser[id.Key()] = append(list.byUser[id.Key()], len(list.all))
	list.all, list.found = append(list.all, t), append(list.found, false)
	return true
}

// alias records the login that the log has for a user with an ID.
func (t *tickets) alias(id, login string) {
	if len(t.all) == 0 || t.byID[id] != nil {
		return
	}
	if places := t.of(login); len(places) > 0 {
		t.byID[id] = places
	}
}

func (t *tickets) of(name string) []int {
	id, reason := runner.ParseIdentifier(name)
	if reason != "" {
		return nil
	}
	return t.byUser[id.Key()]
}

// take returns the tickets of a user with these names, and records that they have a reset.
func (t *tickets) take(userID string, names ...string) []string {
	places := append(slices.Clone(t.of(userID)), t.byID[userID]...)
	for _, name := range names {
		places = append(places, t.of(name)...)
	}
	slices.Sort(places)
	var ids []string
	for _, i := range slices.Compact(places) {
		t.found[i] = true
		ids = append(ids, t.all[i].Ticket)
	}
	return ids
}

// ticketsOf returns the tickets of the row's user, who was reset. It prefers the log's login to
// that of the results, which may come from an input that had the wrong one beside an ID.
func (a *Audit) ticketsOf(rec *table.Record, logLogin string) []string {
	return a.tickets.take(rec.UserID, cmp.Or(logLogin, rec.Login), rec.Input)
}

// ticketsOfStray returns the tickets of the user of a stray.
func (a *Audit) ticketsOfStray(s *Stray) []string {
	return a.tickets.take(s.User.ID, s.User.Login())
}

// openTickets returns the tickets without a reset: those that neither ticketsOf nor
// ticketsOfStray has returned.
func (a *Audit) openTickets() []Ticket {
	var open []Ticket
	for i, t := range a.tickets.all {
		if !a.tickets.found[i] {
			open = append(open, t)
		}
	}
	return open
}
