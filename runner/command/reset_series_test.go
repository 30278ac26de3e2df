package command

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient/oktatest"
	"oktareset/runner/ledger"
)

// In synctest, the first run begins on 2000-01-01 at midnight, UTC.

// dated runs a job with new results each day.
func (v *virtual) dated(flags ...string) int {
	return v.reset(append(flags, "-o", v.path("%Y-%m-%d.csv"), "--confirm=acme.okta.com:0-500")...)
}

// nextDay waits, in virtual time.
func nextDay() { <-time.After(24 * time.Hour) }

// today makes these users the input.
func (v *virtual) today(ids ...string) {
	v.t.Helper()
	if err := os.WriteFile(v.path("users.csv"), []byte("userId\n"+strings.Join(ids, "\n")+"\n"), 0o600); err != nil {
		v.t.Fatal(err)
	}
}

// wantDays fails the test unless there are results of these days, each with so many rows as "2 reset".
func (v *virtual) wantDays(want map[string]map[string]int) {
	v.t.Helper()
	paths, err := filepath.Glob(v.path("2000-*.csv"))
	if err != nil {
		v.t.Fatal(err)
	}
	got := make(map[string]map[string]int)
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			v.t.Fatal(err)
		}
		rows, err := csv.NewReader(f).ReadAll()
		if err != nil {
			v.t.Fatal(err)
		}
		_ = f.Close()
		day := strings.TrimSuffix(filepath.Base(path), ".csv")
		got[day] = make(map[string]int)
		for _, row := range rows[1:] {
			if len(row) == 1 {
				continue // an input
			}
			got[day][row[4]]++
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		v.t.Errorf("results %v, want %v:\n%s", got, want, v.stderr)
	}
}

