package doubt_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"oktareset/oktaclient"
	"oktareset/oktaclient/oktatest"
	"oktareset/runner"
	"oktareset/runner/doubt"
)

const (
	doubtID   = "00u1abcdefghijklmnop"
	witnessID = "00u2abcdefghijklmnop"
	thisRun   = "20260102T120000Z-aaaaaa"
	otherRun  = "20260102T120000Z-bbbbbb"
)

// world is an org in which a reset of ours has just been sent and its answer lost.
type world struct {
	org    *oktatest.Org
	alter  func(r *http.Request, resp *http.Response) // what stands between us and the org does to replies; nil: nothing
	warned []error
}

// RoundTrip is the network between the client and the org.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := w.org.Transport().RoundTrip(r)
	if err == nil && w.alter != nil {
		w.alter(r, resp)
	}
	return resp, err
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

// prover makes a prover of thisRun.
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

// take sends a reset whose fate is the fault's, and returns the row in doubt.
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

// witness resets somebody else, and has the prover know.
func (w *world) witness(t *testing.T, c *oktaclient.Client, p *doubt.Prover) {
	t.Helper()
	taken, at := time.Now(), c.Earliest()
	if _, err := c.ResetFactors(t.Context(), witnessID, nil); err != nil {
		t.Fatal(err)
	}
	p.Answered(witnessID, taken, at)
}

// fate is what the last pass of a run finds: done, incomplete, not done or open.
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

// day is how long before they are reset people have enrolled what they have.
const day = 24 * time.Hour

func lost(when oktatest.When) oktatest.Fault {
	return oktatest.Fault{Kind: oktatest.Drop, When: when, Op: oktatest.OpResetFactors, UserID: doubtID, Times: 1}
}

// scene is one row in doubt and what happens to it. Its zero value: the answer was lost before anything was done, everything can be
// proved, so that it is.
type scene struct {
	name      string
	cfg       oktatest.Config
	fault     oktatest.Fault
	factors   []oktatest.Factor                        // nil: an sms from a day before
	alter     func(r *http.Request, rs *http.Response) // from the beginning
	then      func(w *world)                           // after the answer was lost
	noWitness bool
	want      string
	warns     string // part of the one warning; "": none
}

