package command

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner/fault"
	"oktareset/runner/outcome"
	"oktareset/runner/results"
)

// shown returns the lines of the last run's stderr, without the program's name.
func (v *virtual) shown() []string {
	var lines []string
	for line := range strings.Lines(v.stderr) {
		line = strings.TrimSuffix(line, "\n")
		line = line[strings.LastIndexByte(line, '\r')+1:] // the text before it was the bar
		lines = append(lines, strings.TrimPrefix(line, "oktareset: "))
	}
	return lines
}

// said returns n lines: the one that begins with first, and those that follow.
func (v *virtual) said(first string, n int) string {
	lines := v.shown()
	for i, line := range lines {
		if strings.HasPrefix(line, first) {
			return strings.Join(lines[i:min(i+n, len(lines))], "\n")
		}
	}
	return ""
}

// next returns the last line of the last run's stderr.
func (v *virtual) next() string {
	lines := v.shown()
	return lines[len(lines)-1]
}

// A run names ten rows, the worst first, and then says how many more there are. It also names those
// that earlier runs left.
func TestWhoNeedsAttention(t *testing.T) {
	t.Parallel()
	virtually(t, 20, standin.Config{ResetEvents: standin.NoEvents}, func(v *virtual) {
		cells := append([]string{"me", "ghost1@example.com"}, v.ids...)
		for i := range 12 {
			cells = append(cells, fmt.Sprintf("nobody%d@example.com", i))
		}
		v.input(cells...)
		v.org.Script(
			standin.Fault{Kind: standin.Drop, When: standin.After, Op: resetOp, UserID: v.ids[7]},
			standin.Fault{Kind: standin.WrongStatus, Op: resetOp, UserID: v.ids[3]},
			standin.Fault{Kind: standin.Forbidden, Op: resetOp, UserID: v.ids[5], Times: 1},
		)
		want := "17 rows need attention, among them:\n" +
			"  line 11 " + v.ids[7] + ": in doubt: sent, and the answer was lost\n" +
			"  line 7 " + v.ids[3] + ": This operation is not allowed in the user's current status.\n" +
			"  line 9 " + v.ids[5] + ": these credentials may not reset this user\n"
		if code := v.reset(confirm(33)); code != fault.ExitRows {
			t.Errorf("exit code %d:\n%s", code, v.stderr)
		}
		got := v.said("17 rows", 12)
		rest := "\n  line 3 ghost1@example.com: no such user"
		for i := range 6 {
			rest += fmt.Sprintf("\n  line %d nobody%d@example.com: no such user", 24+i, i)
		}
		rest += "\n  and 7 more in " + v.path("users.results.csv")
		if !strings.HasPrefix(got, want) || !strings.HasSuffix(got, rest) {
			t.Errorf("%s\nwant\n%s…%s", got, want, rest)
		}
		if strings.Contains(v.stderr, " 0 ") {
			t.Errorf("a line says nothing:\n%s", v.stderr)
		}

		// A resume that has nothing to send names them, too, and so does a resume without the
		// file.
		for _, args := range [][]string{v.args, nil} {
			v.args = args
			v.reset("--resume", "-o", v.path("users.results.csv"))
			if again := v.said("17 rows", 12); again != got {
				t.Errorf("a resume says\n%s\nwant\n%s", again, got)
			}
		}
		v.args = []string{v.path("users.csv")}
		v.reset("--retry", "failed,forbidden", "--json")
		var s outcome.Summary
		if err := json.Unmarshal(v.stdout.Bytes(), &s); err != nil {
			t.Fatalf("%v in %s", err, v.stdout.String())
		}
		first := results.Case{Row: 10, Line: 11, Who: v.ids[7], Status: "unknown", Reason: "unverified", Text: "in doubt: sent, and the answer was lost"}
		if len(s.Attention.Cases) != 10 || s.Attention.Cases[0] != first || s.Attention.More != 6 {
			t.Errorf("JSON has %+v", s.Attention)
		}
		v.reset("--resume", "-q")
		if rows := "to see the rows that need attention: oktareset report " + v.path("users.results.csv"); strings.Count(v.stderr, rows) != 1 || strings.Contains(v.stderr, "line 11") {
			t.Errorf("-q says\n%s", v.stderr)
		}
	})
}

// A row that was in doubt and is proved needs no attention. The others after it are named.
func TestNobodyNeedsAttentionAnyMore(t *testing.T) {
	t.Parallel()
	virtually(t, 15, standin.Config{LogLag: 5 * time.Minute}, func(v *virtual) {
		v.org.Script(
			standin.Fault{Kind: standin.Drop, When: standin.After, Op: resetOp, Times: 2},
			standin.Fault{Kind: standin.WrongStatus, Op: resetOp, UserID: v.ids[14]},
		)
		v.reset(confirm(15), "--workers", "1")
		if got := v.said("these rows need", 4); strings.Count(got, "in doubt") != 2 || !strings.Contains(got, "line 16 ") {
			t.Errorf("the first run says\n%s", v.stderr)
		}
		<-time.After(10 * time.Minute)
		v.reset("--resume")
		if got := v.said("these rows need", 3); strings.Contains(got, "in doubt") || !strings.Contains(got, "\n  line 16 "+v.ids[14]) {
			t.Errorf("the resume says\n%s", v.stderr)
		}
		v.org.Clear()
		v.reset("--retry", "failed")
		if strings.Contains(v.stderr, "attention") {
			t.Errorf("everybody is reset, and it says\n%s", v.stderr)
		}
	})
}

