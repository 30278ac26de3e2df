package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner/fault"
	"oktareset/runner/watch"
)

// seen returns how often each user's reset was printed.
func seen(t *testing.T, out []byte) map[string]int {
	t.Helper()
	users := make(map[string]int)
	for text := range bytes.Lines(out) {
		var l watch.Line
		if err := json.Unmarshal(text, &l); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		id := l.User.ID
		if !l.Reset {
			id += " single"
		}
		users[id]++
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

// unenrollSome takes a single factor of each user, at random times within d of each other.
func (v *virtual) unenrollSome(ids []string, d time.Duration) {
	for _, id := range ids {
		<-time.After(rand.N(d))
		f, _ := v.org.Enroll(id, standin.Factor{Type: "call", Provider: "OKTA"})
		r, err := http.NewRequestWithContext(v.t.Context(), http.MethodDelete, "https://acme.okta.com/api/v1/users/"+id+"/factors/"+f.ID, http.NoBody)
		if err != nil {
			v.t.Error(err)
			return
		}
		r.Header.Set("Authorization", "SSWS "+v.org.Token())
		resp, err := v.org.Transport().RoundTrip(r)
		if err != nil || resp.StatusCode != http.StatusNoContent {
			v.t.Errorf("unenroll: %v, %v", resp, err)
			return
		}
		_ = resp.Body.Close()
	}
}

// The network goes away for longer than a client has patience; the token is refused for a
// moment; the server fails: nothing is lost.
func TestWatchSurvives(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]func(v *virtual){
		"no network for 40 minutes": func(v *virtual) { v.dead.Store(true); <-time.After(40 * time.Minute); v.dead.Store(false) },
		"500 for 20 minutes": func(v *virtual) {
			v.org.Script(standin.Fault{Kind: standin.ServerError})
			<-time.After(20 * time.Minute)
			v.org.Clear()
		},
		"a captive portal": func(v *virtual) {
			v.org.Script(standin.Fault{Kind: standin.Portal})
			<-time.After(5 * time.Minute)
			v.org.Clear()
		},
		"another client uses the log": func(v *virtual) {
			for range 10 {
				v.org.Consume(standin.BucketLogs, 1000)
				<-time.After(time.Minute)
			}
		},
	} {
		virtually(t, 60, standin.Config{LogLag: 3 * time.Second}, func(v *virtual) {
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
			cancel(fault.Signal{Signal: os.Interrupt})
			if code := <-done; code != 130 {
				v.t.Errorf("%s: exit %d, want 130:\n%s", name, code, v.stderr)
			}
			wantEach(v.t, seen(v.t, out.Bytes()), v.ids, 1)
		})
	}
}

// smallPages makes the log's pages so small that they end between the events of one reset.
func (v *virtual) smallPages() {
	v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		r = r.Clone(r.Context())
		r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "limit=1000", "limit=3", 1)
		return next.RoundTrip(r)
	}
	for i, id := range v.ids {
		if i%3 == 0 {
			v.org.Enroll(id, standin.Factor{Type: "push", Provider: "OKTA"})
		}
	}
}

// watchFor watches for a time, and then is stopped.
func (v *virtual) watchFor(d time.Duration, out io.Writer, cursor string) {
	v.t.Helper()
	ctx, cancel := context.WithCancelCause(v.t.Context())
	time.AfterFunc(d, func() { cancel(fault.Signal{Signal: os.Interrupt}) })
	if code := v.run(ctx, out, "watch", "--cursor", cursor, "--all"); code != 130 {
		v.t.Errorf("exit %d, want 130:\n%s", code, v.stderr)
	}
}

// Stopped and started again and again, it prints every reset once.
func TestWatchRestarts(t *testing.T) {
	t.Parallel()
	virtually(t, 100, standin.Config{LogLag: 3 * time.Second}, func(v *virtual) {
		v.smallPages()
		var out bytes.Buffer
		cursor := v.path("place.json")
		v.watchFor(time.Second, &out, cursor)
		go v.resetSome(v.ids, 20*time.Second)
		for range 60 {
			v.watchFor(rand.N(40*time.Second), &out, cursor)
		}
		v.watchFor(time.Hour, &out, cursor)
		wantEach(v.t, seen(v.t, out.Bytes()), v.ids, 1)
		v.leftNothing()
	})
}

// crashed is what a crash at one moment leaves behind: the cursor, and what was printed.
type crashed struct {
	cursor  []byte
	printed int
}

