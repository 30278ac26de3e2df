package progress

import (
	"bytes"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktareset/runner"
)

// The clock of a synctest bubble starts at midnight UTC.

// wait lets the bubble's time pass, and everything due in it happen.
func wait(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func add(p *Progress, n int, s runner.Status) {
	for range n {
		p.Add(s)
	}
}

// holder is a State whose hold the test sets.
type holder struct{ state atomic.Pointer[State] }

func (h *holder) hold(d time.Duration, why string) {
	h.state.Store(&State{Hold: time.Now().Add(d), Why: why})
}

func (h *holder) get() State {
	if s := h.state.Load(); s != nil {
		return *s
	}
	return State{}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		var h holder
		p := New(Options{Screen: NewScreen(&out), Label: "reset", Total: 300, State: h.get})
		add(p, 50, runner.StatusReset)
		add(p, 2, runner.StatusFailed)
		wait(10*time.Second + 100*time.Millisecond)
		h.hold(15*time.Second, "rate limit")
		wait(20 * time.Second)
		add(p, 248, runner.StatusSkipped)
		p.Done()

		want := `progress: reset 52/300 (17%), 312/min, 48 s left, 2 need attention
progress: reset 52/300 (17%), 306/min, 49 s left, 2 need attention, rate limit: waiting 15 s, until 00:00:26Z
progress: reset 52/300 (17%), 154/min, 1m36s left, 2 need attention, rate limit: waiting 5 s, until 00:00:26Z
progress: reset 300/300 (100%), 598/min, in 30 s, 2 need attention
`
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("lines (-want +got):\n%s", diff)
		}
	})
}

func TestPlainHolds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var got []string
		var h holder
		p := New(Options{
			Screen: NewScreen(t.Output()), Total: 10, Every: time.Hour, State: h.get,
			Line: func(line string) { got = append(got, line) },
		})
		wait(100 * time.Millisecond)
		h.hold(minHold, "concurrency limit") // short by the time it is seen
		wait(10 * time.Second)
		h.hold(20*time.Second, "rate limit")
		wait(10 * time.Second)
		h.hold(20*time.Second, "rate limit") // the same hold, longer
		wait(30 * time.Second)
		h.hold(time.Minute, "Okta can't be reached")
		wait(time.Second)
		p.Done()

		want := []string{
			"progress: 0/10 (0%), rate limit: waiting 20 s, until 00:00:31Z",
			"progress: 0/10 (0%), Okta can't be reached: waiting 1m00s, until 00:01:51Z",
			"progress: 0/10 (0%), in 51 s",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("lines (-want +got):\n%s", diff)
		}
	})
}

func TestBar(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		var h holder
		screen := NewScreen(&out)
		p := New(Options{Screen: screen, Label: "reset", Total: 20, Columns: func() int { return 80 }, State: h.get})
		until := local(p.start.Truncate(24 * time.Hour).Add(41 * time.Second))
		see := func(want ...string) {
			t.Helper()
			synctest.Wait()
			if diff := cmp.Diff(want, terminal(out.String())); diff != "" {
				t.Errorf("terminal after %v (-want +got):\n%s", time.Since(p.start), diff)
			}
		}
		see("reset [........................................] 0/20 (0%)")
		add(p, 4, runner.StatusReset)
		p.Add(runner.StatusUnknown)
		wait(10*time.Second + 100*time.Millisecond)
		see("reset [===>............] 5/20 (25%), 30/min, 30 s left, 1 needs attention")
		h.hold(30*time.Second, "rate limit")
		wait(1100 * time.Millisecond)
		see("reset [===>............] 5/20 (25%), 34 s left, rate limit until " + until)
		if strings.Contains(out.String(), "\n") {
			t.Errorf("a newline before Done: %q", out.String())
		}
		say(screen, "a warning\n")
		see("a warning", "reset [===>............] 5/20 (25%), 34 s left, rate limit until "+until)
		add(p, 15, runner.StatusReset)
		p.Done()
		see("a warning", "reset [================] 20/20 (100%), 107/min, in 11 s, 1 needs attention", "")
		if strings.Contains(out.String(), "\x1b") {
			t.Errorf("an escape sequence: %q", out.String())
		}
	})
}

func TestTotals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		total, add int
		want       string
	}{
		{"none of none", 0, 0, "0, in 2 s"},
		{"unknown", 0, 3, "3, 90/min, in 2 s"},
		{"beyond", 2, 3, "[" + strings.Repeat("=", 40) + "] 3/2 (100%), 90/min, in 2 s"},
		{"stopped early", 4, 1, "[=========>..............................] 1/4 (25%), 30/min, in 2 s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				p := New(Options{Screen: NewScreen(&out), Total: tt.total, Columns: func() int { return 80 }})
				add(p, tt.add, runner.StatusReset)
				wait(2 * time.Second)
				p.Done()
				if diff := cmp.Diff([]string{tt.want, ""}, terminal(out.String())); diff != "" {
					t.Errorf("terminal (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestNothingAfterDone(t *testing.T) {
	t.Parallel()
	for _, columns := range []func() int{nil, func() int { return 80 }} {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			p := New(Options{Screen: NewScreen(&out), Total: 3, Columns: columns})
			p.Done()
			want := out.String()
			if !strings.HasSuffix(want, "\n") || strings.Count(want, "\n") != 1 {
				t.Errorf("written %q, want exactly one newline, at the end", want)
			}
			p.Add(runner.StatusReset)
			wait(time.Minute)
			p.Done()
			if got := out.String(); got != want {
				t.Errorf("written %q, want %q as when Done returned", got, want)
			}
		})
	}
}

// stuck is a terminal that accepts nothing until it is released.
type stuck chan struct{}

func (s stuck) Write(p []byte) (int, error) {
	<-s
	return len(p), nil
}

func TestOnlyDoneWaitsForTheTerminal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		terminal := make(stuck)
		p := New(Options{Screen: NewScreen(terminal), Total: 3, Columns: func() int { return 80 }})
		wait(time.Second)
		p.Add(runner.StatusReset)

		var returned atomic.Bool
		go func() {
			p.Done()
			returned.Store(true)
		}()
		wait(time.Minute)
		if returned.Load() {
			t.Error("Done returned before its last frame was written")
		}
		close(terminal)
		synctest.Wait()
		if !returned.Load() {
			t.Error("Done waits although its last frame is written")
		}
	})
}

func TestNone(t *testing.T) {
	t.Parallel()
	var p *Progress // of a command that shows nothing
	p.Add(runner.StatusReset)
	p.Mend(runner.StatusReset)
	p.Count()
	p.Done()
}

func TestAddFromManyGoroutines(t *testing.T) {
	t.Parallel()
	var last string
	p := New(Options{Total: 4000, Line: func(line string) { last = line }})
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			add(p, 250, runner.StatusReset)
			add(p, 250, runner.StatusFailed)
		})
	}
	workers.Wait()
	p.Done()
	if want := "progress: 4000/4000 (100%), in 0 s, 2000 need attention"; last != want {
		t.Errorf("last line %q, want %q", last, want)
	}
}
