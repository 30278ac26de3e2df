package steps_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"oktareset/oktaclient"
	"oktareset/oktaclient/oktatest"
	"oktareset/runner"
	"oktareset/runner/steps"
)

const (
	doubtID  = "00u1abcdefghijklmnop"
	thisRun  = "20260102T120000Z-aaaaaa"
	otherRun = "20260102T120000Z-bbbbbb"
)

// doubtWorld is an org in which a request of ours has just been sent and its answer lost.
type doubtWorld struct {
	org    *oktatest.Org
	warned []error
}

func (w *doubtWorld) client(run string) *oktaclient.Client {
	url, err := oktaclient.ParseOrgURL("http://127.0.0.1")
	if err != nil {
		panic(err)
	}
	return oktaclient.New(url, oktaclient.Options{
		Token: oktaclient.Token(w.org.Token()), Transport: w.org.Transport(), UserAgent: "oktareset/1 run/" + run,
	})
}

// take sends a reset whose fate is the fault's, and returns the row in doubt.
func (w *doubtWorld) take(t *testing.T, run string) runner.Result {
	t.Helper()
	c := w.client(run)
	if _, _, err := c.GetMe(t.Context()); err != nil {
		t.Fatal(err)
	}
	res := runner.Result{
		Row: runner.Row{N: 1, Input: doubtID}, UserID: doubtID, Status: runner.StatusUnknown, Reason: runner.ReasonUnverified,
		RunID: run, StartedAt: c.Now(),
	}
	rep, err := c.ResetFactors(t.Context(), doubtID, nil)
	if fate := oktaclient.FateOf(err); fate != oktaclient.InDoubt {
		t.Fatalf("fate %d (%v), want in doubt", fate, err)
	}
	res.RequestID, res.FinishedAt = rep.RequestID, c.Now()
	return res
}

// prove does what the last pass of a run does and says how the row ended: verified, undone or open.
func (w *doubtWorld) prove(t *testing.T, res runner.Result) (string, runner.Result) {
	t.Helper()
	c := w.client(thisRun)
	if _, _, err := c.GetMe(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := steps.NewProver(c, func(err error) { w.warned = append(w.warned, err) }, nil)
	verified, open, err := p.Wait(t.Context(), []runner.Result{res})
	if err != nil {
		t.Fatal(err)
	}
	if len(verified) == 1 {
		return "verified", verified[0]
	}
	undone, open, err := p.Undone(t.Context(), open)
	if err != nil {
		t.Fatal(err)
	}
	if len(undone) == 1 {
		return "undone", undone[0]
	}
	return "open", open[0]
}

func TestProof(t *testing.T) {
	t.Parallel()
	lost := func(when oktatest.When) oktatest.Fault {
		return oktatest.Fault{Kind: oktatest.Drop, When: when, Op: oktatest.OpResetFactors, Times: 1}
	}
	late := oktatest.Fault{Kind: oktatest.GatewayTimeout, When: oktatest.Late, Op: oktatest.OpResetFactors, Times: 1, Delay: 30 * time.Second}
	tests := []struct {
		name  string
		cfg   oktatest.Config
		fault oktatest.Fault
		then  func(w *doubtWorld) // what happens before the proof
		want  string
		blind bool // less proof than there might be, and a warning
	}{
		{"done, Identity Engine", oktatest.Config{}, lost(oktatest.After), nil, "verified", false},
		{"done, Classic", oktatest.Config{Engine: oktatest.Classic}, lost(oktatest.After), nil, "verified", false},
		{"done, deactivations only", oktatest.Config{ResetEvents: oktatest.DeactivateOnly}, lost(oktatest.After), nil, "verified", false},
		{"done, reset_all only", oktatest.Config{ResetEvents: oktatest.ResetAllOnly}, lost(oktatest.After), nil, "verified", false},
		{"done, 500 with Okta's body", oktatest.Config{}, oktatest.Fault{Kind: oktatest.ServerError, When: oktatest.After, Op: oktatest.OpResetFactors, Times: 1}, nil, "verified", false},
		{"done, the log lags", oktatest.Config{LogLag: 40 * time.Second}, lost(oktatest.After), nil, "verified", false},
		{"done late", oktatest.Config{}, late, nil, "verified", false},
		{"done, clock an hour off", oktatest.Config{ClockSkew: -time.Hour}, lost(oktatest.After), nil, "verified", false},
		{"done, no event", oktatest.Config{ResetEvents: oktatest.NoEvents}, lost(oktatest.After), nil, "open", false},
		{
			"done, no event, enrolled anew",
			oktatest.Config{ResetEvents: oktatest.NoEvents},
			lost(oktatest.After),
			func(w *doubtWorld) { w.org.Enroll(doubtID, oktatest.Factor{Type: "push", Provider: "OKTA"}) }, "open", false,
		},
		{
			"done, the log may not be read",
			oktatest.Config{},
			lost(oktatest.After),
			func(w *doubtWorld) { w.org.Script(oktatest.Fault{Kind: oktatest.Forbidden, Op: oktatest.OpLogs}) }, "open", true,
		},
		{"not done", oktatest.Config{}, lost(oktatest.Before), nil, "undone", false},
		{"not done, Classic", oktatest.Config{Engine: oktatest.Classic}, lost(oktatest.Before), nil, "undone", false},
		{"not done, clock an hour off", oktatest.Config{ClockSkew: time.Hour}, lost(oktatest.Before), nil, "undone", false},
		{
			"not done, the log may not be read",
			oktatest.Config{},
			lost(oktatest.Before),
			func(w *doubtWorld) { w.org.Script(oktatest.Fault{Kind: oktatest.MissingScope, Op: oktatest.OpLogs}) }, "undone", true,
		},
		{
			"not done, factors can't be listed",
			oktatest.Config{},
			lost(oktatest.Before),
			func(w *doubtWorld) {
				w.org.Script(oktatest.Fault{Kind: oktatest.Forbidden, Op: oktatest.OpListFactors})
			}, "open", true,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := &doubtWorld{org: oktatest.New(tt.cfg)}
				w.org.Add(oktatest.User{ID: doubtID, Login: "alice@example.com", Factors: []oktatest.Factor{
					{Type: "sms", Provider: "OKTA", Created: time.Now().Add(tt.cfg.ClockSkew - time.Hour)},
				}})
				w.org.Script(tt.fault)
				res := w.take(t, thisRun)
				if tt.then != nil {
					tt.then(w)
				}
				start := time.Now()
				got, proved := w.prove(t, res)
				if got != tt.want {
					t.Errorf("%s (%+v), want %s", got, proved, tt.want)
				}
				if tt.want == "undone" && time.Since(start) < 58*time.Second {
					t.Errorf("not done was proved after %v: the change might still have come", time.Since(start))
				}
				if (len(w.warned) > 0) != tt.blind {
					t.Errorf("warnings %v, want some: %v", w.warned, tt.blind)
				}
				if got == "verified" && (proved.Status != runner.StatusReset || proved.Reason != runner.ReasonVerified) {
					t.Errorf("verified as %s/%s", proved.Status, proved.Reason)
				}
			})
		})
	}
}

