package oktaclient

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Bucket names a group of endpoints that share one limit.
type Bucket string

// The buckets, named by the path that stands for them in Okta's own tables. That POST
// …/lifecycle/reset_factors counts in [BucketUsers], together with lists, factors, roles and
// sessions, while GET /users/{id} has a bucket of its own, was seen in the headers of recorded
// calls.
const (
	BucketUsers Bucket = "/api/v1/users"
	BucketUser  Bucket = "/api/v1/users/{id}"
	BucketMe    Bucket = "/api/v1/users/me"
	BucketLogs  Bucket = "/api/v1/logs"
	BucketToken Bucket = "/oauth2/v1/token" //nolint:gosec // a path, no secret
	BucketOther Bucket = "/"

	// BucketVerify is that of POST …/factors/{factorId}/verify alone; all other calls about
	// factors count in [BucketUsers].
	BucketVerify Bucket = "/api/v1/users/{userId}/factors/{factorId}/verify"
)

// What is read of a reply, in bytes, compression undone. The largest ones expected fit several
// times: one user with all factors, a page of 200 users of a few KB each. Many replies may be
// read at the same time, but only one page.
const (
	maxBody = 1 << 20
	maxPage = 8 << 20
)

// request is a call to be made.
type request struct {
	bucket   Bucket
	method   string
	path     []string // segments under the org URL; escaped here, so that no caller can forget it
	query    url.Values
	language string                    // Accept-Language; "": none
	body     []byte                    // JSON; nil: an empty body
	most     int64                     // bytes of the reply at most; 0: maxBody
	texts    int                       // bytes of each text in it at most; 0: maxText
	secrets  []Passcode                // that the body holds: the reply may repeat them
	once     bool                      // a 429 is its answer: what it carries is stale before a window ends
	uri      string                    // in place of path and query: where Okta says that the next page is
	noToken  bool                      // the endpoint asks for no credentials
	oauth    bool                      // the endpoint answers errors in the form of OAuth 2.0
	expects  func(body []byte) bool    // of a read: reports whether only Okta, and this org, would answer so; nil: it can't be told
	safe     bool                      // changes nothing: may be sent again
	patient  bool                      // safe, and sent again until an outage is declared: nothing can be done without it
	asks     bool                      // safe, and only to see whether Okta answers: sent once
	timeout  time.Duration             // of an attempt; 0: the client's
	dispatch func() error              // called once, before the first attempt is sent; its error keeps it from being sent
	holds    func() error              // called before each attempt; its error keeps it from being sent
	prepare  func(*http.Request) error // makes headers and body of each attempt; nil: none

	series  *Series   // that it belongs to; nil: none
	began   time.Time // when it was asked for, if it belongs to one
	refused *refusal  // that its bucket's numbers don't explain, of the last attempt or one before; nil: none

	token                      *accessToken // that the last attempt was signed with; nil: none
	renewed, nonced, proofread bool         // the credentials were amended so already
}

// user is the ID of the user whom the path names, or "".
func (r *request) user() string {
	if len(r.path) < 4 || r.path[2] != "users" {
		return ""
	}
	return r.path[3]
}

// calls is how many the request needs room for, its own and those that follow it.
func (r *request) calls(k rank) int {
	if k == rankFirst && r.series != nil {
		return 1 + r.series.later
	}
	return 1
}

// Reply holds the facts of a call, whether it succeeded or not.
type Reply struct {
	Status    int       // of the last attempt's reply; 0: there was none
	RequestID string    // of the last attempt's reply
	Attempts  int       // requests sent
	SentAt    time.Time // the last attempt, by the server's clock

	verdict verdict
	body    []byte   // without secrets, all texts bounded
	spoilt  error    // it is more than can be Okta's, and body is nil
	links   []string // Link headers
	nonce   string   // that the server wants in the next DPoP proof
	limit   rateLimit
}

// build makes the HTTP request of one attempt.
func (c *Client) build(ctx context.Context, r *request) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, c.org.String()+r.requestURI(), r.reader())
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", c.userAgent)
	if r.language != "" {
		req.Header.Set("Accept-Language", r.language)
	}
	if !r.noToken {
		if err := c.auth.sign(r, req); err != nil {
			return nil, err
		}
	}
	if r.prepare != nil {
		return req, r.prepare(req)
	}
	return req, nil
}

// reader reads the body. That of an empty one is nil, so that net/http announces its length of
// 0: Okta's edge answers 411 without.
func (r *request) reader() io.Reader {
	if r.body == nil {
		return nil
	}
	return bytes.NewReader(r.body)
}

