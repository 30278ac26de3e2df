package oktaclient

import (
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// The defaults of [Options].
const (
	// DefaultTimeout is longer than the slowest reply recorded (about 3 s) by far, and short
	// enough to notice a dead peer.
	DefaultTimeout = 20 * time.Second
	// DefaultCapacity leaves a tenth of a window to others: Okta logs a violation once it is spent.
	DefaultCapacity = 90
	// DefaultMaxInFlight stays below the 37 requests at a time that a token may use of an org's
	// 75 by default.
	DefaultMaxInFlight = 32
)

// Options of a [Client]. The zero value of a field means its default.
type Options struct {
	Token       Token
	App         *App // in place of Token
	UserAgent   string
	Timeout     time.Duration     // of one request, from connecting to the reply's last byte
	Capacity    int               // percent of each window's limit that may be used, 1 to 100
	Rate        rate.Limit        // ceiling for each bucket, in requests a second; 0: none
	MaxInFlight int               // requests under way at most, over all buckets
	Transport   http.RoundTripper // for tests; it has to call the httptrace hook GotConn once it has a connection
	Proxy       Proxy             // that an https org is reached through
	Logger      *slog.Logger      // gets each request at level debug

	resolver *net.Resolver // for tests; nil: the machine's own

	// ChangesApart is called once, when the client begins to make each change on a connection of
	// its own: a change was lost on one that had been used before. nil: nobody wants to know.
	ChangesApart func()
}

// Client speaks to one org by one authority: an API token or a service app. It is safe for
// concurrent use.
type Client struct {
	org       OrgURL
	auth      credentials
	app       *appCredentials // auth, if that is a service app's
	userAgent string
	timeout   time.Duration
	proxy     Proxy
	http      *http.Client
	conns     *connections
	log       *slog.Logger
	pacer     *pacer
	span      span
	typed     typedSecrets

	clock   clock
	genuine atomic.Bool // a reply was Okta's for certain

	accepted atomic.Bool // Okta let a request in with these credentials
	stripped atomic.Bool // an answer had all but its request ID
}

// New makes a client for an org. Nothing is sent.
func New(org OrgURL, o Options) *Client {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Capacity <= 0 || o.Capacity > 100 {
		o.Capacity = DefaultCapacity
	}
	if o.MaxInFlight <= 0 {
		o.MaxInFlight = DefaultMaxInFlight
	}
	if o.Rate <= 0 {
		o.Rate = rate.Inf
	}
	if o.Transport == nil {
		o.Transport = newTransport(org, o)
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Client{
		org: org, auth: &tokenCredentials{hide(o.Token)}, userAgent: o.UserAgent, timeout: o.Timeout, proxy: o.Proxy, log: o.Logger,
		pacer: newPacer(o.Capacity, o.MaxInFlight, o.Rate),
		http:  newHTTPClient(o.Transport),
		conns: newConnections(o),
	}
	if o.App != nil {
		c.app = newAppCredentials(*o.App, c)
		c.auth = c.app
	}
	return c
}

// Succeed makes c take over from a client of the same credentials that has given up: where that
// was asked for proofs, c accepts no access token that needs none, either, and what was secret
// stays so.
func (c *Client) Succeed(earlier *Client) {
	if c.app == nil || earlier.app == nil {
		return
	}
	earlier.app.mu.Lock()
	proofs, spent := earlier.app.dpop, slices.Clone(earlier.app.spent)
	if earlier.app.token != nil {
		spent = append(spent, earlier.app.token.value)
	}
	earlier.app.mu.Unlock()
	c.app.mu.Lock()
	defer c.app.mu.Unlock()
	c.app.dpop, c.app.spent = proofs, spent
}

// CloseIdle closes the connections that nothing uses just now.
func (c *Client) CloseIdle() { c.http.CloseIdleConnections() }

// Expect says how many calls are still to come in a bucket, at most; 0: nobody knows. A window
// that they don't fit into is spent evenly, with few requests under way: it ends no sooner if
// it is spent in seconds, and others find something left of it.
func (c *Client) Expect(calls int) { c.pacer.expect(calls) }

// Org is the org that the client speaks to.
func (c *Client) Org() OrgURL { return c.org }

// meet takes in what a reply, which came at a time of this machine's clock, tells about the server.
func (c *Client) meet(r rateLimit, at time.Time, genuine bool) {
	if genuine {
		c.clock.take(r, at)
		c.genuine.Store(true)
	}
}

// Trustworthy returns [ErrNoRequestID] if any answer so far had all that Okta would say but its
// request ID, and nil else.
func (c *Client) Trustworthy() error {
	if c.stripped.Load() {
		return ErrNoRequestID
	}
	return nil
}

// MetOkta reports whether any reply so far came from Okta for certain. An [ErrNotOkta] before
// that means that something else answers at this address; after that it is an accident of one
// request.
func (c *Client) MetOkta() bool { return c.genuine.Load() }
