package steps_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
	"oktareset/runner"
	"oktareset/runner/steps"
)

func TestLimit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		dry     bool
		workers int
		limit   int
		stop    error
	}{
		{false, 1, 7, steps.ErrLimit},
		{false, 8, 7, steps.ErrLimit},
		{false, 8, 30, nil},
		{true, 1, 7, steps.ErrLimit},
		{true, 8, 7, steps.ErrLimit},
		{true, 8, 30, nil},
	} {
		virtually(t, fmt.Sprintf("%+v", tt), func(t *testing.T) {
			w := newWorld(t, standin.Config{LatencyJitter: time.Second}, oktaclient.Options{}, steps.Options{DryRun: tt.dry, Limit: steps.NewLimit(tt.limit)})
			inputs := slices.Collect(w.ids(30))
			// Skipped and invalid rows don't count against the limit.
			inputs = append([]string{"me", "", inputs[0], inputs[0], "nobody@example.com"}, inputs[1:]...)
			if err := w.run(t.Context(), tt.workers, slices.Values(inputs)); !errors.Is(err, tt.stop) {
				t.Errorf("Run = %v, want %v", err, tt.stop)
			}
			counts := w.counts()
			status, posts := runner.StatusReset, tt.limit
			if tt.dry {
				status, posts = runner.StatusWouldReset, 0
			}
			if counts[status] != tt.limit || w.posts() != posts || len(w.taken) != posts {
				t.Errorf("%v, %d posts, %d rows taken, want %d of %s", counts, w.posts(), len(w.taken), tt.limit, status)
			}
			if n := counts[runner.StatusNotAttempted]; (n > 0) != (tt.stop != nil) || n > tt.workers {
				t.Errorf("%d rows were started and not attempted with %d workers", n, tt.workers)
			}
			// The look-up of one of those four may be overtaken by the end of the run.
			others := counts.Total() - counts[status] - counts[runner.StatusNotAttempted]
			if others > 4 || others < 3 || others == 3 && (tt.stop == nil || tt.workers == 1) {
				t.Errorf("%v, want %d of %s and four others", counts, tt.limit, status)
			}
		})
	}
}

// Ten forbidden calls at the start end the run: the next thousand would be forbidden too.
func TestTenForbiddenStop(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		faults  string
		workers int
		stop    error
		counts  runner.Counts // nil: not known exactly
	}{
		{"403:reset_factors", 1, steps.ErrNoPermission, runner.Counts{runner.StatusForbidden: 10}},
		{"403:reset_factors", 8, steps.ErrNoPermission, nil},
		{"403:reset_factors:times=9", 1, nil, runner.Counts{runner.StatusForbidden: 9, runner.StatusReset: 31}},
		{"403:reset_factors:skip=1", 1, nil, runner.Counts{runner.StatusForbidden: 39, runner.StatusReset: 1}},
		{"500:reset_factors:times=1 403:reset_factors", 1, nil, runner.Counts{runner.StatusUnknown: 1, runner.StatusForbidden: 39}},
		// A request that was refused for now, and sent again, isn't finished.
		{"429_bare:reset_factors:times=1 403:reset_factors", 1, steps.ErrNoPermission, runner.Counts{runner.StatusForbidden: 10}},
	} {
		virtually(t, fmt.Sprintf("%s, %d", tt.faults, tt.workers), func(t *testing.T) {
			w := newWorld(t, standin.Config{Latency: 100 * time.Millisecond}, oktaclient.Options{}, steps.Options{})
			ids := w.ids(40)
			script(t, w.org, tt.faults)
			if err := w.run(t.Context(), tt.workers, ids); !errors.Is(err, tt.stop) {
				t.Errorf("Run = %v, want %v", err, tt.stop)
			}
			counts := w.counts()
			if diff := cmp.Diff(tt.counts, counts); tt.counts != nil && diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.faults, diff)
			}
			if f := counts[runner.StatusForbidden]; tt.counts == nil && (f < 10 || f > 10+tt.workers || w.posts() != f) {
				t.Errorf("%v, %d posts, want 10 forbidden and what the other workers had sent", counts, w.posts())
			}
		})
	}
}

