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

// closer is an org that answers one request on each connection and closes it, unannounced, when the next one comes. It counts resets.
type closer struct {
	served sync.Map // by connection: whether it has served
	resets sync.Map // by path
	apart  atomic.Int32
}

type connKey struct{}

func (c *closer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, again := c.served.LoadOrStore(r.Context().Value(connKey{}), true); again {
		panic(http.ErrAbortHandler)
	}
	if r.Close {
		c.apart.Add(1)
	}
	w.Header().Set("X-Okta-Request-Id", "req")
	if r.Method == http.MethodPost {
		n, _ := c.resets.LoadOrStore(r.URL.Path, new(atomic.Int32))
		n.(*atomic.Int32).Add(1)
		_, _ = fmt.Fprint(w, "{}")
		return
	}
	id := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	_, _ = fmt.Fprintf(w, `{"id":"00u00000000000000000","profile":{"login":%q}}`, id)
}

// A server that closes each connection after one reply, without saying so, costs a change or two, and no time.
func TestServerThatClosesConnections(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 8, 30} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			t.Parallel()
			org := new(closer)
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
			resets := 0
			org.resets.Range(func(path, n any) bool {
				resets++
				if n := n.(*atomic.Int32).Load(); n != 1 {
					t.Errorf("%v: %d times", path, n)
				}
				return true
			})
			if resets != 300-len(failed) || int(org.apart.Load()) < 295 {
				t.Errorf("%d resets, %d of them announced as the last on their connection; want all but %d in doubt", resets, org.apart.Load(), len(failed))
			}
		})
	}
}