// requestURI is what stands behind the host.
func (r *request) requestURI() string {
	if r.uri != "" {
		return r.uri
	}
	var b strings.Builder
	for _, s := range r.path {
		b.WriteByte('/')
		b.WriteString(strings.ReplaceAll(url.PathEscape(s), "+", "%2B")) // a plus sign would be a space to some decoders
	}
	if len(r.query) > 0 {
		b.WriteByte('?')
		b.WriteString(r.query.Encode())
	}
	return b.String()
}

type briefKey struct{}

// Brief returns a context whose end also ends the reads that are under way with it.
func Brief(ctx context.Context) context.Context { return context.WithValue(ctx, briefKey{}, true) }

// cuts reports whether the end of ctx ends an attempt that is under way. It ends no change: an
// answer that nobody waits for is a user in doubt.
func (r *request) cuts(ctx context.Context) bool { return r.safe && ctx.Value(briefKey{}) != nil }

// send makes one attempt. Once it is under way, the end of ctx ends it only if that is brief.
func (c *Client) send(ctx context.Context, r *request) (Reply, error) {
	if !r.cuts(ctx) {
		ctx = context.WithoutCancel(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(r.timeout, c.timeout))
	defer cancel()
	var sent, reused atomic.Bool
	// A second GetConn means that nothing was written on the first connection: net/http sends
	// again only then.
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { sent.Store(false) },
		GotConn: func(i httptrace.GotConnInfo) { sent.Store(true); reused.Store(i.Reused) },
	})
	req, err := c.build(ctx, r)
	if err != nil {
		return Reply{}, fmt.Errorf("%w: %w", errUnsent, err)
	}
	client := c.conns.choose(c.http, r, req)
	start := time.Now()
	c.span.sent(start)
	rep := Reply{SentAt: c.Now()}
	resp, err := client.Do(req)
	if err != nil {
		c.conns.lost(r, sent.Load() && reused.Load())
		if err = plain(ctx, err); !sent.Load() {
			err = c.proxy.unquoted(err)
		}
		return rep, &TransportError{Method: r.method, Path: req.URL.Path, Sent: sent.Load(), Err: c.tame(r, err)}
	}
	defer resp.Body.Close() //nolint:errcheck // it was read as far as it matters
	at := time.Now()
	f := c.filter(r, resp.StatusCode)
	f.header(resp.Header)
	rep.Status, rep.RequestID = resp.StatusCode, requestID(resp.Header)
	rep.limit, rep.links = parseRateLimit(resp.Header), resp.Header.Values("Link")
	rep.nonce = resp.Header.Get("Dpop-Nonce")
	var bodyErr error
	if rep.Status >= 200 { // of a 1xx, as 101, there is a connection behind the body, and no timeout
		rep.body, bodyErr = readBody(resp.Body, cmp.Or(r.most, maxBody))
		rep.body, rep.spoilt = f.body(rep.body)
	}
	if c.log.Enabled(ctx, slog.LevelDebug) {
		c.log.Debug("request", "method", r.method, "path", req.URL.EscapedPath(), "status", rep.Status,
			"request_id", rep.RequestID, "ms", at.Sub(start).Milliseconds(), "remaining", rep.limit.left())
	}
	err = c.judge(r, req, resp, &rep, bodyErr)
	c.meet(rep.limit, at, rep.verdict.okta)
	c.noteAccepted(r, rep.verdict)
	return rep, err
}

var errTooLarge = errors.New("the answer is larger than any that Okta sends")

// bodies are read into buffers that the next ones use again: Okta compresses its replies, so
// that their length isn't known before.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxPooled is the largest buffer that is kept: a user has a few KB, and a page of 200 is rare.
const maxPooled = 64 << 10

func readBody(r io.Reader, most int64) ([]byte, error) {
	b := bodies.Get().(*bytes.Buffer) //nolint:errcheck,forcetypeassert // the pool makes nothing else
	b.Reset()
	n, err := b.ReadFrom(io.LimitReader(r, most+1))
	if err == nil && n > most {
		err = errTooLarge
	}
	body := bytes.Clone(b.Bytes())
	if b.Cap() <= maxPooled {
		bodies.Put(b)
	}
	return body, err
}

// plain takes the URL out of net/http's error: it names the user, and the caller knows it.
func plain(ctx context.Context, err error) error {
	var uerr *url.Error
	if errors.As(err, &uerr) {
		err = uerr.Err
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errTimeout
	}
	return err
}

var errTimeout = errors.New("no answer within the time allowed for a request")