// However a run ends, its last line is the next command. On a terminal it is the command that asks.
func TestTheLastLineIsTheNextCommand(t *testing.T) {
	t.Parallel()
	virtually(t, 10, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.asker = &person{}
		plan, result := v.path("users.plan.csv"), v.path("users.results.csv")
		last := func(want string) {
			t.Helper()
			if got := v.next(); got != want {
				t.Errorf("the last line is\n%s\nwant\n%s\nof\n%s", got, want, v.stderr)
			}
		}
		v.reset("--dry-run")
		last("to run this plan: oktareset reset --confirm acme.okta.com:10 " + plan)
		if err := os.Remove(plan); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(v.path("users.plan.json")); err != nil {
			t.Fatal(err)
		}
		v.screen = true
		v.reset("--dry-run")
		last("to run this plan: oktareset reset " + plan)
		if v.said("to see it as a page", 1) != "to see it as a page: oktareset report "+plan || strings.Contains(v.stderr, "all of the input") {
			t.Errorf("a dry run says\n%s", v.stderr)
		}

		// The run says why it ended before it says what to do about that.
		goOn := "to continue: oktareset reset --resume --output " + result
		v.org.Script(standin.Fault{Kind: standin.InvalidToken, Op: resetOp, Skip: 2})
		if code := v.reset("--workers", "1"); code != fault.ExitNoAccess || strings.Count(v.stderr, "error: ") != 1 {
			t.Errorf("exit code %d:\n%s", code, v.stderr)
		}
		last(strings.Replace(goOn, " --output", " --workers 1 --output", 1))
		v.org.Clear()
		ctx, stop := context.WithCancelCause(v.t.Context())
		sent := 0
		v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/reset_factors") {
				if sent++; sent == 2 { // while the reset waits for its answer
					time.AfterFunc(50*time.Millisecond, func() { stop(fault.Signal{Signal: os.Interrupt}) })
				}
			}
			return next.RoundTrip(r)
		}
		if code := v.resetIn(ctx, "--resume", "--workers", "1"); code != 130 {
			t.Errorf("exit code %d:\n%s", code, v.stderr)
		}
		v.tampered = nil
		last(strings.Replace(goOn, " --output", " --workers 1 --output", 1))
		if got := v.said("stopping: ", 1); got != "stopping: waiting up to 20s for 1 answer; nobody else is started; press Ctrl-C again to stop at once: 1 user is then in doubt" {
			t.Errorf("Ctrl-C says %q:\n%s", got, v.stderr)
		}
		v.reset("--resume")
		last("to compare the results with Okta's System Log: oktareset audit " + result)
	})
}

// Ctrl-C at the question changes nothing, and the program says so.
func TestCtrlCAtTheQuestion(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{}, func(v *virtual) {
		v.asker = &person{reads: time.Hour}
		ctx, stop := context.WithCancelCause(v.t.Context())
		time.AfterFunc(time.Minute, func() { stop(fault.Signal{Signal: os.Interrupt}) })
		if code := v.resetIn(ctx); code != 130 || v.next() != "error: interrupted; nothing was changed" {
			t.Errorf("exit code %d:\n%s", code, v.stderr)
		}
		v.resets(map[int]int{0: 3})
	})
}

// The results can't be written: the program says so, and then how to continue. It names no rows,
// because there are no results in which to look them up.
func TestNextCommandWithoutResults(t *testing.T) {
	t.Parallel()
	virtually(t, 5, standin.Config{}, func(v *virtual) {
		v.org.Script(standin.Fault{Kind: standin.WrongStatus, Op: resetOp, UserID: v.ids[2]})
		v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, v.ids[4]+"/lifecycle/reset_factors") {
				v.overwrite("users.results.csv", []byte("of somebody else"))
			}
			return next.RoundTrip(r)
		}
		code := v.reset(confirm(5), "--workers", "1", "--json")
		if code != fault.ExitBrokeOff || v.next() != "to continue: oktareset reset --resume --workers 1 --output "+v.path("users.results.csv") {
			t.Errorf("exit code %d:\n%s", code, v.stderr)
		}
		if strings.Contains(v.stderr, "attention:") || strings.Contains(v.stdout.String(), `"attention"`) || strings.Contains(v.stderr, "audit") {
			t.Errorf("there are no results, and it says\n%s", v.stderr)
		}
	})
}

// Without the input, a message gives the row of the results instead of the line.
func TestWhoNeedsAttentionInCompleteResults(t *testing.T) {
	t.Parallel()
	virtually(t, 2, standin.Config{}, func(v *virtual) {
		v.input(v.ids[0], "ghost@example.com", v.ids[1])
		v.reset(confirm(3))
		v.args = nil
		v.reset("--resume", "-o", v.path("users.results.csv"))
		if got := v.said("these rows need", 2); got != "these rows need attention:\n  line 3 ghost@example.com: no such user" {
			t.Errorf("complete results say\n%s", v.stderr)
		}
	})
}
