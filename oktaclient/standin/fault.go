package standin

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// Kind is what a fault does to a call. Where it says nothing else, the call's change isn't made.
type Kind string

// The kinds of fault.
const (
	Drop           Kind = "drop"    // the connection breaks without an answer
	Refuse         Kind = "refuse"  // no connection comes about; only [Org.Transport] can
	Hang           Kind = "hang"    // no answer ever: it ends when the client gives up
	Slow           Kind = "slow"    // the answer comes Delay later (30 s when 0); the change is made
	ServerError    Kind = "500"     // E0000009
	BadGateway     Kind = "502"     // HTML of a gateway, no header of Okta
	Unavailable    Kind = "503"     // HTML of a gateway
	GatewayTimeout Kind = "504"     // HTML of a gateway
	Garbage        Kind = "garbage" // 200 with half a body; the change is made
	Endless        Kind = "endless" // 200 with a body that doesn't end; the change is made
	Portal         Kind = "portal"  // 200 with HTML of a captive portal, no header of Okta
	Redirect       Kind = "redirect"
	Page           Kind = "page"         // HTML of a proxy, of any status (Code, 403 when 0), no header of Okta
	PageHeaders    Kind = "page_headers" // the same, but Okta's headers are passed on

	ReadOnly           Kind = "readonly"        // 503 E0000010
	Activating         Kind = "409"             // E0000112
	Reconciling        Kind = "423"             // E0000239
	TooManyBare        Kind = "429_bare"        // without rate-limit headers
	TooManyPast        Kind = "429_past"        // with a reset that is over
	TooManyConcurrency Kind = "429_concurrency" // with limit 0 and remaining 0
	TooManyMessages    Kind = "429_sms"         // E0000204: the limit of a factor, no bucket's
	InvalidToken       Kind = "401"             // E0000011
	AuthFailed         Kind = "401_auth"        // E0000004
	Forbidden          Kind = "403"             // E0000006
	InvalidSession     Kind = "403_session"     // E0000005
	MissingScope       Kind = "403_scope"       // no body; www-authenticate says insufficient_scope
	WrongStatus        Kind = "403_status"      // E0000038
	UserNotFound       Kind = "404_user"        // E0000007
	PathNotFound       Kind = "404"             // E0000008
	TooManyUser        Kind = "429_user"        // with the bucket's own headers: it has calls left, this call's user has none
	NoEnd              Kind = "no_end"          // of lists: an empty page that says there is a next one
)

// These kinds change a reply that is made anyway. All that strike a call do, beside one fault of
// another kind.
const (
	WrongDate   Kind = "date"         // Date is Offset off (an hour when 0); the org's clock isn't
	Strip       Kind = "strip"        // without x-okta-request-id, as a gateway does that passes only what it knows
	LinkBare    Kind = "link_bare"    // rel=next
	LinkUpper   Kind = "link_upper"   // REL="Next"
	LinkOrder   Kind = "link_order"   // rel isn't the first parameter
	LinkJoined  Kind = "link_joined"  // all links on one line
	LinkExtra   Kind = "link_extra"   // title="a, b; rel=\"x\"" before rel
	LinkSeveral Kind = "link_several" // rel="prefetch next"
	LinkBroken  Kind = "link_broken"  // no > ends the address
	LinkNone    Kind = "link_none"    // no links: the list seems to end with the page
	Close       Kind = "close"        // the connection closes Delay after the reply, unannounced; only over a real one
)

// These kinds are outages: a property of the time between From and From + For. They strike every
// call that comes then, whatever it asks for, and every call that is under way when they begin.
// Before: what hasn't been done isn't. After: all is done as usual, but nobody hears of it.
const (
	Outage        Kind = "outage"         // silence: a connection comes about, no answer ever
	OutageClosed  Kind = "outage_closed"  // connections break: those under way as it begins, all others at once
	OutageRefused Kind = "outage_refused" // those under way break, no new one comes about; as closed over a real connection
)

// When says what becomes of the change that a faulty call asks for.
type When string

// The moments of a change.
const (
	AsUsual When = ""       // as the kind says
	Before  When = "before" // the fault comes before the change: it isn't made
	After   When = "after"  // the fault comes after the change: it is made
	Late    When = "late"   // the change is made Delay after the fault (30 s when 0)
)

// defaultDelay is longer than the 20 s that a client waits for an answer.
const defaultDelay = 30 * time.Second