func (s scene) play(t *testing.T) {
	t.Helper()
	w := &world{org: oktatest.New(s.cfg), alter: s.alter}
	now := time.Now().Add(s.cfg.ClockSkew)
	if s.factors == nil {
		s.factors = []oktatest.Factor{{Type: "sms", Provider: "OKTA", Created: now.Add(-day)}}
	}
	w.org.Add(oktatest.User{ID: doubtID, Login: "alice@example.com", Factors: s.factors})
	w.org.Add(oktatest.User{ID: witnessID, Login: "bob@example.com", Factors: []oktatest.Factor{{Type: "sms", Provider: "OKTA"}}})
	if s.fault.Kind == "" {
		s.fault = lost(oktatest.Before)
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

// on has calls of an operation answered by a fault from now on.
func on(op string, kind oktatest.Kind) func(*world) {
	return func(w *world) { w.org.Script(oktatest.Fault{Kind: kind, Op: op}) }
}

// dates writes a time of its own, so far ahead, on the replies whose path ends so.
func dates(ahead time.Duration, suffix string) func(*http.Request, *http.Response) {
	return func(r *http.Request, resp *http.Response) {
		if strings.HasSuffix(r.URL.Path, suffix) {
			resp.Header.Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
		}
	}
}

func TestProof(t *testing.T) {
	t.Parallel()
	late := oktatest.Fault{
		Kind: oktatest.GatewayTimeout, When: oktatest.Late, Op: oktatest.OpResetFactors, UserID: doubtID, Times: 1, Delay: 30 * time.Second,
	}
	refused := oktatest.Fault{Kind: oktatest.ServerError, When: oktatest.After, Op: oktatest.OpResetFactors, UserID: doubtID, Times: 1}
	for _, s := range []scene{
		{name: "done, Identity Engine", fault: lost(oktatest.After), want: "done"},
		{name: "done, Classic", cfg: oktatest.Config{Engine: oktatest.Classic}, fault: lost(oktatest.After), want: "done"},
		{name: "done, deactivations only", cfg: oktatest.Config{ResetEvents: oktatest.DeactivateOnly}, fault: lost(oktatest.After), want: "done"},
		{name: "done, reset_all only", cfg: oktatest.Config{ResetEvents: oktatest.ResetAllOnly}, fault: lost(oktatest.After), want: "done"},
		{name: "done, 500 with Okta's body", fault: refused, want: "done"},
		{name: "done, no witness is needed", fault: lost(oktatest.After), noWitness: true, want: "done"},
		{name: "done, the log lags", cfg: oktatest.Config{LogLag: 40 * time.Second}, fault: lost(oktatest.After), want: "done"},
		{name: "done late", fault: late, want: "done"},
		{name: "done, clock an hour off", cfg: oktatest.Config{ClockSkew: -time.Hour}, fault: lost(oktatest.After), want: "done"},
		{name: "done, no event", cfg: oktatest.Config{ResetEvents: oktatest.NoEvents}, fault: lost(oktatest.After), want: "open"},
		{name: "done, the log lags for long", cfg: oktatest.Config{LogLag: 5 * time.Minute}, fault: lost(oktatest.After), want: "open"},
		{
			name: "done, the log may not be read", fault: lost(oktatest.After), then: on(oktatest.OpLogs, oktatest.Forbidden), want: "open",
			warns: "can't be read",
		},
		{name: "not done", want: "not done"},
		{name: "not done, Classic", cfg: oktatest.Config{Engine: oktatest.Classic}, want: "not done"},
		{name: "not done, clock an hour off", cfg: oktatest.Config{ClockSkew: time.Hour}, want: "not done"},
		{name: "not done, nobody shows that the log keeps up", noWitness: true, want: "open"},
		{name: "not done, the log lags for long", cfg: oktatest.Config{LogLag: 5 * time.Minute}, want: "open"},
		{name: "not done, no events at all", cfg: oktatest.Config{ResetEvents: oktatest.NoEvents}, want: "open"},
		{name: "not done, the log may not be read", then: on(oktatest.OpLogs, oktatest.MissingScope), want: "open", warns: "can't be read"},
		{name: "not done, the log fails", then: on(oktatest.OpLogs, oktatest.ServerError), want: "open", warns: "could not be read"},
		{name: "not done, factors can't be listed", then: on(oktatest.OpListFactors, oktatest.Forbidden), want: "open", warns: "be listed"},
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

// Only what a reset can't have left behind proves that there was none.
func TestProofByFactors(t *testing.T) {
	t.Parallel()
	f := func(kind string, age time.Duration) oktatest.Factor {
		provider := "OKTA"
		if kind == "webauthn" {
			provider = "FIDO"
		}
		return oktatest.Factor{Type: kind, Provider: provider, Created: time.Unix(0, 0).Add(-age)} // the age is made good below
	}
	changed := f("sms", day)
	changed.Updated = time.Unix(0, 0).Add(-time.Minute)
	const codes = "token:software:totp"
	for _, s := range []struct {
		name    string
		factors []oktatest.Factor
		since   string // a type that is enrolled 15 s later
		want    string
	}{
		{"one that everybody loses", []oktatest.Factor{f("webauthn", day)}, "", "not done"},
		{"a push, which may stay listed", []oktatest.Factor{f("push", day)}, "", "open"},
		{"an Okta Verify without passcodes", []oktatest.Factor{f("push", day), f("signed_nonce", day)}, "", "open"},
		{"an Okta Verify", []oktatest.Factor{f("push", day), f("signed_nonce", day), f(codes, day)}, "", "not done"},
		{"a push beside another", []oktatest.Factor{f("push", day), f("call", day)}, "", "not done"},
		{"what stays enrolled", []oktatest.Factor{f("email", day), f("question", day)}, "", "open"},
		{"half an hour old", []oktatest.Factor{f("sms", 30*time.Minute)}, "", "open"},
		{"an hour and a minute old", []oktatest.Factor{f("sms", 61*time.Minute)}, "", "not done"},
		{"changed a minute before", []oktatest.Factor{changed}, "", "open"},
		{"one from before, and one from seconds before", []oktatest.Factor{f("sms", day), f("call", 5*time.Second)}, "", "open"},
		{"one from before, and one from a minute before", []oktatest.Factor{f("sms", day), f("call", time.Minute)}, "", "not done"},
		{"one from before, and one enrolled since", []oktatest.Factor{f("sms", day)}, "webauthn", "open"},
		{"one from before, and an email since", []oktatest.Factor{f("sms", day)}, "email", "not done"},
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
						time.AfterFunc(15*time.Second, func() { w.org.Enroll(doubtID, oktatest.Factor{Type: s.since, Provider: "OKTA"}) })
					}
				}}.play(t)
			})
		})
	}
}

