package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient/oktatest"
)

// seen returns how often each user's reset was printed.
func seen(t *testing.T, out []byte) map[string]int {
	t.Helper()
	users := make(map[string]int)
	for text := range bytes.Lines(out) {
		var l watchLine
		if err := json.Unmarshal(text, &l); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		users[l.User.ID]++
	}
	return users
}

func wantEach(t *testing.T, got map[string]int, ids []string, most int) {
	t.Helper()
	for _, id := range ids {
		if n := got[id]; n < 1 || n > most {
			t.Errorf("the reset of %s was printed %d times, want 1 to %d", id, n, most)
		}
	}
	if len(got) != len(ids) {
		t.Errorf("resets of %d users were printed, want %d", len(got), len(ids))
	}
}

// resetSome lets another admin reset the users, at random times within d of each other.
func (v *virtual) resetSome(ids []string, d time.Duration) {
	for _, id := range ids {
		<-time.After(rand.N(d))
		if !v.org.ResetBy(v.org.Owner().ID, id) {
			v.t.Errorf("no user %s", id)
		}
	}
}

// The network goes away for longer than a client has patience; the token is refused for a moment; the server fails: nothing is lost.
func TestWatchSurvives(t *testing.T) {
	for name, trouble := range map[string]func(v *virtual){
		"no network for 40 minutes": func(v *virtual) { v.dead.Store(true); <-time.After(40 * time.Minute); v.dead.Store(false) },
		"500 for 20 minutes": func(v *virtual) {
			v.org.Script(oktatest.Fault{Kind: oktatest.ServerError})
			<-time.After(20 * time.Minute)
			v.org.Clear()
		},
		"a captive portal": func(v *virtual) {
			v.org.Script(oktatest.Fault{Kind: oktatest.Portal})
			<-time.After(5 * time.Minute)
			v.org.Clear()
		},
		"another client uses the log": func(v *virtual) {
			for range 10 {
				v.org.Consume(oktatest.BucketLogs, 1000)
				<-time.After(time.Minute)
			}
		},
	} {
		virtually(t, 60, oktatest.Config{LogLag: 3 * time.Second}, func(v *virtual) {
			ctx, cancel := context.WithCancelCause(v.t.Context())
			var out bytes.Buffer
			done := make(chan int)
			go func() { done <- v.run(ctx, &out, "watch") }()
			<-time.After(time.Second)
			v.resetSome(v.ids[:20], 10*time.Second)
			go v.resetSome(v.ids[20:40], time.Minute)
			trouble(v)
			<-time.After(20 * time.Minute)
			v.resetSome(v.ids[40:], 10*time.Second)
			<-time.After(10 * time.Minute)
			cancel(Signal{os.Interrupt})
			if code := <-done; code != 130 {
				v.t.Errorf("%s: exit %d, want 130:\n%s", name, code, v.stderr)
			}
			wantEach(v.t, seen(v.t, out.Bytes()), v.ids, 1)
		})
	}
}

// Stopped and started again and again, it prints every reset once; killed between a line and the cursor, it repeats and loses nothing.
func TestWatchRestarts(t *testing.T) {
	for _, killed := range []bool{false, true} {
		virtually(t, 200, oktatest.Config{LogLag: 3 * time.Second}, func(v *virtual) {
			var out bytes.Buffer
			cursor := v.path("place.json")
			if code := v.run(v.t.Context(), &out, "watch", "--cursor", cursor, "--once"); code != 0 {
				v.t.Fatalf("exit %d:\n%s", code, v.stderr)
			}
			go v.resetSome(v.ids, 10*time.Second)
			for range 60 {
				before, err := os.ReadFile(cursor)
				if err != nil {
					v.t.Fatal(err)
				}
				ctx, cancel := context.WithCancelCause(v.t.Context())
				time.AfterFunc(rand.N(40*time.Second), func() { cancel(Signal{os.Interrupt}) })
				if code := v.run(ctx, &out, "watch", "--cursor", cursor); code != 130 {
					v.t.Errorf("exit %d:\n%s", code, v.stderr)
				}
				if killed && rand.N(2) == 0 {
					if err := os.WriteFile(cursor, before, 0o600); err != nil {
						v.t.Fatal(err)
					}
				}
			}
			<-time.After(30 * time.Minute)
			for range 2 {
				if code := v.run(v.t.Context(), &out, "watch", "--cursor", cursor, "--once"); code != 0 {
					v.t.Fatalf("exit %d:\n%s", code, v.stderr)
				}
			}
			most := 1
			if killed {
				most = 60
			}
			wantEach(v.t, seen(v.t, out.Bytes()), v.ids, most)
			v.leftNothing()
		})
	}
}