// Fault makes some calls fail. The zero values of the fields that choose choose everything.
type Fault struct {
	Kind Kind
	When When

	Op     string          // the operation, as [OpResetFactors]; "" means all
	UserID string          // the user, by ID or as the path names it
	Match  func(User) bool // the user; nil means everybody. The Org must not be called from it
	Query  string          // what the request's query holds, decoded: one query of several
	From   time.Duration   // so long after it was scripted it begins
	For    time.Duration   // and so long it lasts; 0 means for ever

	Skip        int     // so many matching calls pass first
	Times       int     // it strikes so often at most; 0 means for ever
	Every       int     // of the matching calls it strikes every so many-th; 0 means each
	Probability float64 // of striking a call that the above chose, by the org's seed; 0 means 1

	Delay  time.Duration // of Slow, of Late and of Close
	Code   int           // the status of Page and PageHeaders
	Offset time.Duration // of WrongDate
	Part   int           // of the factors that a reset takes, only so many go, with their events; 0 means all
}

// script is a fault at work.
type script struct {
	fault  Fault
	since  time.Time
	seen   int // matching calls
	struck int
}

// Script adds faults. Of several that would strike one call the first does. It panics when a
// fault makes no sense; [ParseFault] returns what is wrong instead.
func (o *Org) Script(faults ...Fault) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, f := range faults {
		if err := f.check(); err != nil {
			panic("standin: " + err.Error())
		}
		o.faults = append(o.faults, &script{fault: f, since: time.Now()})
	}
}

// Clear removes all faults.
func (o *Org) Clear() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.faults = nil
}

// Unused returns the scripted faults that never struck.
func (o *Org) Unused() []Fault {
	o.mu.Lock()
	defer o.mu.Unlock()
	var unused []Fault
	for _, s := range o.faults {
		if s.struck == 0 {
			unused = append(unused, s.fault)
		}
	}
	return unused
}

// meet returns the fault that strikes the call, if one does. Faults that refuse connections
// strike before the call arrives, all others after it was let in; connecting says which are
// asked for.
func (o *Org) meet(c *call, connecting bool) (Fault, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range o.faults {
		how := kinds[s.fault.Kind]
		if how.edit == nil && !how.outage && (s.fault.Kind == Refuse) == connecting && o.strikes(s, c, time.Now()) {
			return s.fault, true
		}
	}
	return Fault{}, false
}

// matches reports whether a fault is meant for the call.
func (o *Org) matches(f *Fault, c *call) bool {
	if f.Op != "" && (c.route == nil || f.Op != c.route.op) {
		return false
	}
	if f.Kind == NoEnd && (c.route == nil || !c.route.list) {
		return false
	}
	if f.Query != "" {
		if query, err := url.QueryUnescape(c.r.URL.RawQuery); err != nil || !strings.Contains(query, f.Query) {
			return false
		}
	}
	if f.UserID == "" && f.Match == nil {
		return true
	}
	if c.pos < 0 {
		return f.Match == nil && f.UserID == c.name
	}
	if f.UserID != "" && f.UserID != c.name && o.dir.lookup(f.UserID) != c.pos {
		return false
	}
	return f.Match == nil || f.Match(o.dir.user(c.pos))
}

// lasts reports whether a time lies in the period of a fault.
func (s *script) lasts(at time.Time) bool {
	begins := s.since.Add(s.fault.From)
	return !at.Before(begins) && (s.fault.For == 0 || at.Before(begins.Add(s.fault.For)))
}

// strikes counts a call that the fault is meant for at a time, and reports whether it strikes it.
// The caller holds the mutex.
func (o *Org) strikes(s *script, c *call, at time.Time) bool {
	f := &s.fault
	if !s.lasts(at) || !o.matches(f, c) {
		return false
	}
	s.seen++
	n := s.seen - f.Skip
	switch {
	case n <= 0, f.Times > 0 && s.struck >= f.Times:
		return false
	case f.Every > 0 && n%f.Every != 0:
		return false
	case f.Probability > 0 && o.rng.Float64() >= f.Probability:
		return false
	}
	s.struck++
	return true
}

// refuses reports whether the connection for a request doesn't come about.
func (o *Org) refuses(c *call) bool {
	o.mu.Lock()
	scripted := slices.ContainsFunc(o.faults, func(s *script) bool { return s.fault.Kind == Refuse || s.fault.Kind == OutageRefused })
	if !scripted {
		o.mu.Unlock()
		return false
	}
	found := resolve(c.r.Method, c.r.URL.EscapedPath())
	if c.route, c.name = found.route, found.name; c.route != nil {
		c.pos = o.identify(c.route, c.name)
	}
	o.mu.Unlock()
	if _, _, refused := o.outage(c, 0, OutageRefused); refused {
		return true
	}
	_, refused := o.meet(c, true)
	return refused
}
