package oktaclient_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"oktareset/oktaclient"
)

// closer is an org that answers one request on each connection and closes it without notice when
// the next one comes. It counts resets.
type closer struct {
	mu     sync.Mutex
	served map[any]bool // by connection
	resets map[string]int
	apart  int
}

type connKey struct{}

func (c *closer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	conn := r.Context().Value(connKey{})
	if c.served[conn] {
		panic(http.ErrAbortHandler)
	}
	c.served[conn] = true
	if r.Close {
		c.apart++
	}
	w.Header().Set("X-Okta-Request-Id", "req")
	if r.Method == http.MethodPost {
		c.resets[r.URL.Path]++
		_, _ = fmt.Fprint(w, "{}")
		return
	}
	id := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	_, _ = fmt.Fprintf(w, `{"id":"00u00000000000000000","profile":{"login":%q}}`, id)
}

// A server that closes each connection after one reply without notice costs a change or two, and
// no time.
func TestServerThatClosesConnections(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 8, 30} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			t.Parallel()
			org := &closer{served: make(map[any]bool), resets: make(map[string]int)}
			server := httptest.NewUnstartedServer(org)
			server.Config.ConnContext = func(ctx context.Context, conn net.Conn) context.Context {
				return context.WithValue(ctx, connKey{}, conn)
			}
			server.Start()
			defer server.Close()
			url, err := oktaclient.ParseOrgURL(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			var told atomic.Int32
			c := oktaclient.New(url, oktaclient.Options{Token: "00token", ChangesApart: func() { told.Add(1) }})
			if _, _, err := c.GetMe(t.Context()); err != nil {
				t.Fatal(err)
			}
			w := &world{client: c}
			for n := range 300 {
				w.ids = append(w.ids, fmt.Sprintf("00u%017d", n))
			}
			start := time.Now()
			failed := w.resetAll(t.Context(), workers)
			for id, err := range failed {
				if oktaclient.FateOf(err) != oktaclient.InDoubt {
					t.Errorf("user %s: %v", id, err)
				}
			}
			if len(failed) == 0 || len(failed) > 3 || told.Load() != 1 || time.Since(start) > 30*time.Second {
				t.Errorf("%d in doubt after %v, told %d times; want few, soon, once", len(failed), time.Since(start), told.Load())
			}
			org.mu.Lock()
			defer org.mu.Unlock()
			for path, n := range org.resets {
				if n != 1 {
					t.Errorf("%s: %d times", path, n)
				}
			}
			if len(org.resets) != 300-len(failed) || org.apart < 295 {
				t.Errorf("%d resets, %d announced as the last on their connection; want all but %d in doubt", len(org.resets), org.apart, len(failed))
			}
		})
	}
}