func (v *virtual) wantEnd(code, want int, said ...string) {
	v.t.Helper()
	if code != want {
		v.t.Errorf("exit code %d, want %d:\n%s", code, want, v.stderr)
	}
	for _, text := range said {
		if !strings.Contains(v.stderr, text) {
			v.t.Errorf("nothing is said of %q:\n%s", text, v.stderr)
		}
	}
	for _, entry := range glob(v.t, v.path("*.lock")) {
		v.t.Errorf("%s is left behind", entry)
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

type days = map[string]map[string]int

// A job that is stopped before midnight and restarted after it goes on where it was, and nobody is reset twice.
func TestSeriesGoesOnAcrossMidnight(t *testing.T) {
	virtually(t, 10, oktatest.Config{}, func(v *virtual) {
		v.wantEnd(v.dated("--resume", "--limit", "4"), exitStopped, "--output "+v.path("2000-01-01.csv"))
		nextDay()
		v.wantEnd(v.dated("--resume"), 0, "going on there", "6 users to do")
		v.wantDays(days{"2000-01-01": {"reset": 10}})
		v.wantEnd(v.reset("--resume", "-o", v.path("2000-01-01.csv")), 0) // what a stop prints names the day
		v.resets(map[int]int{1: 10})
	})
}

// New input each day, new results each day; restarted on the same day, a run goes on.
func TestSeriesBeginsAnewWithNewInput(t *testing.T) {
	virtually(t, 9, oktatest.Config{}, func(v *virtual) {
		for day := range 3 {
			v.today(v.ids[3*day : 3*day+3]...)
			v.wantEnd(v.dated("--resume", "--limit", "1"), exitStopped, "nothing to resume: this is a new run")
			v.wantEnd(v.dated("--resume"), 0, "going on with "+v.path(fmt.Sprintf("2000-01-0%d.csv", day+1)))
			v.wantEnd(v.dated("--resume"), 0)
			nextDay()
		}
		v.wantDays(days{"2000-01-01": {"reset": 3}, "2000-01-02": {"reset": 3}, "2000-01-03": {"reset": 3}})
		v.resets(map[int]int{1: 9})
	})
}

// The export that makes the input has failed, and yesterday's lies there still: that must not reset everybody again, nor look like success.
func TestSeriesRefusesTheInputOfYesterday(t *testing.T) {
	virtually(t, 3, oktatest.Config{}, func(v *virtual) {
		v.wantEnd(v.dated(), 0)
		nextDay()
		for _, flags := range [][]string{{"--resume"}, {}} {
			v.wantEnd(v.dated(flags...), exitUsage, v.path("users.csv")+" is the input of "+v.path("2000-01-01.csv")+" already", "is it the input of today?")
		}
		v.wantDays(days{"2000-01-01": {"reset": 3}})
		v.resets(map[int]int{1: 3})
		v.wantEnd(v.reset("-o", v.path("again.csv"), confirm(3)), 0) // on purpose
		v.resets(map[int]int{2: 3})
	})
}

// Without --resume, what is incomplete isn't begun again either.
func TestSeriesWithoutResume(t *testing.T) {
	virtually(t, 3, oktatest.Config{}, func(v *virtual) {
		v.wantEnd(v.dated("--limit", "1"), exitStopped)
		nextDay()
		v.wantEnd(v.dated(), exitUsage, "it isn't complete: --resume goes on with it")
		v.resets(map[int]int{0: 2, 1: 1})
		v.wantEnd(v.dated("--resume"), 0)
		v.resets(map[int]int{1: 3})
	})
}

// Yesterday's run was never completed, and today's input is another one: today's users are reset, and every run says what is open.
func TestSeriesReportsWhatStaysIncomplete(t *testing.T) {
	virtually(t, 6, oktatest.Config{}, func(v *virtual) {
		v.today(v.ids[:3]...)
		v.wantEnd(v.dated("--resume", "--limit", "1"), exitStopped)
		nextDay()
		v.today(v.ids[3:]...)
		for range 2 {
			v.wantEnd(v.dated("--resume"), exitRows, "warning: "+v.path("2000-01-01.csv")+" isn't complete: 2 not attempted",
				"error: incomplete, by an earlier input: "+v.path("2000-01-01.csv"))
		}
		v.wantDays(days{"2000-01-01": {"reset": 1, "not_attempted": 2}, "2000-01-02": {"reset": 3}})
		v.today(v.ids[:3]...)
		v.wantEnd(v.reset("--resume", "-o", v.path("2000-01-01.csv")), 0) // as the warning says
		v.today(v.ids[3:]...)
		v.wantEnd(v.dated("--resume"), 0)
		v.resets(map[int]int{1: 6})
	})
}

// A --retry looks for the results of the input, too.
func TestSeriesRetry(t *testing.T) {
	virtually(t, 3, oktatest.Config{}, func(v *virtual) {
		v.org.Script(oktatest.Fault{Kind: oktatest.WrongStatus, Op: resetOp, Times: 1})
		v.wantEnd(v.dated(), exitRows)
		nextDay()
		v.wantEnd(v.dated("--retry", "failed"), 0, "going on there")
		v.wantDays(days{"2000-01-01": {"reset": 3}})
		v.resets(map[int]int{1: 3})
	})
}

// Rows from stdin are kept beside the results of their date, and only there.
func TestSeriesOfStdin(t *testing.T) {
	virtually(t, 3, oktatest.Config{}, func(v *virtual) {
		v.args, v.stdin = []string{"-"}, "userId\n"+strings.Join(v.ids, "\n")+"\n"
		v.wantEnd(v.dated("--resume", "--limit", "1"), exitStopped)
		nextDay()
		v.wantEnd(v.dated("--resume"), 0, "going on there")
		v.wantDays(days{"2000-01-01": {"reset": 3}, "2000-01-01.input": {}})
		v.resets(map[int]int{1: 3})

		// Results that have lost their input get it again.
		nextDay()
		v.stdin = "userId\n" + v.ids[2] + "\n"
		v.org.Script(oktatest.Fault{Kind: oktatest.WrongStatus, Op: resetOp, Times: 1})
		v.wantEnd(v.dated(), exitRows)
		if err := os.Remove(v.path("2000-01-03.input.csv")); err != nil {
			t.Fatal(err)
		}
		nextDay()
		v.wantEnd(v.dated("--retry", "failed"), 0, "going on there")
		v.wantDays(days{"2000-01-01": {"reset": 3}, "2000-01-01.input": {}, "2000-01-03": {"reset": 1}, "2000-01-03.input": {}})

		// Other rows under the same date would be lost without a word.
		nextDay()
		v.stdin = "userId\n" + v.ids[0] + "\n"
		v.wantEnd(v.dated("--resume"), 0)
		v.stdin = "userId\n" + v.ids[1] + "\n"
		v.wantEnd(v.dated("--resume"), exitUsage, "stdin holds other rows than "+v.path("2000-01-05.input.csv"))
		v.stdin = ""
		v.wantEnd(v.dated("--resume"), 0)
		v.resets(map[int]int{1: 1, 2: 2})
	})
}

// Two runs of one job never work at the same time, not even when midnight lies between their starts.
func TestSeriesDoesNotOverlap(t *testing.T) {
	virtually(t, 3, oktatest.Config{}, func(v *virtual) {
		first := ledger.Run{RunID: "20000101T000000Z-first", StartedAt: time.Now()}
		release, err := ledger.Hold(v.path("%Y-%m-%d.csv"), first)
		if err != nil {
			t.Fatal(err)
		}
		nextDay()
		code := v.dated("--resume")
		if err := release(); err != nil {
			t.Fatal(err)
		}
		v.wantEnd(code, exitUsage, `is being written by run "20000101T000000Z-first"`, "hint: let it end")
		v.resets(map[int]int{0: 3})
		v.wantEnd(v.dated("--resume"), 0)
	})
}

// A job without work has results each day, and its empty inputs are all the same.
func TestSeriesOfEmptyInputs(t *testing.T) {
	virtually(t, 1, oktatest.Config{}, func(v *virtual) {
		v.today()
		for range 2 {
			v.wantEnd(v.dated("--resume", "--allow-empty"), 0, "nobody to reset")
			nextDay()
		}
		v.wantDays(days{"2000-01-01": {}, "2000-01-02": {}})
		v.resets(map[int]int{0: 1})
	})
}

// Other orgs, plans, rehearsals and whatever else lies in the folder are nothing to go on with; what can't be read is no ground for a guess.
func TestSeriesKeepsToItsOwn(t *testing.T) {
	virtually(t, 2, oktatest.Config{}, func(v *virtual) {
		if code := v.reset("--dry-run", "-o", v.path("%Y-%m-%d.csv")); code != 0 {
			t.Fatal(v.stderr)
		}
		nextDay()
		if err := os.WriteFile(v.path("1999-12-31.csv"), []byte("something else"), 0o600); err != nil {
			t.Fatal(err)
		}
		v.wantEnd(v.dated("--resume"), 0, "this is a new run")
		nextDay()
		if err := os.WriteFile(v.path("1999-12-31.json"), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
		v.today(v.ids[0])
		v.wantEnd(v.dated("--resume"), exitUsage, "1999-12-31.json")
		v.resets(map[int]int{1: 2})
	})
}
