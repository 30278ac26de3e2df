package oktaclient

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"time"
)

// maxTries bounds how often a request is sent again after Okta refused it for now, or a read
// after it got no answer. 429s and connections that were never obtained don't count: they are
// waited out as long as the pacer has patience.
const maxTries = 5

// maxFirstTries is the same for as long as nothing at this address has answered as Okta does:
// it may never.
const maxFirstTries = 3

// call sends r until its fate is settled. The reply's facts are those of the last attempt, the
// number of attempts is that of all.
func (c *Client) call(ctx context.Context, r request) (Reply, error) {
	defer c.pacer.call(!r.safe)()
	if !r.noToken {
		r.series = seriesOf(ctx)
	}
	if r.series != nil {
		r.began = time.Now()
	}
	var (
		last     Reply
		lastErr  error
		attempts int
	)
	for tries := 0; ; {
		s, err := c.admit(ctx, &r)
		if err == nil {
			if err = r.depart(); err != nil {
				c.pacer.abort(s)
			}
		}
		if err != nil {
			return last, unsent(err, lastErr)
		}
		if ctx.Err() != nil || !c.pacer.stillOpen(s) { // the dispatch took its time
			c.pacer.abort(s)
			continue
		}
		rep, err := c.send(ctx, &r)
		if err != nil && ctx.Err() != nil && r.cuts(ctx) { // it says nothing of Okta
			c.pacer.abort(s)
			return rep, unsent(unsentBy(ctx), lastErr)
		}
		attempts++
		rep.Attempts = attempts
		fate := FateOf(err)
		unexplained := c.pacer.done(s, outcomeOf(rep, fate))
		if fate == Limited && !r.asks && r.refuse(unexplained) {
			c.pacer.explain(s)
			return rep, fmt.Errorf("%w: %w", ErrOwnLimit, err)
		}
		if c.auth.amend(&r, rep, err) { // Okta refused it before any work
			last, lastErr = rep, err
			continue
		}
		again, counts := r.again(fate)
		if counts {
			tries++
		}
		first := !c.MetOkta() && (attempts >= maxFirstTries || hopeless(err))
		if !again || tries >= maxTries || first {
			return rep, err
		}
		last, lastErr = rep, err
		if fate != Limited { // a 429 is waited out at the bucket's gate, with everybody else
			pause(ctx, attempts)
		}
	}
}

// depart asks whether an attempt whose turn has come may be sent, and dispatches the first.
func (r *request) depart() error {
	for _, ask := range []func() error{r.holds, r.dispatch} {
		if ask == nil {
			continue
		}
		if err := ask(); err != nil {
			return fmt.Errorf("%w: %w", errUnsent, err)
		}
	}
	r.dispatch = nil
	return nil
}

// unsent makes the error of a call that ended while it waited. What the last attempt met is
// told too, but doesn't decide: it was refused, or never sent, else the call would have ended
// with it.
func unsent(err, lastErr error) error {
	if lastErr == nil {
		return err
	}
	return fmt.Errorf("%w (before that: %v)", err, lastErr) //nolint:errorlint // its fate must not be taken for the call's
}

// again says whether a request with this fate may be sent again, and whether that counts as a
// try. After a change nothing is sent again unless it is certain that nothing was done.
func (r *request) again(f Fate) (again, counts bool) {
	switch f {
	case Limited:
		return !r.once, false
	case NotSent:
		return true, false
	case Busy:
		return true, true
	case InDoubt:
		return r.safe && !r.asks, !r.patient
	}
	return false, false
}

// hopeless reports whether an error is one of the address itself: no such name, a certificate
// that isn't its own, a request that can't be made, something on the way that spoils each
// answer; a proxy that wants another password, as it may lock the account after a few wrong
// ones.
func hopeless(err error) bool {
	var (
		dns   *net.DNSError
		cert  *tls.CertificateVerificationError
		proxy *ProxyError
	)
	return errors.As(err, &dns) && dns.IsNotFound || errors.As(err, &cert) || errors.Is(err, errUnsent) || errors.Is(err, ErrNoRequestID) ||
		errors.As(err, &proxy) && proxy.Status == http.StatusProxyAuthRequired
}

// outcomeOf is what the pacer has to know. A 429 that isn't Okta's for certain holds the bucket,
// too, though nothing is sent again for it.
func outcomeOf(rep Reply, f Fate) outcome {
	doubted := f == InDoubt && rep.Status == http.StatusTooManyRequests
	o := outcome{limit: rep.limit, limited: f == Limited || doubted}
	// What isn't Okta's, as a proxy's sign-in page, fails as a dead connection does: the next
	// user would fare no better.
	o.failed = rep.Status == 0 || rep.Status >= 500 || f == InDoubt
	o.replied = !o.failed
	o.done, o.lost = f == Done, f == InDoubt
	o.certain = rep.verdict.okta && f != InDoubt
	return o
}

// pause waits before a request is sent again: half a second, doubled each time up to 16 s, with
// a jitter so that workers don't come back together.
func pause(ctx context.Context, attempts int) {
	d := time.Duration(float64(500*time.Millisecond) * float64(int(1)<<min(attempts-1, 5)) * (0.5 + rand.Float64()))
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// get makes a read and decodes its body into v.
func (c *Client) get(ctx context.Context, r request, v any) (Reply, error) {
	r.method, r.safe = "GET", true
	rep, err := c.call(ctx, r)
	if err != nil {
		return rep, err
	}
	if err := rep.decode(v); err != nil {
		return rep, fmt.Errorf("read Okta's answer: %w", c.tame(&r, err))
	}
	return rep, nil
}

// post makes a change that sends and answers JSON. body nil means an empty one. An answer of
// Okta's that can't be read leaves the change in doubt: it was made, but what came of it isn't
// known.
func (c *Client) post(ctx context.Context, r request, body, v any) (Reply, error) {
	r.method = "POST"
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return Reply{}, fmt.Errorf("%w: %w", errUnsent, err)
		}
		r.body = b
	}
	rep, err := c.call(ctx, r)
	if err != nil {
		return rep, err
	}
	if err := rep.decode(v); err != nil {
		return rep, &TransportError{Method: r.method, Path: r.requestURI(), Sent: true, Err: fmt.Errorf("read Okta's answer: %w", c.tame(&r, err))}
	}
	return rep, nil
}

// decode reads the body into v.
func (rep *Reply) decode(v any) error {
	if rep.spoilt != nil {
		return rep.spoilt
	}
	return json.Unmarshal(rep.body, v)
}
