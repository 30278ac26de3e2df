package standin

import (
	"net/http"
	"time"
)

// strike is how a kind of fault plays out.
type strike struct {
	when   When // of the change, when the fault says nothing
	moves  bool // the fault may say when
	answer func(*call, Fault)

	delays bool                            // the call goes its way, later
	edit   func(*call, Fault, http.Header) // changes the headers of a reply that is made anyway
	outage bool
}

// kinds are all kinds of fault.
var kinds = map[Kind]strike{
	Drop:           {when: Before, moves: true, answer: drop},
	Refuse:         {when: Before, answer: drop}, // never gets as far as an answer
	Hang:           {when: Before, moves: true, answer: hang},
	Slow:           {when: Before, delays: true},
	ServerError:    {when: Before, moves: true, answer: failWith(internalError)},
	BadGateway:     {when: Before, moves: true, answer: gateway(http.StatusBadGateway)},
	Unavailable:    {when: Before, moves: true, answer: gateway(http.StatusServiceUnavailable)},
	GatewayTimeout: {when: Before, moves: true, answer: gateway(http.StatusGatewayTimeout)},
	Garbage:        {when: After, moves: true, answer: garbage},
	Endless:        {when: After, moves: true, answer: endless},
	Portal:         {when: Before, moves: true, answer: portal},
	Redirect:       {when: Before, answer: redirect},
	Page:           {when: Before, moves: true, answer: blocked},
	PageHeaders:    {when: Before, moves: true, answer: blockedBody},

	ReadOnly:           {when: Before, answer: failWith(readOnly)},
	Activating:         {when: Before, answer: failWith(activating)},
	Reconciling:        {when: Before, answer: failWith(reconciling)},
	TooManyBare:        {when: Before, answer: tooMany(func(time.Time) *rate { return nil })},
	TooManyPast:        {when: Before, answer: tooMany(func(now time.Time) *rate { return &rate{limit: 300, reset: now.Unix() - 30} })},
	TooManyConcurrency: {when: Before, answer: tooMany(func(now time.Time) *rate { return &rate{reset: now.Add(windowLength).Unix()} })},
	TooManyMessages:    {when: Before, answer: failWith(tooManyMessages)},
	InvalidToken:       {when: Before, answer: unauthorized(invalidToken)},
	AuthFailed:         {when: Before, answer: failWith(authFailed)},
	Forbidden:          {when: Before, answer: failWith(forbidden)},
	InvalidSession:     {when: Before, answer: failWith(invalidSession)},
	MissingScope:       {when: Before, answer: missingScope},
	WrongStatus:        {when: Before, answer: failWith(wrongStatus)},
	UserNotFound:       {when: Before, answer: func(c *call, _ Fault) { c.fail(notFound(c.name, "User")) }},
	PathNotFound:       {when: Before, answer: failWith(pathNotFound)},
	TooManyUser:        {when: Before, answer: failWith(tooManyRequests)},
	NoEnd:              {when: Before, answer: noEnd},

	WrongDate: {edit: wrongDate},
	Strip:     {edit: strip},
	LinkBare:  {edit: respell(func(address, rel string) string { return "<" + address + ">; rel=" + rel })},
	LinkUpper: {edit: respell(func(address, rel string) string { return "<" + address + `>; REL="` + capital(rel) + `"` })},
	LinkOrder: {edit: respell(func(address, rel string) string {
		return "<" + address + `>; type="application/json"; rel="` + rel + `"`
	})},
	LinkJoined: {edit: joinLinks},
	LinkExtra: {edit: respell(func(address, rel string) string {
		return "<" + address + `>; title="a, b; rel=\"x\""; rel="` + rel + `"`
	})},
	LinkSeveral: {edit: respell(func(address, rel string) string { return "<" + address + `>; rel="prefetch ` + rel + `"` })},
	LinkBroken:  {edit: respell(func(address, rel string) string { return "<" + address + `; rel="` + rel + `"` })},
	LinkNone:    {edit: func(_ *call, _ Fault, h http.Header) { delete(h, "Link") }},
	Close:       {edit: func(*call, Fault, http.Header) {}}, // the org closes it: see deliver

	Outage:        {when: Before, moves: true, answer: hang, outage: true},
	OutageClosed:  {when: Before, moves: true, answer: drop, outage: true},
	OutageRefused: {when: Before, moves: true, answer: drop, outage: true},
}

// play lets a fault strike the call: first what becomes of the change, then the answer.
func (c *call) play(f Fault) {
	how := kinds[f.Kind]
	c.part = f.Part
	if how.delays {
		c.pause(f.delay())
		c.route.serve(c)
		return
	}
	unheard := *c
	unheard.w = discard{}
	switch f.moment() {
	case After:
		c.route.serve(&unheard)
	case Late:
		time.AfterFunc(f.delay(), func() { c.route.serve(&unheard) })
	case Before, AsUsual:
	}
	how.answer(c, f)
}

// moment is when the change comes, by the fault or by its kind.
func (f Fault) moment() When {
	if f.When == AsUsual {
		return kinds[f.Kind].when
	}
	return f.When
}

func (f Fault) delay() time.Duration {
	if f.Delay == 0 {
		return defaultDelay
	}
	return f.Delay
}

// discard is the answer that nobody gets.
type discard struct{}

func (discard) Header() http.Header         { return make(http.Header) }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}

func drop(*call, Fault) { panic(http.ErrAbortHandler) }

func hang(c *call, _ Fault) {
	<-c.r.Context().Done()
	panic(http.ErrAbortHandler)
}

func failWith(f failure) func(*call, Fault) {
	return func(c *call, _ Fault) { c.fail(f) }
}

func unauthorized(f failure) func(*call, Fault) {
	return func(c *call, _ Fault) {
		c.w.Header()["www-authenticate"] = []string{"SSWS"}
		c.fail(f)
	}
}

func tooMany(shown func(now time.Time) *rate) func(*call, Fault) {
	return func(c *call, _ Fault) {
		c.rate = shown(c.o.now())
		c.fail(tooManyRequests)
	}
}

// missingScope answers as Okta does to an OAuth token that lacks a scope: the header says it,
// and there is no body.
func missingScope(c *call, _ Fault) {
	c.wwwAuthenticate("Bearer", http.StatusForbidden, noScope)
}

func gateway(status int) func(*call, Fault) {
	return func(c *call, _ Fault) {
		text := http.StatusText(status)
		c.page(status, "<html>\r\n<head><title>"+text+"</title></head>\r\n<body>\r\n<center><h1>"+text+
			"</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n")
	}
}

func portal(c *call, _ Fault) {
	c.page(http.StatusOK, `<!DOCTYPE html><html><head><title>Guest network</title></head><body><form action="/login">`+
		`Please accept the terms of use to continue.</form></body></html>`)
}

// redirect leads to a place in the org itself where a client that follows is noted as a surprise.
func redirect(c *call, _ Fault) {
	c.w.Header()["Location"] = []string{c.base() + "/sandbox/redirected"}
	c.head(http.StatusTemporaryRedirect, nil)
}

func garbage(c *call, _ Fault) { c.raw([]byte(`{"id":"00u`)) }

// endless writes until the client has had enough.
func endless(c *call, _ Fault) {
	c.head(http.StatusOK, jsonType)
	chunk := []byte(`[{"id":"00u"},` + "\n")
	if r, ok := c.w.(interface{ repeat([]byte) }); ok {
		r.repeat(chunk)
		return
	}
	for c.r.Context().Err() == nil {
		if _, err := c.w.Write(chunk); err != nil {
			return
		}
	}
}
