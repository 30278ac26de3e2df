package oktaclient_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"oktareset/oktaclient"
)

// A reply a little below the size limit is accepted, one a little above it is refused.
func TestRepliesAreBounded(t *testing.T) {
	t.Parallel()
	user := func(size int) string {
		return fmt.Sprintf(`{"id":%q,"profile":{"login":"a@example.com","x":%q}}`, someID, strings.Repeat("x", size))
	}
	get := func(t *testing.T, c *oktaclient.Client) error {
		_, _, err := c.GetUser(t.Context(), someID)
		return err
	}
	list := func(t *testing.T, c *oktaclient.Client) error {
		for _, err := range c.ListUserRecords(t.Context(), oktaclient.UserQuery{}) {
			if err != nil {
				return err
			}
		}
		return nil
	}
	for name, tt := range map[string]struct {
		body  string
		read  func(*testing.T, *oktaclient.Client) error
		taken bool
	}{
		"a reply below 1 MB": {user(1000 << 10), get, true},
		"a reply above 1 MB": {user(1030 << 10), get, false},
		"a page below 8 MB":  {"[" + user(8100<<10) + "]", list, true},
		"a page above 8 MB":  {"[" + user(8300<<10) + "]", list, false},
		"a list of 5,000":    {"[" + strings.Repeat(`{"id":"x"},`, 4999) + user(1) + "]", list, true},
		"a list of 5,001":    {"[" + strings.Repeat(`{"id":"x"},`, 5000) + user(1) + "]", list, false},
	} {
		virtually(t, name, func(t *testing.T) {
			c := clientOf(t, nil, oktaclient.Options{Token: secret, Transport: roundTrip(func(*http.Request) (*http.Response, error) {
				rec := httptest.NewRecorder()
				rec.Header().Set("X-Okta-Request-Id", "req")
				_, _ = rec.WriteString(tt.body)
				return rec.Result(), nil
			})})
			if err := tt.read(t, c); (err == nil) != tt.taken {
				t.Errorf("%v, want it taken: %v", err, tt.taken)
			}
		})
	}
}

func TestHeadersAreBounded(t *testing.T) {
	t.Parallel()
	for kilobytes, want := range map[int]oktaclient.Fate{240: oktaclient.Done, 280: oktaclient.InDoubt} {
		c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Okta-Request-Id", "req")
			for range kilobytes {
				w.Header().Add("X-A", strings.Repeat("x", 1000))
			}
		}), oktaclient.Options{Token: secret})
		if _, err := c.ResetFactors(t.Context(), someID, nil); oktaclient.FateOf(err) != want {
			t.Errorf("%d KB of headers: %v", kilobytes, err)
		}
	}
}

// These limits end the reading of an endless reply long before the timeout.
func TestEndlessRepliesAreCutOff(t *testing.T) {
	t.Parallel()
	for name, head := range map[string]string{"a reply": okHead + "\r\n[", "headers": okHead + "X-A: "} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const most = 16 << 20 // including the buffers of both sides
			var sent atomic.Int64
			done := make(chan struct{})
			c, _ := speak(t, oktaclient.Options{Timeout: 20 * time.Second}, func(conn net.Conn) {
				defer close(done)
				_, err := io.WriteString(conn, head)
				for text := strings.Repeat("x", 64<<10); err == nil && sent.Load() <= most; {
					var n int
					n, err = io.WriteString(conn, text)
					sent.Add(int64(n))
				}
			})
			_, _ = c.ResetFactors(t.Context(), someID, nil)
			<-done
			if sent.Load() > most {
				t.Errorf("%d bytes were read", sent.Load())
			}
		})
	}
}