// An error that stops every other row ends the run: users who weren't reset by then aren't
// attempted.
func TestRunStops(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		faults string
		stop   string
	}{
		{"401:reset_factors:skip=20", noAccess},
		{"403_session:reset_factors:skip=20", noAccess},
		{"403_scope:reset_factors:skip=20", noAccess},
		{"404:reset_factors:skip=20", wrongOrg},
		{"refuse:reset_factors:skip=20", outage},
		{"429_bare:reset_factors:skip=20", limited},
	} {
		for _, workers := range []int{1, 8} {
			virtually(t, fmt.Sprintf("%s, %d", tt.faults, workers), func(t *testing.T) {
				w := newWorld(t, standin.Config{Latency: 50 * time.Millisecond}, oktaclient.Options{}, steps.Options{})
				ids := w.ids(100)
				script(t, w.org, tt.faults)
				start := time.Now()
				err := w.run(t.Context(), workers, ids)
				if got := outcomeOf(w, runner.Result{}, err).Stop; got != tt.stop {
					t.Errorf("Run = %v (%s), want %s", err, got, tt.stop)
				}
				if took := time.Since(start); (tt.stop == outage || tt.stop == limited) && (took < 5*time.Minute || took > 13*time.Minute) {
					t.Errorf("gave up after %v, want 5 to 13 min", took)
				}
				counts := w.counts()
				if counts[runner.StatusReset] != 20 || w.org.Stats().ResetsApplied != 20 {
					t.Errorf("%v, %d resets, want 20", counts, w.org.Stats().ResetsApplied)
				}
				if n := counts[runner.StatusNotAttempted]; n < 1 || n > workers || n+20 != counts.Total() {
					t.Errorf("%v, want 20 reset and at most %d not attempted", counts, workers)
				}
			})
		}
	}
}

// When answers begin to be lost, each row under way is in doubt, and three more that are tried
// alone, because reads are still answered; no row is sent twice.
func TestOutage(t *testing.T) {
	t.Parallel()
	for _, faults := range []string{"drop:reset_factors:skip=10", "503:reset_factors:skip=10", "hang_after:reset_factors:skip=10"} {
		virtually(t, faults, func(t *testing.T) {
			w := newWorld(t, standin.Config{Latency: 50 * time.Millisecond}, oktaclient.Options{}, steps.Options{})
			ids := w.ids(500)
			script(t, w.org, faults)
			if err := w.run(t.Context(), 8, ids); !errors.Is(err, oktaclient.ErrTooManyLost) {
				t.Errorf("Run = %v, want %v", err, oktaclient.ErrTooManyLost)
			}
			counts := w.counts()
			// one may be taken and kept back
			if counts[runner.StatusReset] != 10 || counts[runner.StatusUnknown] != w.posts()-10 || len(w.taken) < w.posts() {
				t.Errorf("%v, %d posts, %d taken, want 10 reset and as many unknown as were sent besides", counts, w.posts(), len(w.taken))
			}
			if counts[runner.StatusUnknown] > 8+3 {
				t.Errorf("%d rows in doubt, want those of 8 workers and 3 at most", counts[runner.StatusUnknown])
			}
			for id := range ids {
				if n := w.org.Did(id).ResetCalls; n > 1 {
					t.Errorf("%s was sent %d times", id, n)
				}
			}
		})
	}
}

// Without a record that the row is taken, nothing is sent, and the run ends.
func TestTakeError(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 8} {
		virtually(t, fmt.Sprintf("%d workers", workers), func(t *testing.T) {
			w := newWorld(t, standin.Config{Latency: 50 * time.Millisecond}, oktaclient.Options{}, steps.Options{})
			w.takeErr = errors.New("disk full")
			if err := w.run(t.Context(), workers, w.ids(100)); !errors.Is(err, w.takeErr) {
				t.Errorf("Run = %v, want %v", err, w.takeErr)
			}
			if w.posts() != 0 {
				t.Errorf("%d resets were sent, want none", w.posts())
			}
			counts := w.counts()
			if n := counts[runner.StatusNotAttempted]; n < 1 || n > workers || n != counts.Total() {
				t.Errorf("%v, want at most %d not attempted and no other", counts, workers)
			}
			for _, res := range w.settled {
				if res.Attempts != 0 {
					t.Errorf("row %d: %d attempts, want none", res.Row.N, res.Attempts)
				}
			}
		})
	}
}

