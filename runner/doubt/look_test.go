package doubt_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// Okta does a part of a reset: factors that its events don't name, and that are listed, aren't
// gone.
func TestPartOfAReset(t *testing.T) {
	t.Parallel()
	const codes = "token:software:totp"
	for _, s := range []struct {
		name    string
		factors []string // that the user has
		gone    []string // that the reset takes
		hides   string   // a type that isn't listed any more
		since   string   // a type that the user enrolls afterwards
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
				var factors []standin.Factor
				for _, kind := range s.factors {
					factors = append(factors, standin.Factor{Type: kind, Provider: "OKTA", Created: time.Now().Add(-day)})
				}
				// its events have our run and our account
				scene{factors: factors, want: s.want, then: func(w *world) {
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
						time.AfterFunc(time.Second, func() { w.org.Enroll(doubtID, standin.Factor{Type: s.since, Provider: "OKTA"}) })
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

// without removes factors of a type from lists.
func without(t *testing.T, kind string) func(*http.Request, *reply) {
	return func(r *http.Request, rep *reply) {
		if !strings.HasSuffix(r.URL.Path, "/factors") {
			return
		}
		var all, kept []map[string]any
		if err := json.Unmarshal(rep.body, &all); err != nil {
			t.Error(err)
		}
		for _, f := range all {
			if f["factorType"] != kind {
				kept = append(kept, f)
			}
		}
		rep.body, _ = json.Marshal(kept)
	}
}

// Another admin's changes to the user prove nothing about ours, and not the contrary either: they
// may have left the factors that are there.
func TestProofIsOurs(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(*testing.T, *world){
		"another run": func(t *testing.T, w *world) {
			if _, err := w.client(t, otherRun).ResetFactors(t.Context(), doubtID, nil); err != nil {
				t.Fatal(err)
			}
		},
		"another admin": func(t *testing.T, w *world) {
			w.org.Add(standin.User{ID: "00u3abcdefghijklmnop", Login: "carol@example.com"})
			if !w.org.ResetBy("carol@example.com", doubtID) {
				t.Fatal("nobody was reset")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				scene{
					cfg:  standin.Config{Latency: time.Millisecond},
					then: func(w *world) { do(t, w); w.alter = stale(t, time.Now().Add(-day)) },
					want: "open",
				}.play(t)
			})
		})
	}
}

// stale keeps a factor from before listed for ever.
func stale(t *testing.T, created time.Time) func(*http.Request, *reply) {
	return func(r *http.Request, rep *reply) {
		if strings.HasSuffix(r.URL.Path, "/factors") {
			at := created.UTC().Format(time.RFC3339)
			rep.body = fmt.Appendf(nil, `[{"id":"mbl1abcdefghijklmnop","factorType":"sms","provider":"OKTA","status":"ACTIVE","created":%q,"lastUpdated":%q}]`, at, at)
		}
	}
}

// An event with our run, but another account, isn't ours.
func TestProofNeedsTheAccount(t *testing.T) {
	t.Parallel()
	for _, actor := range []string{"", "00u9abcdefghijklmnop"} {
		synctest.Test(t, func(t *testing.T) {
			w := &world{org: standin.New(standin.Config{})}
			w.org.AddIdentifiers(func(yield func(string) bool) { yield(doubtID) })
			w.org.Script(lost(standin.After))
			c := w.client(t, thisRun)
			p := doubt.New(c, doubt.Options{RunID: thisRun, Runs: map[string]doubt.Run{thisRun: {Actor: actor, Clock: true}}})
			res := w.take(t, c, thisRun)
			if got, end := fate(t, p, res); got != "open" {
				t.Errorf("actor %q: %s (%+v), want open", actor, got, end)
			}
		})
	}
}

// A row of an earlier run is looked for by that run's name and account, waits from the beginning
// of this run, and needs times that could be trusted when it was taken.
func TestProofOfAnEarlierRun(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		when  standin.When
		clock bool
		want  string
	}{
		{"done", standin.After, true, "done"},
		{"not done", standin.Before, true, "not done"},
		{"not done, at a time that nobody vouched for", standin.Before, false, "open"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := &world{org: standin.New(standin.Config{})}
				for _, id := range []string{doubtID, witnessID} {
					w.org.Add(standin.User{ID: id, Login: id + "@example.com", Factors: []standin.Factor{
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

// A witness taken before the row was given up proves nothing: the log may be behind by the time
// in between.
func TestWitnessComesAfter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &world{org: standin.New(standin.Config{})}
		w.org.Add(standin.User{ID: doubtID, Login: "a@example.com", Factors: []standin.Factor{
			{Type: "sms", Provider: "OKTA", Created: time.Now().Add(-day)},
		}})
		w.org.AddIdentifiers(func(yield func(string) bool) { yield(witnessID) })
		c := w.client(t, thisRun)
		p := w.prover(t, c)
		w.witness(t, c, p)
		<-time.After(time.Second)
		w.org.Script(lost(standin.Before))
		res := w.take(t, c, thisRun)
		p.Lost(1)
		if got, end := fate(t, p, res); got != "open" {
			t.Errorf("%s (%+v), want open", got, end)
		}
	})
}

// An incomplete row is never sent again automatically, even if the log no longer shows why.
func TestIncompleteStays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &world{org: standin.New(standin.Config{})}
		w.org.Add(standin.User{ID: doubtID, Login: "a@example.com", Factors: []standin.Factor{
			{Type: "sms", Provider: "OKTA", Created: time.Now().Add(-day)},
		}})
		w.org.AddIdentifiers(func(yield func(string) bool) { yield(witnessID) })
		w.org.Script(lost(standin.Before))
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

// A proof is valid for a moment, and there is none without a look.
func TestProofEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &world{org: standin.New(standin.Config{Latency: 100 * time.Millisecond})}
		for _, id := range []string{doubtID, witnessID} {
			w.org.Add(standin.User{ID: id, Login: id + "@example.com", Factors: []standin.Factor{
				{Type: "sms", Provider: "OKTA", Created: time.Now().Add(-day)},
			}})
		}
		w.org.Script(lost(standin.Before))
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

// A log that shows the witness, and then breaks off, may still have more about the row.
func TestLogBreaksOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		scene{want: "open", warns: "could not be read", alter: func(r *http.Request, rep *reply) {
			switch {
			case strings.HasSuffix(r.URL.Path, "/logs") && r.URL.Query().Get("after") == "":
				rep.header.Set("Link", `<http://127.0.0.1/api/v1/logs?after=1>; rel="next"`)
			case strings.HasSuffix(r.URL.Path, "/logs"):
				rep.status = http.StatusInternalServerError
			}
		}}.play(t)
	})
}

// Our own reset of the user from before the row was taken doesn't prove the lost one. If it was
// shortly before, the times may be wrong by that much, so it isn't proof of the contrary either.
func TestProofIsOfThisTaking(t *testing.T) {
	t.Parallel()
	for before, want := range map[time.Duration]string{time.Hour: "not done", 90 * time.Second: "not done", time.Minute: "open"} {
		t.Run(before.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := &world{org: standin.New(standin.Config{})}
				for _, id := range []string{doubtID, witnessID} {
					w.org.Add(standin.User{ID: id, Login: id + "@example.com", Factors: []standin.Factor{{Type: "sms", Provider: "OKTA"}}})
				}
				w.alter = stale(t, time.Now().Add(-day))
				c := w.client(t, thisRun)
				if _, err := c.ResetFactors(t.Context(), doubtID, nil); err != nil {
					t.Fatal(err)
				}
				<-time.After(before)
				w.org.Script(lost(standin.Before))
				p := w.prover(t, c)
				res := w.take(t, c, thisRun)
				p.Lost(1)
				<-time.After(time.Second)
				w.witness(t, c, p)
				earlier := res // another row, which needs an earlier part of the log
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

// One reply that Okta's own window confirms isn't enough: others came from a proxy.
func TestOneVouchedReply(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		scene{want: "open", warns: "proxy", alter: func(r *http.Request, rep *reply) {
			// no other reply says when its window ends
			if !strings.HasSuffix(r.URL.Path, "/factors") {
				rep.header.Del("X-Rate-Limit-Reset")
			}
		}}.play(t)
	})
}

// Many rows need few queries: the log's bucket is small.
func TestProofOfMany(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &world{org: standin.New(standin.Config{Unlimited: true})}
		c := w.client(t, thisRun)
		p := w.prover(t, c)
		var rows []runner.Result
		w.org.Script(standin.Fault{Kind: standin.Drop, When: standin.After, Op: standin.OpResetFactors, Every: 2})
		for n := range 240 {
			c := w.client(t, thisRun) // the first one lost so many that it would send no more
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
		if n := w.org.Stats().ByOp[standin.OpLogs]; n != 3 {
			t.Errorf("%d queries, want 3", n)
		}
	})
}

// An endless log ends a look, and proves nothing; a warning about the run is given once.
func TestLogWithoutEnd(t *testing.T) {
	t.Parallel()
	for name, event := range map[string]string{"empty pages": "", "full pages": `{"eventType":"user.mfa.factor.deactivate"}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pages := 0
				w := &world{org: standin.New(standin.Config{})}
				w.org.AddIdentifiers(func(yield func(string) bool) { yield(doubtID) })
				w.org.Script(lost(standin.Before))
				c := w.client(t, thisRun)
				p := w.prover(t, c)
				res := w.take(t, c, thisRun)
				p.Lost(1)
				w.alter = func(r *http.Request, rep *reply) {
					if !strings.HasSuffix(r.URL.Path, "/logs") {
						return
					}
					if until, err := time.Parse(time.RFC3339, r.URL.Query().Get("until")); pages == 0 && (err != nil || until.After(time.Now())) {
						t.Errorf("the log is read until %v, %v: that isn't over", until, err)
					}
					pages++
					rep.header.Set("Link", fmt.Sprintf(`<http://127.0.0.1/api/v1/logs?after=%d>; rel="next"`, pages))
					rep.status, rep.body = http.StatusOK, []byte("["+event+"]")
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
		w := &world{org: standin.New(standin.Config{ResetEvents: standin.NoEvents})}
		w.org.AddIdentifiers(func(yield func(string) bool) { yield(doubtID) })
		w.org.Script(lost(standin.After))
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