// What others did to the user is no proof of what we did.
func TestProofIsOurs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &doubtWorld{org: oktatest.New(oktatest.Config{Latency: time.Millisecond})}
		w.org.Add(oktatest.User{ID: doubtID, Login: "alice@example.com", Factors: []oktatest.Factor{{Type: "sms", Provider: "OKTA"}}})
		if _, err := w.client(thisRun).ResetFactors(t.Context(), doubtID, nil); err != nil { // ours, but before the row was taken
			t.Fatal(err)
		}
		<-time.After(time.Minute)
		w.org.Script(oktatest.Fault{Kind: oktatest.Drop, When: oktatest.Before, Op: oktatest.OpResetFactors, Times: 1})
		res := w.take(t, thisRun)
		if _, err := w.client(otherRun).ResetFactors(t.Context(), doubtID, nil); err != nil { // after it, but not ours
			t.Fatal(err)
		}
		if got, proved := w.prove(t, res); got != "open" {
			t.Errorf("%s (%+v), want open", got, proved)
		}
	})
}

// Many rows take few queries: the log's bucket is small.
func TestProofOfMany(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		org := oktatest.New(oktatest.Config{Unlimited: true})
		w := &doubtWorld{org: org}
		c := w.client(thisRun)
		var rows []runner.Result
		org.Script(oktatest.Fault{Kind: oktatest.Drop, When: oktatest.After, Op: oktatest.OpResetFactors, Every: 2})
		for n := range 240 {
			c := w.client(thisRun) // one that lost so many would send no more
			id := fmt.Sprintf("00u1abcdefgh%08d", n)
			org.AddIdentifiers(func(yield func(string) bool) { yield(id) })
			start := c.Now()
			_, err := c.ResetFactors(t.Context(), id, nil)
			if oktaclient.FateOf(err) != oktaclient.InDoubt {
				continue
			}
			rows = append(rows, runner.Result{Row: runner.Row{N: n + 1}, Status: runner.StatusUnknown, UserID: id, RunID: thisRun, StartedAt: start, FinishedAt: c.Now()})
		}
		org.Clear()
		p := steps.NewProver(c, func(err error) { t.Error(err) }, nil)
		verified, open, err := p.Verified(t.Context(), rows)
		if len(verified) != 120 || len(open) != 0 || err != nil {
			t.Errorf("%d verified, %d open, %v; want 120, 0", len(verified), len(open), err)
		}
		if n := org.Stats().ByOp[oktatest.OpLogs]; n != 3 {
			t.Errorf("%d queries, want 3", n)
		}
	})
}

func TestProofStopsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &doubtWorld{org: oktatest.New(oktatest.Config{ResetEvents: oktatest.NoEvents})}
		w.org.AddIdentifiers(func(yield func(string) bool) { yield(doubtID) })
		w.org.Script(oktatest.Fault{Kind: oktatest.Drop, When: oktatest.After, Op: oktatest.OpResetFactors, Times: 1})
		res := w.take(t, thisRun)
		stopped := errors.New("stopped by hand")
		ctx, stop := context.WithCancelCause(t.Context())
		time.AfterFunc(5*time.Second, func() { stop(stopped) })
		var until time.Time
		p := steps.NewProver(w.client(thisRun), nil, func(u time.Time) {
			if !u.IsZero() {
				until = u
			}
		})
		start := time.Now()
		_, open, err := p.Wait(ctx, []runner.Result{res})
		if !errors.Is(err, stopped) || time.Since(start) != 5*time.Second || len(open) != 1 {
			t.Errorf("%d open, %v after %v; want 1, stopped after 5 s", len(open), err, time.Since(start))
		}
		if left := until.Sub(start); left < 58*time.Second || left > 63*time.Second {
			t.Errorf("said to wait %v, want about a minute", left)
		}
	})
}