// Each row is recorded as taken before its reset is sent, and settled after it; the time of
// taking isn't later than the request by the server's own clock, whatever that shows.
func TestTakenBeforeSent(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{0, time.Hour, -time.Hour, 450 * time.Millisecond, -999 * time.Millisecond} {
		virtually(t, skew.String(), func(t *testing.T) {
			w := newWorld(t, standin.Config{
				ClockSkew: skew, Latency: 30 * time.Millisecond, LatencyJitter: 3 * time.Second,
				Limits: map[string]int{standin.BucketUsers: 60},
			}, oktaclient.Options{}, steps.Options{})
			<-time.After(1300 * time.Millisecond)
			ids := w.ids(100)
			script(t, w.org, "429_concurrency:reset_factors:skip=5:times=3")
			if err := w.run(t.Context(), 1, ids); err != nil {
				t.Error(err)
			}
			want, n := []string(nil), 0
			for id := range ids {
				n++
				want = append(want, fmt.Sprintf("take %d", n), "POST reset_factors", fmt.Sprintf("settle %d", n))
				taken, res, sent := w.taken[n], w.settled[n], w.sentAt[id]
				if taken.At.After(sent) || sent.Sub(taken.At) > 4500*time.Millisecond {
					t.Errorf("row %d taken at %v, sent at %v by the server's clock", n, taken.At, sent)
				}
				if taken.UserID != id || !res.StartedAt.Equal(taken.At) || res.FinishedAt.Before(res.StartedAt) {
					t.Errorf("row %d taken as %+v, settled from %v to %v", n, taken, res.StartedAt, res.FinishedAt)
				}
			}
			// a row's own tries are adjacent
			if diff := cmp.Diff(want, slices.Compact(w.events)); diff != "" {
				t.Errorf("order (-want +got):\n%s", diff)
			}
		})
	}
}

// A row that waits for its turn when the run ends is not attempted, and isn't taken.
func TestCancelInAHold(t *testing.T) {
	t.Parallel()
	stopped := errors.New("stopped by hand")
	for _, tt := range []struct {
		name   string
		cfg    standin.Config
		so     steps.Options
		faults string
		input  string
		want   outcome
		taken  int
	}{
		{
			"of the window",
			standin.Config{Limits: map[string]int{standin.BucketUsers: 2}},
			steps.Options{},
			"", aliceID,
			outcome{Status: runner.StatusNotAttempted},
			0,
		},
		{
			"of the look-up's window",
			standin.Config{Limits: map[string]int{standin.BucketUser: 2}},
			steps.Options{},
			"", aliceLogin,
			outcome{Status: runner.StatusNotAttempted},
			0,
		},
		{
			"of the list's window",
			standin.Config{Limits: map[string]int{standin.BucketUsers: 2}},
			steps.Options{RecordFactors: true},
			"", aliceID,
			outcome{Status: runner.StatusNotAttempted},
			0,
		},
		{
			"after a 429",
			standin.Config{},
			steps.Options{},
			"429_bare:reset_factors", aliceID,
			outcome{Status: runner.StatusNotAttempted, HTTP: 429, ID: true, Attempts: 4, Posts: 4},
			1,
		},
		{
			"while there is no connection",
			standin.Config{},
			steps.Options{},
			"refuse:reset_factors", aliceID,
			outcome{Status: runner.StatusNotAttempted},
			1,
		},
		{
			"after a 404",
			standin.Config{Limits: map[string]int{standin.BucketUser: 2}},
			steps.Options{},
			"404_user:reset_factors", aliceID,
			outcome{Status: runner.StatusFailed, HTTP: 404, Code: "E0000007", ID: true, Attempts: 1, Posts: 1},
			1,
		},
	} {
		virtually(t, tt.name, func(t *testing.T) {
			w := newWorld(t, tt.cfg, oktaclient.Options{}, tt.so)
			w.org.Add(standin.User{ID: aliceID, Login: aliceLogin})
			w.org.AddIdentifiers(slices.Values([]string{"00u1234567890abcdBOB"}))
			// Somebody else spends the window; the first reply shows it.
			if tt.cfg.Limits[standin.BucketUsers] > 0 {
				if _, _, err := w.client.ListFactors(t.Context(), "00u1234567890abcdBOB"); err != nil {
					t.Fatal(err)
				}
			}
			if tt.cfg.Limits[standin.BucketUser] > 0 {
				if _, _, err := w.client.GetUser(t.Context(), "00u1234567890abcdBOB"); err != nil {
					t.Fatal(err)
				}
			}
			script(t, w.org, tt.faults)
			ctx, stop := context.WithCancelCause(t.Context())
			time.AfterFunc(10*time.Second, func() { stop(stopped) })
			start := time.Now()
			res, err := w.do(ctx, 1, tt.input)
			if took := time.Since(start); took != 10*time.Second || err != nil {
				t.Errorf("%v after %v, want nil after 10s", err, took)
			}
			got := outcomeOf(w, res, err)
			if strings.HasPrefix(tt.faults, "refuse") && got.Attempts > 1 {
				got.Attempts = 0
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s%s", diff, res.Error)
			}
			if tt.want.Status == runner.StatusNotAttempted && res.Error != "" {
				t.Errorf("error %q, want none: the run's end is no reason of the row's", res.Error)
			}
			if len(w.taken) != tt.taken {
				t.Errorf("%d rows taken, want %d", len(w.taken), tt.taken)
			}
			checkTexts(t, res)
		})
	}
}

