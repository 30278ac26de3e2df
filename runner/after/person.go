package after

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner/evidence"
	"oktareset/runner/results"
)

// person is a user whom the results have changed, or may have.
type person struct {
	row             int
	id, login, name string // login "": neither the results nor the log has said it
	input           string // what the row has for the user

	since   time.Time // their reset began, by the server's clock
	request string    // its request ID; ""
	doubt   bool      // the results don't know whether it was done

	reset  time.Time // the log has it: published last; zero: it doesn't have it
	marks  []mark    // of what the log has besides
	listed *listing  // what the list of factors says; nil: it wasn't asked
	before history
}

// mark is what the command keeps of an event.
type mark struct {
	at     time.Time
	id     string // the event's own
	kind   evidence.Kind
	whole  bool   // all factors were removed, for certain
	factor string // in the log's words; "": it doesn't say which
	change bool   // it changed a factor that must have been there
	by     evidence.Source
	system bool // Okta itself did it
	ours   bool // a run of these results did it
	from   results.Place
	key    string // of its request: an Okta Verify is given by several events of one
}

// clockSlack allows for the milliseconds that a file cuts off, and for server clocks that differ.
const clockSlack = 5 * time.Second

// listing is what the list of factors says.
type listing struct {
	factor string    // that was given or changed last since the reset, as TYPE:PROVIDER; "": there is none
	at     time.Time // when
	why    string    // why the list says nothing; ""
}

// take keeps a fact that the log has about the person. A fact that comes again counts once.
func (p *person) take(e *oktaclient.LogEvent, f *evidence.Fact, ours bool) {
	if login := f.User.AlternateID; p.login == "" && !strings.EqualFold(login, "unknown") {
		p.login = login
	}
	if f.Kind == evidence.Took && (ours || p.request != "" && e.RequestID() == p.request) {
		if e.Published.After(p.reset) {
			p.reset = e.Published
		}
		return
	}
	if e.Published.Before(p.since.Add(-clockSlack)) || slices.ContainsFunc(p.marks, func(m mark) bool { return m.id == e.UUID }) {
		return
	}
	p.marks = append(p.marks, mark{
		at: e.Published, id: e.UUID, kind: f.Kind, whole: f.Whole, factor: f.Factor, change: e.EventType == oktaclient.EventUpdate,
		by: f.By, system: e.Actor.Type == systemActor, ours: ours, key: evidence.ResetKey(e, p.id),
		from: results.Place{IP: e.Client.IP, City: e.Client.Place.City, Country: e.Client.Place.Country},
	})
}

// systemActor is the type of Okta itself as an actor.
const systemActor = "SystemPrincipal"

// wasReset returns when the person was reset: by the log, else by the results, whose clock may be
// behind.
func (p *person) wasReset() time.Time {
	if p.reset.IsZero() {
		return p.since.Add(clockSlack)
	}
	return p.reset
}

// now sums up what the log says about the person.
type now struct {
	given  []mark // factors that are there, oldest first
	unsure bool   // the log alone can't say which factors are there
	taken  *mark  // the last whole reset by others since
	admin  []mark // the Admin Console was opened
}

// fold sums up what the log has since the person's reset. On Identity Engine, an email and a
// question don't count.
func (p *person) fold(classic bool) now {
	begin := p.since.Add(-clockSlack)
	if !p.reset.IsZero() {
		begin = p.reset
	}
	slices.SortStableFunc(p.marks, func(a, b mark) int { return cmp.Or(a.at.Compare(b.at), strings.Compare(a.id, b.id)) })
	var n now
	for i := range p.marks {
		switch m := &p.marks[i]; {
		case m.at.Before(begin):
		case m.kind == evidence.Admin:
			n.admin = append(n.admin, *m)
		case m.kind == evidence.Took && m.whole:
			n.given, n.taken, n.unsure = nil, m, false
		case m.kind == evidence.Took:
			n.lose(m)
		case !classic && oktaclient.EventOutlasts(m.factor):
		case m.change: // something is there, and the log doesn't say since when
			n.unsure = n.unsure || len(n.given) == 0
		default:
			n.given = append(n.given, *m)
		}
	}
	return n
}

// lose removes a single factor from those that are there. Push and FastPass also remove the rest of
// their Okta Verify.
func (n *now) lose(m *mark) {
	if m.factor == "" {
		n.unsure = n.unsure || len(n.given) > 0 // which of them is it?
		return
	}
	verify := m.factor == "OKTA_VERIFY_PUSH" || m.factor == "SIGNED_NONCE"
	n.given = slices.DeleteFunc(n.given, func(g mark) bool {
		return g.factor == m.factor || verify && oktaclient.OktaVerifyEvent(g.factor)
	})
}

// first returns the marks of the first enrollment that is still there.
func (n *now) first() []mark {
	if len(n.given) == 0 {
		return nil
	}
	key := n.given[0].key
	return slices.DeleteFunc(slices.Clone(n.given), func(m mark) bool { return m.key != key })
}

// open reports whether the log can't tell if the person is back. Either it doesn't have the reset,
// because it doesn't go back far enough, lags or never has it, or its events aren't clear.
func (p *person) open(n *now) bool {
	return n.unsure || len(n.given) == 0 && p.reset.IsZero() && n.taken == nil
}
