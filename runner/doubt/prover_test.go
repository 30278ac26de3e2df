package doubt_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
	"oktareset/runner"
	"oktareset/runner/doubt"
)

const (
	doubtID   = "00u1abcdefghijklmnop"
	witnessID = "00u2abcdefghijklmnop"
	thisRun   = "20260102T120000Z-aaaaaa"
	otherRun  = "20260102T120000Z-bbbbbb"
)

// world is an org in which we have just sent a reset whose answer was lost.
type world struct {
	org *standin.Org
	// changes replies on their way to us; nil: nothing does
	alter  func(r *http.Request, rep *reply)
	warned []error
}

// reply is the part of an answer that may be changed.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// RoundTrip is the network between the client and the org.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := w.org.Transport().RoundTrip(r)
	if err != nil || w.alter == nil {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	rep := reply{resp.StatusCode, resp.Header, body}
	w.alter(r, &rep)
	resp.StatusCode, resp.Header, resp.ContentLength = rep.status, rep.header, int64(len(rep.body))
	resp.Body = io.NopCloser(bytes.NewReader(rep.body))
	return resp, nil
}

func (w *world) client(t *testing.T, run string) *oktaclient.Client {
	t.Helper()
	url, err := oktaclient.ParseOrgURL("http://127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	c := oktaclient.New(url, oktaclient.Options{Token: oktaclient.Token(w.org.Token()), Transport: w, UserAgent: "oktareset/1 run/" + run})
	if _, _, err := c.GetMe(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

// prover makes thisRun's prover.
func (w *world) prover(t *testing.T, c *oktaclient.Client, runs ...string) *doubt.Prover {
	t.Helper()
	me, _, err := c.GetMe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	o := doubt.Options{RunID: thisRun, Warn: func(err error) { w.warned = append(w.warned, err) }, Runs: make(map[string]doubt.Run)}
	for _, run := range append(runs, thisRun) {
		o.Runs[run] = doubt.Run{Actor: me.ID, Clock: true}
	}
	return doubt.New(c, o)
}

// take sends a reset, whose fate a fault decides, and returns the row in doubt.
func (w *world) take(t *testing.T, c *oktaclient.Client, run string) runner.Result {
	t.Helper()
	res := runner.Result{
		Row: runner.Row{N: 1, Input: doubtID}, UserID: doubtID, RunID: run, StartedAt: c.Earliest(), Open: runner.Open{Sent: runner.Lost},
		Status: runner.StatusUnknown, Reason: runner.ReasonUnverified,
	}
	rep, err := c.ResetFactors(t.Context(), doubtID, nil)
	if fate := oktaclient.FateOf(err); fate != oktaclient.InDoubt {
		t.Fatalf("fate %d (%v), want in doubt", fate, err)
	}
	res.RequestID, res.FinishedAt = rep.RequestID, c.Now()
	return res
}

// witness resets somebody else, and tells the prover.
func (w *world) witness(t *testing.T, c *oktaclient.Client, p *doubt.Prover) {
	t.Helper()
	taken, at := time.Now(), c.Earliest()
	if _, err := c.ResetFactors(t.Context(), witnessID, nil); err != nil {
		t.Fatal(err)
	}
	p.Answered(witnessID, taken, at)
}

// fate returns what the last pass of a run finds: done, incomplete, not done or open.
func fate(t *testing.T, p *doubt.Prover, res runner.Result) (string, runner.Result) {
	t.Helper()
	f, err := p.Wait(t.Context(), []runner.Result{res})
	switch {
	case err != nil:
		t.Fatal(err)
	case len(f.Done) == 1:
		return "done", f.Done[0]
	case len(f.Incomplete) == 1:
		return "incomplete", f.Incomplete[0]
	case len(f.Open) == 1:
		return "open", f.Open[0]
	}
	proof, err := p.NotDone(t.Context(), f.Absent[0])
	if not := (*doubt.NotProved)(nil); errors.As(err, &not) {
		res.Error = not.Why
		return "open", res
	}
	if err != nil || proof.Check() != nil {
		t.Fatal(err, proof.Check())
	}
	return "not done", f.Absent[0]
}

// day is how long before their reset users have enrolled their factors.
const day = 24 * time.Hour

func lost(when standin.When) standin.Fault {
	return standin.Fault{Kind: standin.Drop, When: when, Op: standin.OpResetFactors, UserID: doubtID, Times: 1}
}

// scene is one row in doubt and its circumstances. The zero value: the answer was lost before
// anything was done, and everything can be proved.
type scene struct {
	name      string
	cfg       standin.Config
	fault     standin.Fault
	factors   []standin.Factor                  // nil: an sms from a day before
	alter     func(r *http.Request, rep *reply) // from the beginning
	then      func(w *world)                    // after the answer was lost
	noWitness bool
	want      string
	warns     string // part of the one warning; "": none
}

func (s scene) play(t *testing.T) {
	t.Helper()
	w := &world{org: standin.New(s.cfg), alter: s.alter}
	now := time.Now().Add(s.cfg.ClockSkew)
	if s.factors == nil {
		s.factors = []standin.Factor{{Type: "sms", Provider: "OKTA", Created: now.Add(-day)}}
	}
	w.org.Add(standin.User{ID: doubtID, Login: "alice@example.com", Factors: s.factors})
	w.org.Add(standin.User{ID: witnessID, Login: "bob@example.com", Factors: []standin.Factor{{Type: "sms", Provider: "OKTA"}}})
	if s.fault.Kind == "" {
		s.fault = lost(standin.Before)
	}
	w.org.Script(s.fault)
	c := w.client(t, thisRun)
	p := w.prover(t, c)
	res := w.take(t, c, thisRun)
	p.Lost(1)
	<-time.After(time.Second)
	if !s.noWitness {
		w.witness(t, c, p)
	}
	if s.then != nil {
		s.then(w)
	}
	start := time.Now()
	got, end := fate(t, p, res)
	if got != s.want {
		t.Errorf("%s (%+v), want %s", got, end, s.want)
	}
	if took := time.Since(start); s.want == "not done" && took < 58*time.Second {
		t.Errorf("not done was proved after %v: the change might still have come", took)
	}
	if len(w.warned) > 1 || (len(w.warned) == 1) != (s.warns != "") || s.warns != "" && len(w.warned) == 1 && !strings.Contains(w.warned[0].Error(), s.warns) {
		t.Errorf("warnings %v, want %q", w.warned, s.warns)
	}
	if got == "done" && (end.Status != runner.StatusReset || end.Reason != runner.ReasonVerified || end.Open.Sent != "") {
		t.Errorf("proved as %s/%s, open %+v", end.Status, end.Reason, end.Open)
	}
	if got == "incomplete" && (end.Status != runner.StatusUnknown || end.Reason != runner.ReasonIncomplete || !end.Open.ResetInDoubt()) {
		t.Errorf("incomplete as %s/%s, open %+v", end.Status, end.Reason, end.Open)
	}
}

// on makes a fault answer the calls of an operation from now on.
func on(op string, kind standin.Kind) func(*world) {
	return func(w *world) { w.org.Script(standin.Fault{Kind: kind, Op: op}) }
}

// dates puts a time of its own, this far ahead, on replies with this end of the path.
func dates(ahead time.Duration, suffix string) func(*http.Request, *reply) {
	return func(r *http.Request, rep *reply) {
		if strings.HasSuffix(r.URL.Path, suffix) {
			rep.header.Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
		}
	}
}

func TestProof(t *testing.T) {
	t.Parallel()
	late := standin.Fault{
		Kind: standin.GatewayTimeout, When: standin.Late, Op: standin.OpResetFactors, UserID: doubtID, Times: 1, Delay: 30 * time.Second,
	}
	refused := standin.Fault{Kind: standin.ServerError, When: standin.After, Op: standin.OpResetFactors, UserID: doubtID, Times: 1}
	for _, s := range []scene{
		{name: "done, Identity Engine", fault: lost(standin.After), want: "done"},
		{name: "done, Classic", cfg: standin.Config{Engine: standin.Classic}, fault: lost(standin.After), want: "done"},
		{name: "done, deactivations only", cfg: standin.Config{ResetEvents: standin.DeactivateOnly}, fault: lost(standin.After), want: "done"},
		{name: "done, reset_all only", cfg: standin.Config{ResetEvents: standin.ResetAllOnly}, fault: lost(standin.After), want: "done"},
		{name: "done, 500 with Okta's body", fault: refused, want: "done"},
		{name: "done, no witness is needed", fault: lost(standin.After), noWitness: true, want: "done"},
		{name: "done, the log lags", cfg: standin.Config{LogLag: 40 * time.Second}, fault: lost(standin.After), want: "done"},
		{name: "done late", fault: late, want: "done"},
		{name: "done, clock an hour off", cfg: standin.Config{ClockSkew: -time.Hour}, fault: lost(standin.After), want: "done"},
		{name: "done, no event", cfg: standin.Config{ResetEvents: standin.NoEvents}, fault: lost(standin.After), want: "open"},
		{name: "done, the log lags for long", cfg: standin.Config{LogLag: 5 * time.Minute}, fault: lost(standin.After), want: "open"},
		{
			name: "done, the log may not be read", fault: lost(standin.After), then: on(standin.OpLogs, standin.Forbidden), want: "open",
			warns: "can't be read",
		},
		{name: "not done", want: "not done"},
		{name: "not done, Classic", cfg: standin.Config{Engine: standin.Classic}, want: "not done"},
		{name: "not done, clock an hour off", cfg: standin.Config{ClockSkew: time.Hour}, want: "not done"},
		{name: "not done, nobody shows that the log keeps up", noWitness: true, want: "open"},
		{name: "not done, the log lags for long", cfg: standin.Config{LogLag: 5 * time.Minute}, want: "open"},
		{name: "not done, no events at all", cfg: standin.Config{ResetEvents: standin.NoEvents}, want: "open"},
		{name: "not done, the log may not be read", then: on(standin.OpLogs, standin.MissingScope), want: "open", warns: "can't be read"},
		{name: "not done, the log fails", then: on(standin.OpLogs, standin.ServerError), want: "open", warns: "could not be read"},
		{name: "not done, factors can't be listed", then: on(standin.OpListFactors, standin.Forbidden), want: "open", warns: "be listed"},
		{name: "not done, all times are a proxy's, an hour ahead", alter: dates(time.Hour, ""), want: "open", warns: "proxy"},
		{name: "not done, all times are a proxy's, an hour behind", alter: dates(-time.Hour, ""), want: "open"},
		{name: "not done, the list's time is a proxy's", alter: dates(-2*time.Minute, "/factors"), want: "open", warns: "proxy"},
		{name: "not done, other times are a proxy's", alter: dates(time.Hour, "/me"), want: "not done"},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, s.play)
		})
	}
}

