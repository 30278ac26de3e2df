package steps_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
	"oktareset/runner"
	"oktareset/runner/steps"
)

const (
	aliceID    = "00u1234567890abcdEFG"
	aliceLogin = "alice@example.com"
)

// world is a stand-in org, the real client for it, the steps of a run and a book that records
// what happens, in one order.
type world struct {
	org    *standin.Org
	client *oktaclient.Client
	seen   *runner.Seen
	list   *steps.List
	plan   *steps.Plan
	skew   time.Duration

	takeErr error
	canned  func(*http.Request) *http.Response // answers instead of the org, unless it returns nil

	mu      sync.Mutex
	events  []string // take ROW, settle ROW, METHOD last segment of the path
	taken   map[int]runner.Taken
	settled map[int]runner.Result
	sentAt  map[string]time.Time // when the first reset of a user was sent, by the server's clock
}

// newWorld makes a world in which the client has met Okta, as before any run.
func newWorld(t *testing.T, cfg standin.Config, o oktaclient.Options, so steps.Options) *world {
	t.Helper()
	w := &world{
		org: standin.New(cfg), seen: new(runner.Seen), skew: cfg.ClockSkew,
		taken: make(map[int]runner.Taken), settled: make(map[int]runner.Result), sentAt: make(map[string]time.Time),
	}
	url, err := oktaclient.ParseOrgURL("https://acme.okta.com")
	if err != nil {
		t.Fatal(err)
	}
	o.Token = oktaclient.Token(w.org.Token())
	o.Transport = wire{w, w.org.Transport()}
	w.client = oktaclient.New(url, o)
	if _, _, err := w.client.GetMe(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.events = nil
	w.plan = steps.NewPlan(so)
	w.know(steps.With{})
	t.Cleanup(func() {
		if s := w.org.Stats().Surprises; len(s) > 0 {
			t.Errorf("surprises: %q", s)
		}
		if u := w.org.Unused(); len(u) > 0 {
			t.Errorf("unused faults: %v", u)
		}
	})
	return w
}

// know makes the list again, with what is known about the run.
func (w *world) know(with steps.With) { w.list = steps.New(w.client, w.seen, w.plan, with) }

// wire records what is sent.
type wire struct {
	w    *world
	next http.RoundTripper
}

func (x wire) RoundTrip(r *http.Request) (*http.Response, error) {
	segments := strings.Split(r.URL.Path, "/")
	name := segments[len(segments)-1]
	x.w.note(r.Method + " " + name)
	if name == "reset_factors" {
		x.w.mu.Lock()
		if id := segments[len(segments)-3]; x.w.sentAt[id].IsZero() {
			x.w.sentAt[id] = time.Now().Add(x.w.skew)
		}
		x.w.mu.Unlock()
	}
	if x.w.canned != nil {
		if resp := x.w.canned(r); resp != nil {
			httptrace.ContextClientTrace(r.Context()).GotConn(httptrace.GotConnInfo{})
			return resp, nil
		}
	}
	return x.next.RoundTrip(r)
}

// reply makes an answer, with a request ID unless a header x-okta-request-id says otherwise.
func reply(r *http.Request, status int, body string, headers ...string) *http.Response {
	h := http.Header{"X-Okta-Request-Id": {"req-canned"}}
	for i := 0; i < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	return &http.Response{
		StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(len(body)),
	}
}

func (w *world) note(event string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, event)
}

func (w *world) Take(r runner.Row, t runner.Taken) error {
	w.note(fmt.Sprintf("take %d", r.N))
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.taken[r.N]; ok {
		return fmt.Errorf("row %d is taken twice", r.N)
	}
	w.taken[r.N] = t
	return w.takeErr
}

func (w *world) Settle(res runner.Result) error {
	w.note(fmt.Sprintf("settle %d", res.Row.N))
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.settled[res.Row.N]; ok {
		return fmt.Errorf("row %d is settled twice", res.Row.N)
	}
	w.settled[res.Row.N] = res
	return nil
}

// do does the steps for one row.
func (w *world) do(ctx context.Context, n int, input string) (runner.Result, error) {
	job := runner.Job{Row: runner.Row{N: n, Line: n + 1, Input: input}, First: n}
	if id, reason := runner.ParseIdentifier(input); reason == "" {
		job.First = w.seen.Claim(id, n)
	}
	return w.list.Do(ctx, job, w)
}

// run does the steps for all rows, in a pool.
func (w *world) run(ctx context.Context, workers int, inputs iter.Seq[string]) error {
	rows := func(yield func(runner.Row, error) bool) {
		n := 0
		for input := range inputs {
			n++
			if !yield(runner.Row{N: n, Line: n + 1, Input: input}, nil) {
				return
			}
		}
	}
	return runner.Run(ctx, runner.Options{Workers: workers}, runner.Jobs(rows, w.seen), w.list.Do, w, func(runner.Result) {})
}

// counts returns how many rows ended in each status.
func (w *world) counts() runner.Counts {
	c := make(runner.Counts)
	for _, res := range w.settled {
		c[res.Status]++
	}
	return c
}

// posts returns how many resets reached the org.
func (w *world) posts() int { return w.org.Stats().ByOp[standin.OpResetFactors] }

// ids yields the IDs of n users, and adds them to the org.
func (w *world) ids(n int) iter.Seq[string] {
	all := func(yield func(string) bool) {
		for i := range n {
			if !yield(fmt.Sprintf("00u1abcdefg%09d", i)) {
				return
			}
		}
	}
	w.org.AddIdentifiers(all)
	return all
}

func virtually(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, f)
	})
}
