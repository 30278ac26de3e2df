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
	// DefaultTimeout is far longer than the slowest recorded reply (about 3 s), and short enough
	// to notice a dead peer.
	DefaultTimeout = 20 * time.Second
	// DefaultCapacity leaves a tenth of each window to others: Okta logs a violation when a
	// window is spent.
	DefaultCapacity = 90
	// DefaultMaxInFlight stays below the 37 requests at a time that one token may use of an org's
	// default of 75.
	DefaultMaxInFlight = 32
)

// Options are those of a [Client]. The zero value of a field means its default.
type Options struct {
	Token       Token
	App         *App // in place of Token
	UserAgent   string
	Timeout     time.Duration // of one request, from connecting to the reply's last byte
	Capacity    int           // percent of each window's limit that may be used, 1 to 100
	Rate        rate.Limit    // ceiling for each bucket, in requests a second; 0: none
	MaxInFlight int           // requests under way at most, in all buckets together
	// for tests; it has to call the httptrace hook GotConn when it has a connection
	Transport http.RoundTripper
	Proxy     Proxy        // to reach an https org
	Logger    *slog.Logger // logs each request at level debug

	resolver *net.Resolver // for tests; nil: the machine's own

	// ChangesApart is called once, when the client begins to send each change on a connection of
	// its own, because a change was lost on a reused one. nil: not called.
	ChangesApart func()
}

// Client speaks to one org with one set of credentials: an API token or a service app. It is safe
// for concurrent use.
type Client struct {
	org       OrgURL
	auth      credentials
	app       *appCredentials // auth, if it is a service app
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
	genuine atomic.Bool // a reply certainly came from Okta

	accepted atomic.Bool // Okta accepted a request with these credentials
	stripped atomic.Bool // an answer was Okta's in all but its request ID
}

// New makes a client for an org. It sends nothing.
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

// Succeed makes c the successor of a client with the same credentials that has given up. If Okta
// asked that client for proofs, c accepts no access token without one, and earlier secrets stay
// redacted.
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

// ChangeUserAgent changes the User-Agent of the requests that follow. No request may be under way.
func (c *Client) ChangeUserAgent(change func(string) string) { c.userAgent = change(c.userAgent) }

// CloseIdle closes the idle connections.
func (c *Client) CloseIdle() { c.http.CloseIdleConnections() }

// Expect sets how many calls to a bucket may still follow, at most; 0: unknown. If they don't fit
// into one window, the window is spent evenly, with few requests under way: spending it in
// seconds would end the run no sooner, and others find something left.
func (c *Client) Expect(calls int) { c.pacer.expect(calls) }

// Org returns the org that the client speaks to.
func (c *Client) Org() OrgURL { return c.org }

// meet learns about the server from a reply that came at the local time at.
func (c *Client) meet(r rateLimit, at time.Time, genuine bool) {
	if genuine {
		c.clock.take(r, at)
		c.genuine.Store(true)
	}
}

// Trustworthy returns [ErrNoRequestID] if any answer so far was Okta's in all but its request ID,
// and nil otherwise.
func (c *Client) Trustworthy() error {
	if c.stripped.Load() {
		return ErrNoRequestID
	}
	return nil
}

// MetOkta reports whether any reply so far certainly came from Okta. Until then an [ErrNotOkta]
// means that something else answers at this address; later it is an accident of one request.
func (c *Client) MetOkta() bool { return c.genuine.Load() }