// Only a factor that a reset can't have left behind proves that there was none.
func TestProofByFactors(t *testing.T) {
	t.Parallel()
	f := func(kind string, age time.Duration) standin.Factor {
		provider := "OKTA"
		if kind == "webauthn" {
			provider = "FIDO"
		}
		// the age is set below
		return standin.Factor{Type: kind, Provider: provider, Created: time.Unix(0, 0).Add(-age)}
	}
	changed := f("sms", day)
	changed.Updated = time.Unix(0, 0).Add(-time.Minute)
	const codes = "token:software:totp"
	for _, s := range []struct {
		name    string
		factors []standin.Factor
		since   string // a type that is enrolled 15 s later
		want    string
	}{
		{"one that everybody loses", []standin.Factor{f("webauthn", day)}, "", "not done"},
		{"a push, which may stay listed", []standin.Factor{f("push", day)}, "", "open"},
		{"an Okta Verify without passcodes", []standin.Factor{f("push", day), f("signed_nonce", day)}, "", "open"},
		{"an Okta Verify", []standin.Factor{f("push", day), f("signed_nonce", day), f(codes, day)}, "", "not done"},
		{"a push beside another", []standin.Factor{f("push", day), f("call", day)}, "", "not done"},
		{"what stays enrolled", []standin.Factor{f("email", day), f("question", day)}, "", "open"},
		{"half an hour old", []standin.Factor{f("sms", 30*time.Minute)}, "", "open"},
		{"an hour and a minute old", []standin.Factor{f("sms", 61*time.Minute)}, "", "not done"},
		{"changed a minute before", []standin.Factor{changed}, "", "open"},
		{"one from before, and one from seconds before", []standin.Factor{f("sms", day), f("call", 5*time.Second)}, "", "open"},
		{"one from before, and one from a minute before", []standin.Factor{f("sms", day), f("call", time.Minute)}, "", "not done"},
		{"one from before, and one enrolled since", []standin.Factor{f("sms", day)}, "webauthn", "open"},
		{"one from before, and an email since", []standin.Factor{f("sms", day)}, "email", "not done"},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				for i := range s.factors {
					x := &s.factors[i]
					x.Created = time.Now().Add(x.Created.Sub(time.Unix(0, 0)))
					if !x.Updated.IsZero() {
						x.Updated = time.Now().Add(x.Updated.Sub(time.Unix(0, 0)))
					}
				}
				scene{factors: s.factors, want: s.want, then: func(w *world) {
					if s.since != "" {
						time.AfterFunc(15*time.Second, func() { w.org.Enroll(doubtID, standin.Factor{Type: s.since, Provider: "OKTA"}) })
					}
				}}.play(t)
			})
		})
	}
}
