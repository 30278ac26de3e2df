package standin

import (
	"net/http"
	"strings"
	"time"
)

// windowLength is the fixed period that a limit counts in.
const windowLength = time.Minute

// window counts calls. It opens at the first call after the one before it ended, so it isn't
// bound to the wall clock's minutes.
type window struct {
	ends time.Time // whatever the server's clock says meanwhile
	used int
}

// roll opens a new window when the old one has ended.
func (w *window) roll(now time.Time) {
	if !now.Before(w.ends) {
		*w = window{ends: now.Add(windowLength)}
	}
}

// bucket is a group of endpoints that share one limit: the org's, and in it the token's.
type bucket struct {
	org, token window
}

// rate is what the headers of a reply say.
type rate struct {
	limit, remaining int
	reset            int64 // epoch seconds by the server's clock
}

// bucket returns the bucket of a name. The caller holds the mutex.
func (o *Org) bucket(name string) *bucket {
	b := o.buckets[name]
	if b == nil {
		b = &bucket{}
		o.buckets[name] = b
	}
	return b
}

// spend takes one call out of a bucket, and reports what the headers show and whether the call
// may pass. A refused call doesn't count. The reset is cut to whole seconds, so that for a part
// of a second the old window is still in force at it.
func (o *Org) spend(name string) (rate, bool) {
	now := time.Now()
	b := o.bucket(name)
	b.org.roll(now)
	b.token.roll(now)
	orgLimit, tokenLimit := o.cfg.limits(name)
	if b.token.used < tokenLimit && b.org.used >= orgLimit && o.cfg.OrgNumbers {
		return rate{limit: orgLimit, reset: o.shown(b.org)}, false
	}
	pass := b.token.used < tokenLimit && b.org.used < orgLimit
	if pass {
		b.token.used++
		b.org.used++
	}
	return rate{limit: tokenLimit, remaining: max(0, tokenLimit-b.token.used), reset: o.shown(b.token)}, pass
}

// shown is a window's end by the server's clock.
func (o *Org) shown(w window) int64 { return w.ends.Add(time.Duration(o.skew.Load())).Unix() }

// admit lets a call in, or answers it: credentials first, then the number of calls in flight,
// then the bucket.
func (c *call) admit() bool {
	if !c.route.public && !c.authorized() {
		return false
	}
	if c.route.bucket == "" {
		return true
	}
	refused := c.take()
	if refused {
		c.linger()
		c.fail(tooManyRequests)
	}
	return !refused
}

// take counts the call against the limits and reports whether one of them refuses it.
func (c *call) take() (refused bool) {
	c.o.mu.Lock()
	defer c.o.mu.Unlock()
	if !c.o.cfg.Unlimited && c.o.letIn >= c.o.cfg.concurrency() {
		// Okta shows 0 and 0 for the concurrency limit; the reset is only a suggestion and far
		// too long.
		c.rate = &rate{reset: c.o.now().Add(windowLength).Unix()}
		return true
	}
	shown, pass := c.o.spend(c.route.bucket)
	c.rate = &shown
	if pass {
		c.letIn = true
		c.o.letIn++
	}
	return !pass
}

// authorized lets in who has credentials for the call, or answers it.
func (c *call) authorized() bool {
	scheme, token, _ := strings.Cut(c.r.Header.Get("Authorization"), " ")
	if scheme == "Bearer" || scheme == "DPoP" {
		return c.granted(scheme, token)
	}
	refused := c.o.credentials(c.r.Header.Get("Authorization"))
	if refused == nil {
		return true
	}
	if refused.status == http.StatusUnauthorized {
		c.w.Header()["www-authenticate"] = []string{"SSWS"}
	}
	c.fail(*refused)
	return false
}

// credentials returns why a call isn't let in, or nil.
func (o *Org) credentials(authorization string) *failure {
	switch authorization {
	case "SSWS " + o.cfg.Token:
		return nil
	case "":
		return &invalidSession
	}
	return &invalidToken
}
