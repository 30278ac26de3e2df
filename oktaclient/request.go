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

// The buckets, named by the path in Okta's own tables. The headers of recorded calls showed that
// POST …/lifecycle/reset_factors counts in [BucketUsers], together with lists, factors, roles and
// sessions, while GET /users/{id} has a bucket of its own.
const (
	BucketUsers Bucket = "/api/v1/users"
	BucketUser  Bucket = "/api/v1/users/{id}"
	BucketMe    Bucket = "/api/v1/users/me"
	BucketLogs  Bucket = "/api/v1/logs"
	BucketToken Bucket = "/oauth2/v1/token" //nolint:gosec // a path, no secret
	BucketOther Bucket = "/"

	// BucketVerify is the bucket of POST …/factors/{factorId}/verify alone; all other calls about
	// factors count in [BucketUsers].
	BucketVerify Bucket = "/api/v1/users/{userId}/factors/{factorId}/verify"
)

// How much of a reply is read, in bytes, uncompressed. That is several times the largest ones
// expected: one user with all factors, a page of 200 users of a few KB each. Many replies may be
// read at the same time, but only one page.
const (
	maxBody = 1 << 20
	maxPage = 8 << 20
)

// request is a call to be made.
type request struct {
	bucket Bucket
	method string
	// segments under the org URL; escaped in requestURI, so that no caller can forget it
	path     []string
	query    url.Values
	language string     // Accept-Language; "": none
	body     []byte     // JSON; nil: an empty body
	most     int64      // bytes of the reply at most; 0: maxBody
	texts    int        // bytes of each text in it at most; 0: maxText
	secrets  []Passcode // in the body: the reply may repeat them
	// a 429 is its answer: its content is stale before a window ends
	once bool
	// replaces path and query: the address of the next page, from Okta
	uri     string
	noToken bool // the endpoint needs no credentials
	oauth   bool // the endpoint answers errors in the form of OAuth 2.0
	// for a read: reports whether only Okta, and this org, would answer so; nil: that can't be
	// told
	expects func(body []byte) bool
	safe    bool // changes nothing: may be sent again
	// safe, and sent again until an outage is declared: nothing works without it
	patient bool
	asks    bool          // safe, and only to see whether Okta answers: sent once
	timeout time.Duration // of an attempt; 0: the client's
	// called once, before the first attempt; its error keeps the request from being sent
	dispatch func() error
	// called before each attempt; its error keeps the attempt from being sent
	holds   func() error
	prepare func(*http.Request) error // makes headers and body of each attempt; nil: none

	series  *Series   // nil: none
	began   time.Time // when the call began, if it has a series
	refused *refusal  // the last one that its bucket's numbers don't explain; nil: none

	token                      *accessToken // of the last attempt; nil: none
	renewed, nonced, proofread bool         // how the credentials were amended already
}

// user returns the user ID in the path, or "".
func (r *request) user() string {
	if len(r.path) < 4 || r.path[2] != "users" {
		return ""
	}
	return r.path[3]
}

// calls returns how many calls the request needs room for: its own and those that follow it.
func (r *request) calls(k rank) int {
	if k == rankFirst && r.series != nil {
		return 1 + r.series.later
	}
	return 1
}

// Reply describes a call, whether it succeeded or not.
type Reply struct {
	Status    int       // of the last attempt's reply; 0: none came
	RequestID string    // of the last attempt's reply
	Attempts  int       // requests sent
	SentAt    time.Time // the last attempt, by the server's clock

	verdict verdict
	body    []byte   // without secrets, all texts of limited length
	spoilt  error    // why body is nil: it is more than Okta ever sends
	links   []string // Link headers
	nonce   string   // for the next DPoP proof
	limit   rateLimit
}

// build makes the HTTP request for one attempt.
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

// reader returns a reader of the body, nil for an empty one: then net/http sends a length of 0.
// Without a length, Okta's edge answers 411.
func (r *request) reader() io.Reader {
	if r.body == nil {
		return nil
	}
	return bytes.NewReader(r.body)
}

// requestURI returns path and query.
func (r *request) requestURI() string {
	if r.uri != "" {
		return r.uri
	}
	var b strings.Builder
	for _, s := range r.path {
		b.WriteByte('/')
		// some decoders read a plus sign as a space
		b.WriteString(strings.ReplaceAll(url.PathEscape(s), "+", "%2B"))
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

// cuts reports whether the end of ctx ends an attempt that is under way. It never ends a change:
// if nobody waits for the answer, the user is in doubt.
func (r *request) cuts(ctx context.Context) bool { return r.safe && ctx.Value(briefKey{}) != nil }

// send makes one attempt. Once it is under way, the end of ctx ends it only if ctx is brief.
func (c *Client) send(ctx context.Context, r *request) (Reply, error) {
	if !r.cuts(ctx) {
		ctx = context.WithoutCancel(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(r.timeout, c.timeout))
	defer cancel()
	var sent, reused atomic.Bool
	// A second GetConn means that nothing was written on the first connection: only then does
	// net/http send again.
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
	// a 1xx such as 101 has a connection in place of a body, without a timeout
	if rep.Status >= 200 {
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

// bodies are reused buffers for reading replies: Okta compresses its replies, so their length
// isn't known before.
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

// plain drops the URL from net/http's error: it names the user, and the caller knows it.
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
