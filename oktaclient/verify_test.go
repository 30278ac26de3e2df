package oktaclient_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"oktareset/oktaclient"
)

func TestVerificationOnTheWire(t *testing.T) {
	t.Parallel()
	own := "/api/v1/users/" + someID + "/factors/" + someFactor + "/transactions/"
	tests := []struct {
		name, href, want string
	}{
		{"own", "http://HOST" + own + someTransaction, someTransaction},
		{"other host", "http://evil.example" + own + someTransaction, ""},
		{"other scheme", "https://HOST" + own + someTransaction, ""},
		{"other factor", "http://HOST/api/v1/users/" + someID + "/factors/opf1nz9JHJGHWRKMTLHP/transactions/" + someTransaction, ""},
		{"other path", "http://HOST" + own + "../../../lifecycle/reset_factors", ""},
		{"none", "", ""},
	}
	for _, tt := range tests {
		c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Okta-Request-Id", "req")
			w.WriteHeader(http.StatusCreated)
			_, _ = fmt.Fprintf(w, `{"factorResult":"WAITING","expiresAt":"2015-04-01T15:57:32.000Z","_links":{"poll":{"href":%q}},"_embedded":{"challenge":{"correctAnswer":72}}}`,
				strings.Replace(tt.href, "HOST", r.Host, 1))
		}), oktaclient.Options{})
		v, rep, err := c.VerifyFactor(t.Context(), someID, someFactor, oktaclient.Verify{})
		if err != nil || rep.Status != 201 || v.Result != oktaclient.ResultWaiting || v.TransactionID != tt.want || v.CorrectAnswer != 72 {
			t.Errorf("%s: %+v, %v; want transaction %q", tt.name, v, err, tt.want)
		}
		if tt.want == "" {
			if _, err := c.AwaitPush(t.Context(), someID, someFactor, v); !errors.Is(err, oktaclient.ErrNoTransaction) {
				t.Errorf("%s: AwaitPush = %v, want ErrNoTransaction", tt.name, err)
			}
		}
	}
}

func TestWrongPasscode(t *testing.T) {
	t.Parallel()
	for body, wrong := range map[string]bool{
		`{"errorCode":"E0000068","errorId":"oae"}`: true, `{"errorCode":"E0000082","errorId":"oae"}`: true, `{"errorCode":"E0000083","errorId":"oae"}`: true,
		`{"errorCode":"E0000006","errorId":"oae"}`: false, `{"errorCode":"E0000068"}`: false, "": false,
	} {
		c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Okta-Request-Id", "req")
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, body)
		}), oktaclient.Options{})
		_, _, err := c.VerifyFactor(t.Context(), someID, someFactor, oktaclient.Verify{PassCode: "123456"})
		if err = fmt.Errorf("verify: %w", err); (oktaclient.WrongPasscode(err) != "") != wrong {
			t.Errorf("WrongPasscode of %s = %q", body, oktaclient.WrongPasscode(err))
		}
	}
}

// pushes answers the polls of a transaction with these results, the last one for ever.
type pushes struct {
	results []string
	calls   atomic.Int32
}

func (p *pushes) RoundTrip(r *http.Request) (*http.Response, error) {
	n := min(int(p.calls.Add(1)), len(p.results)) - 1
	h := http.Header{"X-Okta-Request-Id": {"req"}, "Date": {time.Now().UTC().Format(http.TimeFormat)}}
	body := fmt.Sprintf(`{"factorResult":%q}`, p.results[n])
	return &http.Response{StatusCode: 200, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func TestAwaitPush(t *testing.T) {
	tests := []struct {
		name    string
		results []string
		want    string
		takes   time.Duration
	}{
		{"approved", []string{"WAITING", "WAITING", "SUCCESS"}, "SUCCESS", 7 * time.Second},
		{"rejected", []string{"REJECTED"}, "REJECTED", time.Second},
		{"okta's timeout", []string{"WAITING", "TIMEOUT"}, "TIMEOUT", 3 * time.Second},
		{"for ever", []string{"WAITING"}, "TIMEOUT", 63 * time.Second},
		{"unknown", []string{"PONDERED"}, "PONDERED", time.Second},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			p := &pushes{results: tt.results}
			org, err := oktaclient.ParseOrgURL("https://acme.okta.com")
			if err != nil {
				t.Fatal(err)
			}
			c := oktaclient.New(org, oktaclient.Options{Transport: p})
			start := time.Now()
			v, err := c.AwaitPush(t.Context(), someID, someFactor, oktaclient.Verification{
				Result: oktaclient.ResultWaiting, TransactionID: someTransaction, ExpiresAt: start.Add(time.Minute),
			})
			if err != nil || v.Result != tt.want || time.Since(start) != tt.takes {
				t.Errorf("%s: %q, %v after %v; want %q after %v", tt.name, v.Result, err, time.Since(start), tt.want, tt.takes)
			}
		})
	}
}

func TestAwaitPushIsInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		org, err := oktaclient.ParseOrgURL("https://acme.okta.com")
		if err != nil {
			t.Fatal(err)
		}
		c := oktaclient.New(org, oktaclient.Options{Transport: &pushes{results: []string{"WAITING"}}})
		stop := errors.New("interrupted")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(10*time.Second, func() { cancel(stop) })
		start := time.Now()
		_, err = c.AwaitPush(ctx, someID, someFactor, oktaclient.Verification{Result: "WAITING", TransactionID: someTransaction})
		if !errors.Is(err, stop) || time.Since(start) != 10*time.Second {
			t.Errorf("%v after %v, want the interruption after 10 s", err, time.Since(start))
		}
	})
}
