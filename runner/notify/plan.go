package notify

import (
	"cmp"
	"net/mail"
	"slices"
	"strings"
	"time"

	"oktareset/runner/console"
	"oktareset/runner/results"
)

// plan makes this run's mails: to everybody who was reset and got no mail in earlier runs, and to
// their managers. before is what earlier runs recorded.
func (r *run) plan(before []*note) {
	done := make(map[string]bool) // users who got a mail, and of whom a manager did
	tried := make(map[string]bool)
	var open []*note
	for _, n := range before {
		if !n.status.final() {
			tried[n.kind+n.id] = true
			open = append(open, n)
			continue
		}
		r.notes = append(r.notes, n)
		if n.kind == ToUser {
			done[n.id] = true
		}
		for _, id := range n.people {
			done[n.id+" "+id] = true
		}
	}
	r.final = len(r.notes)
	for _, p := range r.people {
		p.Person.Login = cmp.Or(oneLine(p.login, maxCell), p.id)
		p.Person.Name = cmp.Or(p.name, p.Person.Login)
	}
	if r.to(ToUser) {
		for _, p := range r.people {
			if !done[p.id] {
				r.add(&p.receiver, &outgoing{note: &note{kind: ToUser, row: p.row}, person: p})
			}
		}
	}
	if r.to(ToManager) {
		r.planManagers(done)
	}
	r.keep(open)
	// Mails that were refused before come last: otherwise a few bad addresses could stop every run.
	slices.SortStableFunc(r.mails, func(a, b *outgoing) int { return order(tried[a.kind+a.id]) - order(tried[b.kind+b.id]) })
}

// keep keeps what earlier runs left open and no other mail replaces: this run may tell only users,
// and their managers' mails must not vanish. A reminder that nobody needs any more is left out.
func (r *run) keep(open []*note) {
	replaced, waiting := make(map[string]bool), make(map[string]bool)
	for _, n := range r.notes {
		for _, id := range n.about() {
			replaced[n.kind+id] = true
		}
	}
	for _, p := range r.people {
		waiting[p.id] = true
	}
	for _, n := range open {
		rest := slices.DeleteFunc(n.about(), func(id string) bool { return replaced[n.kind+id] })
		if len(rest) == 0 {
			continue
		}
		if r.only != nil && !slices.ContainsFunc(rest, func(id string) bool { return waiting[id] }) {
			if len(rest) < len(n.about()) {
				continue
			}
			n.status, n.reason, n.answer = Skipped, reasonNotNeeded, ""
		}
		r.notes = append(r.notes, n)
	}
}

// about returns the users of whom a mail tells.
func (n *note) about() []string {
	if n.kind == ToUser {
		return []string{n.id}
	}
	return slices.Clone(n.people)
}

func order(last bool) int {
	if last {
		return 1
	}
	return 0
}

// planManagers makes a mail for each manager. Several ways to name a manager lead to one mail.
func (r *run) planManagers(done map[string]bool) {
	mails := make(map[string]*outgoing)
	who := make(map[string]*receiver)
	var order []string
	for _, p := range r.people {
		m, id := p.manager, p.id
		if m != nil {
			id = cmp.Or(m.id, oneLine(cmp.Or(m.named.ID, m.named.Mail, m.named.Name), maxCell))
		}
		if id == p.id { // nobody else would know
			r.unmanaged++
			continue
		}
		if done[id+" "+p.id] {
			continue
		}
		if mails[id] == nil {
			m.receiver.id = id
			mails[id], who[id] = &outgoing{note: &note{kind: ToManager, row: p.row}}, &m.receiver
			order = append(order, id)
		}
		mails[id].people = append(mails[id].people, p)
		mails[id].note.people = append(mails[id].note.people, p.id)
	}
	for _, id := range order {
		r.add(who[id], mails[id])
	}
}

// add adds a mail, or says why it can't be sent.
func (r *run) add(to *receiver, m *outgoing) {
	n := m.note
	n.id, n.login, n.name, n.address, n.run = to.id, oneLine(to.login, maxCell), to.name, to.address, r.id
	r.notes = append(r.notes, n)
	switch {
	case to.left && m.person == nil: // somebody else has to tell a manager of these people
		n.status, n.reason = NoAddress, reasonDeprovisioned
	case to.left:
		n.status, n.reason = Skipped, reasonDeprovisioned
	case to.address == "":
		n.status, n.reason = NoAddress, cmp.Or(to.problem, reasonEmpty)
	default:
		n.status, n.reason, n.messageID = NotSent, reasonStopped, messageID(r.id, len(r.mails)+1, r.from.Address)
		r.mails = append(r.mails, m)
	}
}

// fill returns the subject and the body of a mail.
func (r *run) fill(m *outgoing) (subject, body string, err error) {
	reader := Reader{Name: cmp.Or(m.name, m.login, m.address), Address: m.address, Org: r.manifest.Org, Contact: r.contact, Ticket: oneLine(r.manifest.Ticket, maxCell)}
	if m.person != nil {
		return r.texts[ToUser].fill(userMail{Reader: reader, Person: m.person.Person, Name: m.person.Person.Name})
	}
	data := managerMail{Reader: reader, Count: len(m.people)}
	for _, p := range m.people {
		data.People = append(data.People, p.Person)
	}
	return r.texts[ToManager].fill(data)
}

// content returns the whole mail.
func (r *run) content(m *outgoing) ([]byte, error) {
	subject, body, err := r.fill(m)
	if err != nil {
		return nil, err
	}
	return compose(envelope{from: r.from, to: mail.Address{Name: m.name, Address: m.address}, messageID: m.messageID, date: time.Now()}, subject, body)
}

// counts counts mails by status.
func counts(notes []*note) map[Status]int {
	counts := make(map[Status]int)
	for _, n := range notes {
		counts[n.status]++
	}
	return counts
}

// againCommand returns the command that sends the same mails.
func (r *run) againCommand(first ...string) string {
	return results.NotifyCommand(r.opts.Results, append(first, r.opts.Again...)...)
}

// audience is as "12 users and 2 managers", without a kind that nobody is of.
func (r *run) audience() string {
	var parts []string
	for _, kind := range Audiences {
		n := 0
		for _, m := range r.mails {
			if m.kind == kind {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, console.Plural(n, kind))
		}
	}
	return cmp.Or(strings.Join(parts, " and "), "nobody")
}