// Okta does a part of a reset: what its events don't name, and is listed, isn't gone.
func TestPartOfAReset(t *testing.T) {
	t.Parallel()
	const codes = "token:software:totp"
	for _, s := range []struct {
		name    string
		factors []string // that the user has
		gone    []string // that the reset takes
		hides   string   // a type that isn't listed any more
		since   string   // a type that the person enrolls afterwards
		want    string
	}{
		{"one of two", []string{"sms", "call"}, []string{"sms"}, "", "", "incomplete"},
		{"all of two", []string{"sms", "call"}, []string{"sms", "call"}, "", "", "done"},
		{"all, and one is enrolled since", []string{"sms"}, []string{"sms"}, "", "call", "done"},
		{"one, and the other can't be seen", []string{"sms", "call"}, []string{"sms"}, "call", "", "done"},
		{"an Okta Verify, but for what is beside it", []string{"push", codes, "sms"}, []string{"push"}, "", "", "incomplete"},
		{"an email stays", []string{"sms", "email"}, []string{"sms"}, "", "", "done"},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var factors []oktatest.Factor
				for _, kind := range s.factors {
					factors = append(factors, oktatest.Factor{Type: kind, Provider: "OKTA", Created: time.Now().Add(-day)})
				}
				scene{factors: factors, want: s.want, then: func(w *world) { // its events have our run and our account
					c := w.client(t, thisRun)
					listed, _, err := c.ListFactors(t.Context(), doubtID)
					for _, f := range listed {
						for _, gone := range s.gone {
							if f.Type == gone && err == nil {
								_, err = c.UnenrollFactor(t.Context(), doubtID, f.ID, false, nil)
							}
						}
					}
					if err != nil {
						t.Fatal(err)
					}
					if s.since != "" {
						time.AfterFunc(time.Second, func() { w.org.Enroll(doubtID, oktatest.Factor{Type: s.since, Provider: "OKTA"}) })
						<-time.After(2 * time.Second)
					}
					if s.hides != "" {
						w.alter = without(t, s.hides)
					}
				}}.play(t)
			})
		})
	}
}

// without takes factors of a type out of lists.
func without(t *testing.T, kind string) func(*http.Request, *http.Response) {
	return func(r *http.Request, resp *http.Response) {
		if !strings.HasSuffix(r.URL.Path, "/factors") {
			return
		}
		var all, kept []map[string]any
		if err := json.NewDecoder(resp.Body).Decode(&all); err != nil {
			t.Error(err)
		}
		for _, f := range all {
			if f["factorType"] != kind {
				kept = append(kept, f)
			}
		}
		b, _ := json.Marshal(kept)
		resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b))
	}
}

// What others did to the user is no proof of what we did, and of nothing else: it may have left the factors that are there.
func TestProofIsOurs(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(*testing.T, *world){
		"another run": func(t *testing.T, w *world) {
			if _, err := w.client(t, otherRun).ResetFactors(t.Context(), doubtID, nil); err != nil {
				t.Fatal(err)
			}
		},
		"another admin": func(t *testing.T, w *world) {
			w.org.Add(oktatest.User{ID: "00u3abcdefghijklmnop", Login: "carol@example.com"})
			if !w.org.ResetBy("carol@example.com", doubtID) {
				t.Fatal("nobody was reset")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				scene{
					cfg:  oktatest.Config{Latency: time.Millisecond},
					then: func(w *world) { do(t, w); w.alter = stale(t, time.Now().Add(-day)) },
					want: "open",
				}.play(t)
			})
		})
	}
}

// stale has a factor from before listed for ever.
func stale(t *testing.T, created time.Time) func(*http.Request, *http.Response) {
	return func(r *http.Request, resp *http.Response) {
		if strings.HasSuffix(r.URL.Path, "/factors") {
			at := created.UTC().Format(time.RFC3339)
			b := fmt.Appendf(nil, `[{"id":"mbl1abcdefghijklmnop","factorType":"sms","provider":"OKTA","status":"ACTIVE","created":%q,"lastUpdated":%q}]`, at, at)
			resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b))
		}
	}
}

