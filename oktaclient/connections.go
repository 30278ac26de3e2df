package oktaclient

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// idleTimeout is shorter than any server's, so that a connection which the server closes at this
// moment isn't used: an answer lost that way would leave a user in doubt. A hold empties the pool.
const idleTimeout = 15 * time.Second

// connections is what changes are sent on. Connections are kept, until a change was lost on one
// that was: a server, or something before it, that closes them unannounced would lose one change
// after the other. From then on each change gets a connection of its own.
type connections struct {
	single *http.Client
	apart  atomic.Bool
	tell   sync.Once
	told   func()
}

func newConnections(o Options) *connections {
	single := o.Transport
	if t, ok := o.Transport.(*http.Transport); ok {
		t = t.Clone()
		t.DisableKeepAlives = true
		single = t
	}
	return &connections{single: newHTTPClient(single), told: o.ChangesApart}
}

func newHTTPClient(t http.RoundTripper) *http.Client {
	return &http.Client{
		Transport: t,
		// A redirect would carry a change, and perhaps the token, to where nobody meant it to go.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// choose returns what one attempt of r is sent with: kept, if its connections are good enough.
func (c *connections) choose(kept *http.Client, r *request, attempt *http.Request) *http.Client {
	if r.safe || !c.apart.Load() {
		return kept
	}
	attempt.Close = true
	return c.single
}

// lost takes in that r got no answer, on a connection that had been used before or not.
func (c *connections) lost(r *request, reused bool) {
	if r.safe || !reused {
		return
	}
	c.apart.Store(true)
	if c.told != nil {
		c.tell.Do(c.told)
	}
}
