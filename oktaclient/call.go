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

// maxTries limits how often a request is sent: again after Okta refused it for now, or, for a
// read, after it got no answer. 429s and connections that were never obtained don't count: the
// pacer's own patience limits those.
const maxTries = 5

// maxFirstTries is the limit while nothing at this address has answered as Okta does: it may
// never do so.
const maxFirstTries = 3

// call sends r until its fate is settled. The reply describes the last attempt; Attempts counts
// all of them.
func (c *Client) call(ctx context.Context, r request) (Reply, error) {
	defer c.pacer.call(!r.safe)()
	if !r.noToken && r.bucket != BucketVerify { // a verification comes before the first change
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
			if err = r.depart(ctx); err != nil {
				c.pacer.abort(s)
			}
		}
		if err != nil {
			return last, unsent(err, lastErr)
		}
		if ctx.Err() != nil || !c.pacer.stillOpen(s) { // dispatch may have taken long
			c.pacer.abort(s)
			continue
		}
		rep, err := c.send(ctx, &r)
		// we ended it: that says nothing about Okta
		if err != nil && ctx.Err() != nil && r.cuts(ctx) {
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
		if fate != Limited { // a 429 waits at the bucket's gate, with everybody else
			pause(ctx, attempts)
		}
	}
}

// depart asks whether an attempt whose turn has come may be sent. Before the first attempt it
// also calls dispatch.
func (r *request) depart(ctx context.Context) error {
	while, _ := ctx.Value(whileKey{}).(func() error)
	if r.safe {
		while = nil
	}
	for _, ask := range []func() error{while, r.holds, r.dispatch} {
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

type whileKey struct{}

// While returns a context whose changes are sent only as long as holds returns nil. It is called
// before each attempt; its error is the call's, which certainly did nothing.
func While(ctx context.Context, holds func() error) context.Context {
	return context.WithValue(ctx, whileKey{}, holds)
}

// unsent returns the error of a call that ended while it waited. The last attempt's error is
// added as text only. It doesn't decide the fate: that attempt was refused or never sent, or the
// call would have ended with it.
func unsent(err, lastErr error) error {
	if lastErr == nil {
		return err
	}
	return fmt.Errorf("%w (before that: %v)", err, lastErr) //nolint:errorlint // its fate must not be taken for the call's
}

// again reports whether a request with this fate may be sent again, and whether that counts as a
// try. A change is sent again only if it certainly did nothing.
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

// hopeless reports whether an error is one of the address itself: an unknown name, a certificate
// for another name, a request that can't be made, or something on the way that spoils each
// answer. A proxy that asks for another password counts too, because it may lock the account
// after a few wrong ones.
func hopeless(err error) bool {
	var (
		dns   *net.DNSError
		cert  *tls.CertificateVerificationError
		proxy *ProxyError
	)
	return errors.As(err, &dns) && dns.IsNotFound || errors.As(err, &cert) || errors.Is(err, errUnsent) || errors.Is(err, ErrNoRequestID) ||
		errors.As(err, &proxy) && proxy.Status == http.StatusProxyAuthRequired
}

// outcomeOf returns what the pacer needs to know. A 429 that may not be Okta's holds the bucket
// too, but nothing is sent again because of it.
func outcomeOf(rep Reply, f Fate) outcome {
	doubted := f == InDoubt && rep.Status == http.StatusTooManyRequests
	o := outcome{limit: rep.limit, limited: f == Limited || doubted}
	// An answer that isn't Okta's, such as a proxy's sign-in page, counts as a failed connection:
	// the next user would fare no better.
	o.failed = rep.Status == 0 || rep.Status >= 500 || f == InDoubt
	o.replied = !o.failed
	o.done, o.lost = f == Done, f == InDoubt
	o.certain = rep.verdict.okta && f != InDoubt
	return o
}

// pause waits before a request is sent again: half a second, doubled each time up to 16 s. A
// jitter keeps workers from coming back together.
func pause(ctx context.Context, attempts int) {
	d := time.Duration(float64(500*time.Millisecond) * float64(int(1)<<min(attempts-1, 5)) * (0.5 + rand.Float64()))
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// get sends a read and decodes its body into v.
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

// post sends a change with a JSON body (nil: an empty one) and decodes the JSON reply into v. If
// Okta's reply can't be read, the change is in doubt: it was made, but its result isn't known.
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