// An event that names our run, but another account, isn't ours.
func TestProofNeedsTheAccount(t *testing.T) {
	t.Parallel()
	for _, actor := range []string{"", "00u9abcdefghijklmnop"} {
		synctest.Test(t, func(t *testing.T) {
			w := &world{org: oktatest.New(oktatest.Config{})}
			w.org.AddIdentifiers(func(yield func(string) bool) { yield(doubtID) })
			w.org.Script(lost(oktatest.After))
			c := w.client(t, thisRun)
			p := doubt.New(c, doubt.Options{RunID: thisRun, Runs: map[string]doubt.Run{thisRun: {Actor: actor, Clock: true}}})
			res := w.take(t, c, thisRun)
			if got, end := fate(t, p, res); got != "open" {
				t.Errorf("actor %q: %s (%+v), want open", actor, got, end)
			}
		})
	}
}

// A row of an earlier run is looked for by that run's name and account, waits from the beginning of this run, and needs times that could be
// trusted when it was taken.
func TestProofOfAnEarlierRun(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		when  oktatest.When
		clock bool
		want  string
	}{
		{"done", oktatest.After, true, "done"},
		{"not done", oktatest.Before, true, "not done"},
		{"not done, at a time that nobody vouched for", oktatest.Before, false, "open"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := &world{org: oktatest.New(oktatest.Config{})}
				for _, id := range []string{doubtID, witnessID} {
					w.org.Add(oktatest.User{ID: id, Login: id + "@example.com", Factors: []oktatest.Factor{
						{Type: "sms", Provider: "OKTA", Created: time.Now().Add(-day)},
					}})
				}
				w.org.Script(lost(tt.when))
				res := w.take(t, w.client(t, otherRun), otherRun)
				<-time.After(time.Hour)
				c := w.client(t, thisRun)
				me, _, err := c.GetMe(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				p := doubt.New(c, doubt.Options{RunID: thisRun, Runs: map[string]doubt.Run{
					thisRun: {Actor: me.ID, Clock: true}, otherRun: {Actor: me.ID, Clock: tt.clock},
				}})
				<-time.After(time.Second)
				w.witness(t, c, p)
				start := time.Now()
				got, end := fate(t, p, res)
				if got != tt.want {
					t.Errorf("%s (%+v), want %s", got, end, tt.want)
				}
				if took := time.Since(start); got == "not done" && took < 58*time.Second {
					t.Errorf("proved after %v: no other run's clock shortens the wait", took)
				}
			})
		})
	}
}

// A witness that was taken before the row was given up proves nothing: the log may be behind by what lies between.
func TestWitnessComesAfter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &world{org: oktatest.New(oktatest.Config{})}
		w.org.Add(oktatest.User{ID: doubtID, Login: "a@example.com", Factors: []oktatest.Factor{
			{Type: "sms", Provider: "OKTA", Created: time.Now().Add(-day)},
		}})
		w.org.AddIdentifiers(func(yield func(string) bool) { yield(witnessID) })
		c := w.client(t, thisRun)
		p := w.prover(t, c)
		w.witness(t, c, p)
		<-time.After(time.Second)
		w.org.Script(lost(oktatest.Before))
		res := w.take(t, c, thisRun)
		p.Lost(1)
		if got, end := fate(t, p, res); got != "open" {
			t.Errorf("%s (%+v), want open", got, end)
		}
	})
}

// A row that is incomplete is never sent again by itself, even if the log doesn't show any more why.
func TestIncompleteStays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &world{org: oktatest.New(oktatest.Config{})}
		w.org.Add(oktatest.User{ID: doubtID, Login: "a@example.com", Factors: []oktatest.Factor{
			{Type: "sms", Provider: "OKTA", Created: time.Now().Add(-day)},
		}})
		w.org.AddIdentifiers(func(yield func(string) bool) { yield(witnessID) })
		w.org.Script(lost(oktatest.Before))
		c := w.client(t, thisRun)
		p := w.prover(t, c)
		res := w.take(t, c, thisRun)
		res.Reason = runner.ReasonIncomplete
		p.Lost(1)
		<-time.After(time.Second)
		w.witness(t, c, p)
		if got, end := fate(t, p, res); got != "open" {
			t.Errorf("%s (%+v), want open", got, end)
		}
	})
}

