package standin

import "time"

// outage returns the outage that a call meets, now or within a time from now, and how long from now
// that is. Only the named kinds of outage count, or all kinds if none is named.
func (o *Org) outage(c *call, within time.Duration, only ...Kind) (f Fault, begins time.Duration, ok bool) {
	now := time.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range o.faults {
		if !kinds[s.fault.Kind].outage || len(only) > 0 && s.fault.Kind != only[0] {
			continue
		}
		begins = max(0, s.since.Add(s.fault.From).Sub(now))
		if begins <= within && o.strikes(s, c, now.Add(begins)) {
			return s.fault, begins, true
		}
	}
	return Fault{}, 0, false
}

// pause waits. An outage may begin meanwhile. The org does what the call asks for after the pause,
// or never.
func (c *call) pause(d time.Duration) {
	if c.lost == nil {
		if f, begins, ok := c.o.outage(c, d); ok {
			wait(c.r.Context(), begins)
			c.vanish(f)
			d -= begins
		}
	}
	wait(c.r.Context(), d)
}

// vanish lets an outage strike the call: from now on the client gets nothing. It returns only if
// the org still does the rest of the call.
func (c *call) vanish(f Fault) {
	c.lost = &f
	if f.moment() == Before {
		c.silent()
	}
	c.w, c.part = discard{}, f.Part
}

// silent ends a call that an outage struck. The call no longer counts as one of the calls at the
// same time.
func (c *call) silent() {
	c.o.release(c)
	kinds[c.lost.Kind].answer(c, *c.lost)
}