// leftNothing fails the test when temporary files stayed.
func (v *virtual) leftNothing() {
	entries, err := os.ReadDir(v.dir)
	if err != nil {
		v.t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".tmp") {
			v.t.Errorf("%s was left", e.Name())
		}
	}
}

// With nothing to tell it asks six times a minute: never in a busy loop, on an empty page neither.
func TestWatchIsQuiet(t *testing.T) {
	virtually(t, 1, oktatest.Config{}, func(v *virtual) {
		ctx, cancel := context.WithCancelCause(v.t.Context())
		time.AfterFunc(time.Hour, func() { cancel(Signal{os.Interrupt}) })
		v.run(ctx, &bytes.Buffer{}, "watch")
		if n := v.org.Stats().ByOp[oktatest.OpLogs]; n < 350 || n > 365 {
			v.t.Errorf("%d calls in an hour, want 360", n)
		}
	})
}

// A mass reset fills pages; they are followed without a pause, and a reset whose events stand on two of them is one.
func TestWatchManyPages(t *testing.T) {
	virtually(t, 3001, oktatest.Config{}, func(v *virtual) {
		var out bytes.Buffer
		go v.resetSome(v.ids, time.Millisecond)
		<-time.After(time.Minute)
		start := time.Now()
		if code := v.run(v.t.Context(), &out, "watch", "--since", "1h", "--once"); code != 0 {
			v.t.Errorf("exit %d:\n%s", code, v.stderr)
		}
		if took := time.Since(start); took > 5*time.Second {
			v.t.Errorf("it took %v", took)
		}
		wantEach(v.t, seen(v.t, out.Bytes()), v.ids, 1)
	})
}

type brokenWriter struct{ left int }

var errBroken = errors.New("broken pipe")

func (w *brokenWriter) Write(p []byte) (int, error) {
	if w.left--; w.left < 0 {
		return 0, errBroken
	}
	return len(p), nil
}

// When nobody reads the lines any more it ends, and the cursor stays before what wasn't read.
func TestWatchBrokenPipe(t *testing.T) {
	virtually(t, 2, oktatest.Config{}, func(v *virtual) {
		cursor := v.path("place.json")
		v.run(v.t.Context(), &bytes.Buffer{}, "watch", "--cursor", cursor, "--once")
		v.resetSome(v.ids, time.Second)
		if code := v.run(v.t.Context(), &brokenWriter{}, "watch", "--cursor", cursor); code != exitBrokeOff || !strings.Contains(v.stderr, "broken pipe") {
			v.t.Errorf("exit %d:\n%s", code, v.stderr)
		}
		var out bytes.Buffer
		v.run(v.t.Context(), &out, "watch", "--cursor", cursor, "--once")
		wantEach(v.t, seen(v.t, out.Bytes()), v.ids, 1)
	})
}

func TestEscapeUnprintable(t *testing.T) {
	t.Parallel()
	in := "{\"a\":\"é\u009b31m\u202e\U000e0041\"}\n"
	got := escapeUnprintable([]byte(in))
	if want := `{"a":"é\u009b31m\u202e\udb40\udc41"}` + "\n"; string(got) != want {
		t.Errorf("%s, want %s", got, want)
	}
	var before, after any
	if json.Unmarshal([]byte(in), &before) != nil || json.Unmarshal(got, &after) != nil || fmt.Sprint(before) != fmt.Sprint(after) {
		t.Errorf("%v became %v", before, after)
	}
}