// A proof is one of a moment, and nobody has one who hasn't looked.
func TestProofEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &world{org: oktatest.New(oktatest.Config{Latency: 100 * time.Millisecond})}
		for _, id := range []string{doubtID, witnessID} {
			w.org.Add(oktatest.User{ID: id, Login: id + "@example.com", Factors: []oktatest.Factor{
				{Type: "sms", Provider: "OKTA", Created: time.Now().Add(-day)},
			}})
		}
		w.org.Script(lost(oktatest.Before))
		c := w.client(t, thisRun)
		p := w.prover(t, c)
		res := w.take(t, c, thisRun)
		p.Lost(1)
		<-time.After(time.Second)
		w.witness(t, c, p)
		if _, err := p.NotDone(t.Context(), res); err == nil {
			t.Error("there is a proof before anybody has looked")
		}
		f, err := p.Wait(t.Context(), []runner.Result{res})
		if err != nil || len(f.Absent) != 1 {
			t.Fatalf("%+v, %v, want one absent", f, err)
		}
		proof, err := p.NotDone(t.Context(), res)
		if err != nil || proof.Check() != nil {
			t.Fatal(err, proof.Check())
		}
		<-time.After(5 * time.Second)
		if err := proof.Check(); !errors.Is(err, doubt.ErrStale) {
			t.Errorf("after five seconds: %v", err)
		}
		p.Lost(1)
		if _, err := p.NotDone(t.Context(), res); err == nil {
			t.Error("there is a proof of the request that was lost after the look")
		}
		if (doubt.Proof{}).Check() == nil {
			t.Error("no proof holds")
		}
		if _, err := (*doubt.Prover)(nil).NotDone(t.Context(), res); err == nil {
			t.Error("there is a proof without a prover")
		}
	})
}

// A log that shows the witness, and then breaks off, may still have more of the row.
func TestLogBreaksOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		scene{want: "open", warns: "could not be read", alter: func(r *http.Request, resp *http.Response) {
			switch {
			case strings.HasSuffix(r.URL.Path, "/logs") && r.URL.Query().Get("after") == "":
				resp.Header.Set("Link", `<http://127.0.0.1/api/v1/logs?after=1>; rel="next"`)
			case strings.HasSuffix(r.URL.Path, "/logs"):
				resp.StatusCode = http.StatusInternalServerError
			}
		}}.play(t)
	})
}

// Our own reset of the user, from before the row was taken, is no proof of the one that was lost. If it was shortly before, the times may be wrong
// by that much, so that it is none of the contrary either.
func TestProofIsOfThisTaking(t *testing.T) {
	t.Parallel()
	for before, want := range map[time.Duration]string{time.Hour: "not done", 90 * time.Second: "not done", time.Minute: "open"} {
		t.Run(before.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := &world{org: oktatest.New(oktatest.Config{})}
				for _, id := range []string{doubtID, witnessID} {
					w.org.Add(oktatest.User{ID: id, Login: id + "@example.com", Factors: []oktatest.Factor{{Type: "sms", Provider: "OKTA"}}})
				}
				w.alter = stale(t, time.Now().Add(-day))
				c := w.client(t, thisRun)
				if _, err := c.ResetFactors(t.Context(), doubtID, nil); err != nil {
					t.Fatal(err)
				}
				<-time.After(before)
				w.org.Script(lost(oktatest.Before))
				p := w.prover(t, c)
				res := w.take(t, c, thisRun)
				p.Lost(1)
				<-time.After(time.Second)
				w.witness(t, c, p)
				earlier := res // another row, for which the log is read from earlier on
				earlier.Row.N, earlier.UserID, earlier.StartedAt = 2, "00u3abcdefghijklmnop", res.StartedAt.Add(-2*time.Hour)
				if f, err := p.Look(t.Context(), []runner.Result{res, earlier}); err != nil || len(f.Open) != 2 {
					t.Errorf("%+v, %v, want both open", f, err)
				}
				if got, end := fate(t, p, res); got != want {
					t.Errorf("%s (%+v), want %s", got, end, want)
				}
			})
		})
	}
}

// One reply that Okta's own window vouches for isn't enough: others were a proxy's.
func TestOneVouchedReply(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		scene{want: "open", warns: "proxy", alter: func(r *http.Request, resp *http.Response) {
			if !strings.HasSuffix(r.URL.Path, "/factors") { // no other says when its window ends
				resp.Header.Del("X-Rate-Limit-Reset")
			}
		}}.play(t)
	})
}