// A request under way when the run is stopped by hand is waited for.
func TestCancelWhileSent(t *testing.T) {
	t.Parallel()
	virtually(t, "pool", func(t *testing.T) {
		stopped := errors.New("stopped by hand")
		w := newWorld(t, standin.Config{Latency: 3 * time.Second}, oktaclient.Options{}, steps.Options{})
		ctx, stop := context.WithCancelCause(t.Context())
		time.AfterFunc(5*time.Second, func() { stop(stopped) })
		if err := w.run(ctx, 4, w.ids(100)); !errors.Is(err, stopped) {
			t.Errorf("Run = %v, want %v", err, stopped)
		}
		counts := w.counts()
		if n := counts[runner.StatusReset]; n == 0 || n != w.posts() || n != w.org.Stats().UsersReset || n != len(w.taken) {
			t.Errorf("%v, %d posts, %d taken, want all that was sent to be reset", counts, w.posts(), len(w.taken))
		}
		if n := counts[runner.StatusNotAttempted]; n > 4 || n+counts[runner.StatusReset] != counts.Total() {
			t.Errorf("%v, want reset and at most 4 not attempted", counts)
		}
	})
}

// Whatever goes wrong, a result claims no more than is certain, and nobody is reset twice.
func TestNoResultSaysTooMuch(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5) {
		virtually(t, fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			w := newWorld(t, standin.Config{Seed: seed, LatencyJitter: time.Second}, oktaclient.Options{}, steps.Options{})
			const users = 1000
			inputs := slices.Collect(w.ids(users))
			for i := 0; i < users; i += 3 { // a third by login, and some of them by ID as well
				u, _ := w.org.User(inputs[i])
				if i%2 == 0 {
					inputs = append(inputs, inputs[i])
				}
				inputs[i] = u.Login
			}
			for _, f := range []string{
				"drop_after:reset_factors:every=230", "drop:reset_factors:every=270", "504_late:reset_factors:every=190:delay=30s",
				"500_after:reset_factors:every=170", "429_bare:reset_factors:p=0.05", "readonly:reset_factors:p=0.05", "403:reset_factors:p=0.05",
				"403_status:reset_factors:p=0.05", "drop:get_user:p=0.1", "refuse:p=0.05",
			} {
				script(t, w.org, f)
			}
			if err := w.run(t.Context(), 8, slices.Values(inputs)); err != nil {
				t.Fatal(err)
			}
			<-time.After(time.Minute)
			if len(w.settled) != len(inputs) {
				t.Errorf("%d results, want %d", len(w.settled), len(inputs))
			}
			byUser := make(map[string]int)
			for n, res := range w.settled {
				checkTexts(t, res)
				if res.Status == runner.StatusSkipped {
					continue
				}
				byUser[res.UserID]++
				_, taken := w.taken[n]
				did := w.org.Did(res.UserID)
				switch resets := did.Resets; {
				case res.Status == runner.StatusReset && (resets != 1 || !taken),
					res.Status == runner.StatusUnknown && (resets > 1 || !taken),
					res.Status != runner.StatusReset && res.Status != runner.StatusUnknown && resets != 0:
					t.Errorf("row %d is %s, taken: %v; the user was reset %d times", n, res.Status, taken, resets)
				}
			}
			if n := w.org.Stats().UsersResetTwice; n != 0 {
				t.Errorf("%d users were reset twice", n)
			}
			for id, n := range byUser {
				if n != 1 && id != "" {
					t.Errorf("user %s was worked on by %d rows", id, n)
				}
			}
			t.Log(w.counts())
		})
	}
}
