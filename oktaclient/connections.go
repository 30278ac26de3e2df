package oktaclient

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// idleTimeout is shorter than any server's. So no change is sent on a connection that the server
// is just closing, which would lose the answer and leave a user in doubt. A hold empties the
// pool.
const idleTimeout = 15 * time.Second

// connections chooses the connection for each change. Connections are reused until a change is
// lost on a reused one: a server, or a device before it, that closes them unannounced would lose
// one change after the other. From then on each change gets a connection of its own.
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
		// A redirect would carry a change, and perhaps the token, to an unintended place.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// choose returns the client for one attempt of r: kept, as long as its connections are good
// enough.
func (c *connections) choose(kept *http.Client, r *request, attempt *http.Request) *http.Client {
	if r.safe || !c.apart.Load() {
		return kept
	}
	attempt.Close = true
	return c.single
}

// lost records that r got no answer, and whether its connection was a reused one.
func (c *connections) lost(r *request, reused bool) {
	if r.safe || !reused {
		return
	}
	c.apart.Store(true)
	if c.told != nil {
		c.tell.Do(c.told)
	}
}