// Whenever it dies between printing and reading, the next one goes on without losing or
// repeating a reset. Dying between a line and the cursor repeats what was printed in between,
// and loses nothing.
func TestWatchCrashes(t *testing.T) {
	t.Parallel()
	virtually(t, 24, standin.Config{LogLag: 3 * time.Second}, func(v *virtual) {
		v.smallPages()
		var out bytes.Buffer
		cursor := v.path("place.json")
		v.watchFor(time.Second, &out, cursor)
		var moments []crashed
		var want []string
		for _, id := range v.ids {
			want = append(want, id, id+" single")
		}
		small := v.tampered
		v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			b, err := os.ReadFile(cursor)
			if err != nil {
				v.t.Error(err)
			}
			moments = append(moments, crashed{b, out.Len()})
			return small(r, next)
		}
		go v.resetSome(v.ids, 10*time.Second)
		go v.unenrollSome(v.ids, 10*time.Second)
		v.watchFor(6*time.Minute, &out, cursor)
		v.tampered = small
		wantEach(v.t, seen(v.t, out.Bytes()), want, 1)
		for i, m := range moments[:len(moments)-1] {
			if i%7 != 0 && bytes.Contains(m.cursor, []byte(`"printed":[]`)) {
				continue
			}
			again := bytes.NewBuffer(bytes.Clone(out.Bytes()[:m.printed]))
			place := v.path(fmt.Sprintf("place%d.json", i))
			if err := os.WriteFile(place, m.cursor, 0o600); err != nil {
				v.t.Fatal(err)
			}
			v.watchFor(6*time.Minute, again, place)
			wantEach(v.t, seen(v.t, again.Bytes()), want, 1)

			after := out.Bytes()[:moments[i+1].printed] // printed, but not noted
			lost := bytes.NewBuffer(bytes.Clone(after))
			if err := os.WriteFile(place, m.cursor, 0o600); err != nil {
				v.t.Fatal(err)
			}
			v.watchFor(6*time.Minute, lost, place)
			wantEach(v.t, seen(v.t, lost.Bytes()), want, 2)
		}
	})
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
	t.Parallel()
	virtually(t, 1, standin.Config{}, func(v *virtual) {
		ctx, cancel := context.WithCancelCause(v.t.Context())
		time.AfterFunc(time.Hour, func() { cancel(fault.Signal{Signal: os.Interrupt}) })
		v.run(ctx, &bytes.Buffer{}, "watch")
		if n := v.org.Stats().ByOp[standin.OpLogs]; n < 350 || n > 365 {
			v.t.Errorf("%d calls in an hour, want 360", n)
		}
	})
}

// A mass reset fills pages; they are followed without a pause, and a reset whose events stand
// on two of them is one.
func TestWatchManyPages(t *testing.T) {
	t.Parallel()
	virtually(t, 2001, standin.Config{}, func(v *virtual) {
		v.org.Enroll(v.ids[0], standin.Factor{Type: "push", Provider: "OKTA"}) // an odd number of events
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

// On a terminal a person reads lines of a table, and Ctrl-C is how it ends: no error. JSON is there
// for who asks for it.
func TestWatchOnATerminal(t *testing.T) {
	t.Parallel()
	for flag, want := range map[string]string{"--all": "LOCAL TIME  ", "--json": `{"dateAndTime":`} {
		virtually(t, 3, standin.Config{}, func(v *virtual) {
			v.screen = true
			ctx, cancel := context.WithCancelCause(v.t.Context())
			go func() {
				v.resetSome(v.ids, time.Second)
				<-time.After(time.Minute)
				cancel(fault.Signal{Signal: os.Interrupt})
			}()
			var out bytes.Buffer
			code := v.run(ctx, &out, "watch", flag)
			if code != 130 || strings.Contains(v.stderr, "error") || !strings.HasSuffix(v.stderr, "\n\n") {
				v.t.Errorf("%s: exit %d:\n%q", flag, code, v.stderr)
			}
			if lines := bytes.Count(out.Bytes(), []byte("\n")); !strings.HasPrefix(out.String(), want) || lines != 3+strings.Count(out.String(), "LOCAL TIME") {
				v.t.Errorf("%s: %s", flag, &out)
			}
			none := v.run(v.t.Context(), &out, "watch", "--once")
			if none != 0 || !strings.HasSuffix(v.stderr, "nobody was reset since then\n") {
				v.t.Errorf("exit %d:\n%s", none, v.stderr)
			}
		})
	}
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
	t.Parallel()
	virtually(t, 2, standin.Config{}, func(v *virtual) {
		cursor := v.path("place.json")
		v.run(v.t.Context(), &bytes.Buffer{}, "watch", "--cursor", cursor, "--once")
		v.resetSome(v.ids, time.Second)
		if code := v.run(v.t.Context(), &brokenWriter{}, "watch", "--cursor", cursor); code != fault.ExitBrokeOff || !strings.Contains(v.stderr, "broken pipe") {
			v.t.Errorf("exit %d:\n%s", code, v.stderr)
		}
		var out bytes.Buffer
		v.run(v.t.Context(), &out, "watch", "--cursor", cursor, "--once")
		wantEach(v.t, seen(v.t, out.Bytes()), v.ids, 1)
	})
}
