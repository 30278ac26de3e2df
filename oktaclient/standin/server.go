package standin

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// maxBody bounds what is read of a request's body.
const maxBody = 1 << 20

// maxSurprises bounds how many surprises are kept.
const maxSurprises = 100

// call is one request on its way through the org.
type call struct {
	o       *Org
	w       http.ResponseWriter
	r       *http.Request
	route   *route
	name    string   // how the path names the user
	arg     string   // the path's second variable: a factor ID, with a slash and the transaction's ID behind it where there is one
	body    []byte   // of the request
	pos     int      // the user's position in the directory, -1 when there is none
	request [16]byte // the request ID
	app     *app     // the service app that calls; nil for the token's owner
	rate    *rate    // what the rate-limit headers show; nil for none
	letIn   bool     // it passed the limits, and counts as one of the calls at the same time
	by      uint32   // position of the user who asks; 0 is the token's owner
	edits   []edit   // of the reply
	lost    *Fault   // the outage that keeps the answer from the client
	from    *Place   // where it comes from; nil: from the usual place
	part    int      // of the factors that a reset takes, only so many go; 0 means all
}

// ServeHTTP answers a request as Okta would.
func (o *Org) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/sandbox/") {
		o.serveSandbox(w, r)
		return
	}
	var body []byte
	if r.Body != nil && r.Body != http.NoBody {
		// net/http notices a client that hangs up only once its body has been read.
		body, _ = io.ReadAll(io.LimitReader(r.Body, maxBody))
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	c, refused := o.receive(w, r)
	c.body = body
	defer o.leave(c)
	if f, ok := c.hangsUp(); ok {
		kept := &recorder{header: make(http.Header)}
		c.w = kept
		defer func() {
			if kept.status != 0 { // otherwise the connection broke before an answer
				kept.deliver(w, f.Delay)
			}
		}()
	}
	if f, _, ok := o.outage(c, 0); ok {
		c.vanish(f)
	}
	c.handle(refused)
	if c.lost != nil {
		c.silent()
	}
}

// handle answers a call, or does what a fault says.
func (c *call) handle(refused *refusal) {
	if refused != nil {
		refused.answer(c)
		return
	}
	if !c.admit() {
		return
	}
	c.o.arrived(c)
	c.linger()
	if f, ok := c.o.meet(c, false); ok {
		c.play(f)
		return
	}
	c.route.serve(c)
}

// receive counts the request and finds its route and user, or the refusal that its path deserves.
func (o *Org) receive(w http.ResponseWriter, r *http.Request) (*call, *refusal) {
	found := resolve(r.Method, r.URL.EscapedPath())
	o.mu.Lock()
	defer o.mu.Unlock()
	c := &call{o: o, w: w, r: r, route: found.route, name: found.name, arg: found.arg, pos: -1}
	binary.BigEndian.PutUint64(c.request[:8], o.rng.Uint64())
	binary.BigEndian.PutUint64(c.request[8:], o.rng.Uint64())
	o.stats.Requests++
	o.inFlight++
	o.stats.MaxInFlight = max(o.stats.MaxInFlight, o.inFlight)
	if found.surprise != "" {
		o.surprise("%s %q: %s", r.Method, r.URL.Path, found.surprise)
	}
	if len(r.Header["Cookie"]) > 0 {
		o.surpriseOnce("a cookie was sent back")
	}
	if found.refused == nil {
		o.stats.ByOp[c.route.op]++
		c.pos = o.identify(c.route, c.name)
	}
	o.edits(c)
	return c, found.refused
}

// identify finds the user that a path names. The caller holds the mutex.
func (o *Org) identify(rt *route, name string) int {
	switch {
	case name == "", rt.group:
		return -1
	case rt.idOnly && !isUserID(name):
		return -1
	case !rt.idOnly && name == "me":
		return owner
	}
	return o.dir.find(name)
}

// arrived counts a call that passed the limits.
func (o *Org) arrived(c *call) {
	if c.route.op != OpResetFactors {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if c.name == "me" {
		o.surprise("%s %q: me is the caller", c.r.Method, c.r.URL.Path)
	}
	if c.pos >= 0 {
		o.dir.change(c.pos).deeds.ResetCalls++
	}
}

func (o *Org) leave(c *call) {
	o.release(c)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.inFlight--
}

// release ends a call's count as one of those at the same time.
func (o *Org) release(c *call) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if c.letIn {
		c.letIn = false
		o.letIn--
	}
}

// surprise notes a request that a careful client never sends. The caller holds the mutex.
func (o *Org) surprise(format string, args ...any) {
	if len(o.stats.Surprises) < maxSurprises {
		o.stats.Surprises = append(o.stats.Surprises, fmt.Sprintf(format, args...))
	}
}

// surpriseOnce is surprise for what needs no example: a client with a cookie jar would fill the
// list with its cookies.
func (o *Org) surpriseOnce(text string) {
	if !slices.Contains(o.stats.Surprises, text) {
		o.surprise("%s", text)
	}
}

// linger is the time between what decides about a call and its answer.
func (c *call) linger() { c.pause(c.o.latency()) }

// latency draws how long a call takes.
func (o *Org) latency() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.cfg.LatencyJitter <= 0 {
		return o.cfg.Latency
	}
	return o.cfg.Latency + time.Duration(o.rng.Int64N(int64(o.cfg.LatencyJitter)+1))
}

// wait waits for d, or until nobody listens any more. A server that has got a request carries
// it out all the same.
func wait(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
