package oktatest

import (
	"net/http"
	"time"
)

// strike is how a kind of fault plays out.
type strike struct {
	when   When // of the change, when the fault says nothing
	moves  bool // the fault may say when
	answer func(*call, Fault)
}

// kinds are all kinds of fault.
var kinds = map[Kind]strike{
	Drop:           {Before, true, drop},
	Refuse:         {Before, false, drop}, // never gets as far as an answer
	Hang:           {Before, true, hang},
	Slow:           {Before, false, slow}, // makes the change itself, with the answer
	ServerError:    {Before, true, failWith(internalError)},
	BadGateway:     {Before, true, gateway(http.StatusBadGateway)},
	Unavailable:    {Before, true, gateway(http.StatusServiceUnavailable)},
	GatewayTimeout: {Before, true, gateway(http.StatusGatewayTimeout)},
	Garbage:        {After, true, garbage},
	Endless:        {After, true, endless},
	Portal:         {Before, true, portal},
	Redirect:       {Before, false, redirect},

	ReadOnly:           {Before, false, failWith(readOnly)},
	Activating:         {Before, false, failWith(activating)},
	Reconciling:        {Before, false, failWith(reconciling)},
	TooManyBare:        {Before, false, tooMany(func(time.Time) *rate { return nil })},
	TooManyPast:        {Before, false, tooMany(func(now time.Time) *rate { return &rate{limit: 300, reset: now.Unix() - 30} })},
	TooManyConcurrency: {Before, false, tooMany(func(now time.Time) *rate { return &rate{reset: now.Add(windowLength).Unix()} })},
	TooManyMessages:    {Before, false, failWith(tooManyMessages)},
	InvalidToken:       {Before, false, unauthorized(invalidToken)},
	AuthFailed:         {Before, false, failWith(authFailed)},
	Forbidden:          {Before, false, failWith(forbidden)},
	InvalidSession:     {Before, false, failWith(invalidSession)},
	MissingScope:       {Before, false, missingScope},
	WrongStatus:        {Before, false, failWith(wrongStatus)},
	UserNotFound:       {Before, false, func(c *call, _ Fault) { c.fail(notFound(c.name, "User")) }},
	PathNotFound:       {Before, false, failWith(pathNotFound)},
}

// play lets a fault strike the call: first what becomes of the change, then the answer.
func (c *call) play(f Fault) {
	how := kinds[f.Kind]
	when := f.When
	if when == AsUsual {
		when = how.when
	}
	unheard := *c
	unheard.w = discard{}
	switch when {
	case After:
		c.route.serve(&unheard)
	case Late:
		time.AfterFunc(f.delay(), func() { c.route.serve(&unheard) })
	case Before, AsUsual:
	}
	how.answer(c, f)
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

func slow(c *call, f Fault) {
	wait(c.r.Context(), f.delay())
	c.route.serve(c)
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

// missingScope answers as Okta does to an OAuth token that lacks a scope: the header says it, and there is no body.
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