// Many rows take few queries: the log's bucket is small.
func TestProofOfMany(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &world{org: oktatest.New(oktatest.Config{Unlimited: true})}
		c := w.client(t, thisRun)
		p := w.prover(t, c)
		var rows []runner.Result
		w.org.Script(oktatest.Fault{Kind: oktatest.Drop, When: oktatest.After, Op: oktatest.OpResetFactors, Every: 2}) // all of them would be an outage
		for n := range 240 {
			id := fmt.Sprintf("00u1abcdefgh%08d", n)
			w.org.AddIdentifiers(func(yield func(string) bool) { yield(id) })
			start := c.Now()
			_, err := c.ResetFactors(t.Context(), id, nil)
			if oktaclient.FateOf(err) != oktaclient.InDoubt {
				continue
			}
			rows = append(rows, runner.Result{
				Row: runner.Row{N: n + 1}, Status: runner.StatusUnknown, UserID: id, RunID: thisRun, StartedAt: start,
				Open: runner.Open{Sent: runner.Lost},
			})
		}
		w.org.Clear()
		<-time.After(time.Second)
		f, err := p.Look(t.Context(), rows)
		if len(f.Done) != 120 || len(f.Open) != 0 || err != nil || len(w.warned) > 0 {
			t.Errorf("%d done, %d open, %v, %v; want 120, 0", len(f.Done), len(f.Open), err, w.warned)
		}
		if n := w.org.Stats().ByOp[oktatest.OpLogs]; n != 3 {
			t.Errorf("%d queries, want 3", n)
		}
	})
}

// A log without an end ends a look, and proves nothing; what is true for the run is said once.
func TestLogWithoutEnd(t *testing.T) {
	t.Parallel()
	for name, event := range map[string]string{"empty pages": "", "full pages": `{"eventType":"user.mfa.factor.deactivate"}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pages := 0
				w := &world{org: oktatest.New(oktatest.Config{})}
				w.org.AddIdentifiers(func(yield func(string) bool) { yield(doubtID) })
				w.org.Script(lost(oktatest.Before))
				c := w.client(t, thisRun)
				p := w.prover(t, c)
				res := w.take(t, c, thisRun)
				p.Lost(1)
				w.alter = func(r *http.Request, resp *http.Response) {
					if !strings.HasSuffix(r.URL.Path, "/logs") {
						return
					}
					if until, err := time.Parse(time.RFC3339, r.URL.Query().Get("until")); pages == 0 && (err != nil || until.After(time.Now())) {
						t.Errorf("the log is read until %v, %v: that isn't over", until, err)
					}
					pages++
					resp.Header.Set("Link", fmt.Sprintf(`<http://127.0.0.1/api/v1/logs?after=%d>; rel="next"`, pages))
					body := "[" + event + "]"
					resp.StatusCode, resp.Body, resp.ContentLength = 200, io.NopCloser(strings.NewReader(body)), int64(len(body))
				}
				var rows []runner.Result
				for n := range 120 {
					r := res
					r.Row.N = n + 1
					rows = append(rows, r)
				}
				f, err := p.Wait(t.Context(), rows)
				if err != nil || len(f.Open) != len(rows) {
					t.Errorf("%d open, %v, want all", len(f.Open), err)
				}
				if want := 5 * 3 * 10; pages > want {
					t.Errorf("%d pages were read, want %d at most", pages, want)
				}
				if warned := len(w.warned); (event != "") != (warned == 1) || warned > 1 {
					t.Errorf("warnings: %v", w.warned)
				}
			})
		})
	}
}

func TestProofStopsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &world{org: oktatest.New(oktatest.Config{ResetEvents: oktatest.NoEvents})}
		w.org.AddIdentifiers(func(yield func(string) bool) { yield(doubtID) })
		w.org.Script(lost(oktatest.After))
		c := w.client(t, thisRun)
		res := w.take(t, c, thisRun)
		stopped := errors.New("stopped by hand")
		ctx, stop := context.WithCancelCause(t.Context())
		time.AfterFunc(5*time.Second, func() { stop(stopped) })
		var until time.Time
		p := doubt.New(c, doubt.Options{RunID: thisRun, Waiting: func(u time.Time) {
			if !u.IsZero() {
				until = u
			}
		}})
		start := time.Now()
		f, err := p.Wait(ctx, []runner.Result{res})
		if !errors.Is(err, stopped) || time.Since(start) != 5*time.Second || len(f.Open) != 1 {
			t.Errorf("%d open, %v after %v; want 1, stopped after 5 s", len(f.Open), err, time.Since(start))
		}
		if left := until.Sub(start); left < 58*time.Second || left > 63*time.Second {
			t.Errorf("said to wait %v, want about a minute", left)
		}
	})
}
