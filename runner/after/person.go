package after

import (
	"cmp"
	"hash/fnv"
	"io"
	"slices"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner/evidence"
	"oktareset/runner/results"
)

// person is a user whom the results have changed, or may have.
type person struct {
	row   int
	id    string
	named bool   // the results have the login
	login string // which the log has, if the results don't; ""
	shown bool   // the bar has counted them

	since   time.Time // their reset began, by the server's clock
	request string    // its request ID; ""
	doubt   bool      // the results don't know whether it was done

	reset  time.Time // the log has it: published last; zero: it doesn't have it
	marks  []mark    // of what the log has besides
	listed *listing  // what the list of factors says; nil: it wasn't asked since the last event
	before *history  // nil: it wasn't read
}

// mark is what the command keeps of an event: little, as a million users have millions of them.
type mark struct {
	at     time.Time
	id     uint64 // hash of the event's own
	key    uint64 // hash of its request: an Okta Verify is given by several events of one
	factor string // in the log's words; "": it doesn't say which
	by     *evidence.Source
	from   *results.Place
	kind   evidence.Kind
	whole  bool // all factors were removed, for certain
	change bool // it changed a factor that must have been there
	system bool // Okta itself did it
	ours   bool // a run of these results did it
}

// kept has one copy of each text, source and place that many marks have. nil keeps none.
type kept struct {
	texts   map[string]string
	sources map[evidence.Source]*evidence.Source
}

func newKept() *kept {
	return &kept{texts: make(map[string]string), sources: make(map[evidence.Source]*evidence.Source)}
}

// text returns the copy of a text of which there are few.
func (k *kept) text(s string) string {
	if _, ok := k.texts[s]; !ok {
		k.texts[s] = s
	}
	return k.texts[s]
}

// source returns the copy of somebody who acts for many.
func (k *kept) source(s evidence.Source) *evidence.Source {
	if k.sources[s] == nil {
		k.sources[s] = &s
	}
	return k.sources[s]
}

// place returns where an event came from: the place of one of these marks, if it is the same.
func (k *kept) place(e *oktaclient.LogEvent, marks []mark) *results.Place {
	p := results.Place{IP: e.Client.IP, City: e.Client.Place.City, Country: e.Client.Place.Country}
	for i := range marks {
		if *marks[i].from == p {
			return marks[i].from
		}
	}
	p.City, p.Country = k.text(p.City), k.text(p.Country)
	return &p
}

func hash(s string) uint64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, s) // a hash takes everything
	return h.Sum64()
}

// listing is what the list of factors says.
type listing struct {
	factor string    // that was given or changed last since the reset, as TYPE:PROVIDER; "": there is none
	at     time.Time // when
	why    string    // why the list says nothing; ""
	asOf   time.Time // the look that asked began
}

// none reports whether the list proves that there is no factor.
func (l *listing) none() bool { return l != nil && l.factor == "" && l.why == "" }

// some reports whether the list has a factor.
func (l *listing) some() bool { return l != nil && l.factor != "" }

// take keeps a fact that the log has about the person. A fact that comes again counts once.
func (p *person) take(e *oktaclient.LogEvent, f *evidence.Fact, ours bool, k *kept) {
	if !p.named && p.login == "" {
		p.login = f.User.Login()
	}
	if f.Kind == evidence.Took && (ours || p.request != "" && e.RequestID() == p.request) {
		if e.Published.After(p.reset) {
			p.reset, p.listed = e.Published, nil
		}
		return
	}
	id := hash(e.UUID)
	if e.Published.Before(p.since.Add(-evidence.ClockSlack)) || slices.ContainsFunc(p.marks, func(m mark) bool { return m.id == id }) {
		return
	}
	m := mark{
		at: e.Published, id: id, kind: f.Kind, whole: f.Whole, factor: k.text(f.Factor), change: e.EventType == oktaclient.EventUpdate,
		system: e.Actor.Type == systemActor, ours: ours, key: hash(evidence.ResetKey(e, p.id)), from: k.place(e, p.marks),
	}
	if f.Kind == evidence.Took || f.By.ActorID != p.id { // else it is the user
		m.by = k.source(f.By)
	}
	p.marks = append(p.marks, m)
	p.listed = nil // it is from before this was known
}

// systemActor is the type of Okta itself as an actor.
const systemActor = "SystemPrincipal"

// wasReset returns when the person was reset: by the log, else by the results, whose clock may be
// behind.
func (p *person) wasReset() time.Time {
	if p.reset.IsZero() {
		return p.since.Add(evidence.ClockSlack)
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
	begin := p.since.Add(-evidence.ClockSlack)
	if !p.reset.IsZero() {
		begin = p.reset
	}
	slices.SortStableFunc(p.marks, func(a, b mark) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.id, b.id)) })
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
// their Okta Verify. The log names a type, and not which factor of that type: if there are several,
// only the list of factors can tell.
func (n *now) lose(m *mark) {
	if m.factor == "" {
		n.unsure = n.unsure || len(n.given) > 0 // which of them is it?
		return
	}
	verify := oktaclient.TakesVerify(m.factor)
	taken := func(g mark) bool { return g.factor == m.factor || verify && oktaclient.OktaVerifyEvent(g.factor) }
	i := slices.IndexFunc(n.given, taken)
	if i < 0 {
		return
	}
	one := n.given[i].key // an Okta Verify is given by several events of one request
	if slices.ContainsFunc(n.given, func(g mark) bool { return taken(g) && g.key != one }) {
		n.unsure = true
		return
	}
	n.given = slices.DeleteFunc(n.given, taken)
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
