package command

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner/fault"
	"oktareset/runner/ledger"
	"oktareset/runner/results"
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

// wantDays fails the test unless there are results of exactly these days, each with these numbers
// of rows.
func (v *virtual) wantDays(want map[string]map[string]int) {
	v.t.Helper()
	paths, err := filepath.Glob(v.path("2000-*.csv"))
	if err != nil {
		v.t.Fatal(err)
	}
	got := make(map[string]map[string]int)
	for _, path := range paths {
		rows := readRows(v.t, path)
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
	v.wantSaid(code, want, said...)
	for _, entry := range glob(v.t, v.path("*.lock")) {
		v.t.Errorf("%s is left behind", entry)
	}
}

// wantSaid is wantEnd after a crash. The lock of the crashed run stays until a run continues it.
func (v *virtual) wantSaid(code, want int, said ...string) {
	v.t.Helper()
	if code != want {
		v.t.Errorf("exit code %d, want %d:\n%s", code, want, v.stderr)
	}
	for _, text := range said {
		if !strings.Contains(v.stderr, text) {
			v.t.Errorf("nothing is said of %q:\n%s", text, v.stderr)
		}
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

// A job that is stopped before midnight and restarted after it continues where it was, and nobody
// is reset twice.
func TestSeriesGoesOnAcrossMidnight(t *testing.T) {
	t.Parallel()
	virtually(t, 10, standin.Config{}, func(v *virtual) {
		v.wantEnd(v.dated("--resume", "--limit", "4"), fault.ExitStopped, "--output "+v.path("2000-01-01.csv"))
		nextDay()
		v.wantEnd(v.dated("--resume"), 0, "resuming it there", "6 users to do")
		v.wantDays(days{"2000-01-01": {"reset": 10}})
		v.wantEnd(v.reset("--resume", "-o", v.path("2000-01-01.csv")), 0) // the command that a stopped run prints names the day
		v.resets(map[int]int{1: 10})
	})
}

// A job with new input each day has new results each day. If it is restarted on the same day, it
// continues the run of that day.
func TestSeriesBeginsAnewWithNewInput(t *testing.T) {
	t.Parallel()
	virtually(t, 9, standin.Config{}, func(v *virtual) {
		for day := range 3 {
			v.today(v.ids[3*day : 3*day+3]...)
			v.wantEnd(v.dated("--resume", "--limit", "1"), fault.ExitStopped, "nothing to resume: this is a new run")
			v.wantEnd(v.dated("--resume"), 0, "resuming "+v.path(fmt.Sprintf("2000-01-0%d.csv", day+1)))
			v.wantEnd(v.dated("--resume"), 0)
			nextDay()
		}
		v.wantDays(days{"2000-01-01": {"reset": 3}, "2000-01-02": {"reset": 3}, "2000-01-03": {"reset": 3}})
		v.resets(map[int]int{1: 9})
	})
}

// The export that makes the input has failed, and yesterday's file is still there. The job must not
// reset everybody again, nor look like a success.
func TestSeriesRefusesTheInputOfYesterday(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{}, func(v *virtual) {
		v.wantEnd(v.dated(), 0)
		nextDay()
		for _, flags := range [][]string{{"--resume"}, {}} {
			v.wantEnd(v.dated(flags...), fault.ExitUsage, v.path("users.csv")+" is the input of "+v.path("2000-01-01.csv")+" already", "is it the input of today?")
		}
		v.wantDays(days{"2000-01-01": {"reset": 3}})
		v.resets(map[int]int{1: 3})
		v.wantEnd(v.reset("-o", v.path("again.csv"), confirm(3)), 0) // on purpose
		v.resets(map[int]int{2: 3})
	})
}

// Without --resume, incomplete results aren't begun again either.
func TestSeriesWithoutResume(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{}, func(v *virtual) {
		v.wantEnd(v.dated("--limit", "1"), fault.ExitStopped)
		nextDay()
		v.wantEnd(v.dated(), fault.ExitUsage, "it isn't complete: --resume completes it")
		v.resets(map[int]int{0: 2, 1: 1})
		v.wantEnd(v.dated("--resume"), 0)
		v.resets(map[int]int{1: 3})
	})
}

// A job runs on three nights, each with an export of its own under the same name. The first run
// breaks off, and its input is gone by the second night. The second run first does the users of the
// first, from the copy of their input, and then those of its own night.
func TestSeriesFinishesEarlierDates(t *testing.T) {
	t.Parallel()
	virtually(t, 12, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.today(v.ids[:6]...)
		v.mustCrashAt("/reset_factors", 3, "--resume", "--workers", "1", "-o", v.path("%Y-%m-%d.csv"), "--confirm=acme.okta.com:0-6")
		nextDay()
		v.today(v.ids[6:9]...)
		v.wantEnd(v.dated("--resume"), 0, v.path("2000-01-01.csv")+" isn't complete: its run broke off; resuming it first", "3 rows in")
		v.wantDays(days{"2000-01-01": {"reset": 6}, "2000-01-02": {"reset": 3}})
		nextDay()
		v.today(v.ids[9:]...)
		v.wantEnd(v.dated("--resume"), 0)
		v.wantDays(days{"2000-01-01": {"reset": 6}, "2000-01-02": {"reset": 3}, "2000-01-03": {"reset": 3}})
		v.resets(map[int]int{1: 12})
	})
}

// A limit or a signal that ends the run over an earlier date ends the whole job.
func TestSeriesStopsWithAnEarlierDate(t *testing.T) {
	t.Parallel()
	virtually(t, 9, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.today(v.ids[:5]...)
		v.wantEnd(v.dated("--resume", "--limit", "1"), fault.ExitStopped)
		nextDay()
		v.today(v.ids[5:]...)
		v.wantEnd(v.dated("--resume", "--limit", "1"), fault.ExitStopped)
		v.wantDays(days{"2000-01-01": {"reset": 2, "not_attempted": 3}, "2000-01-01.input": {}})

		ctx, stop := context.WithCancelCause(v.t.Context())
		v.atReset(1, func() { stop(fault.Signal{Signal: os.Interrupt}) })
		v.wantEnd(v.resetIn(ctx, "--resume", "--workers", "1", "-o", v.path("%Y-%m-%d.csv"), "--confirm=acme.okta.com:0-9"), 130)
		v.wantDays(days{"2000-01-01": {"reset": 3, "not_attempted": 2}, "2000-01-01.input": {}})

		v.wantEnd(v.dated("--resume", "--limit", "3"), fault.ExitStopped) // two of the earlier date, and one of today's
		v.wantDays(days{"2000-01-01": {"reset": 5}, "2000-01-02": {"reset": 1, "not_attempted": 3}, "2000-01-02.input": {}})
		v.wantEnd(v.dated("--resume"), 0)
		v.resets(map[int]int{1: 9})
	})
}

// The worse of two exit codes counts, and the job says what the other one was.
func TestSeriesEndsWithTheWorseCode(t *testing.T) {
	t.Parallel()
	virtually(t, 4, standin.Config{}, func(v *virtual) {
		v.today(v.ids[:2]...)
		v.wantEnd(v.dated("--resume", "--limit", "1", "--workers", "1"), fault.ExitStopped)
		nextDay()
		v.today(v.ids[2:]...)
		v.org.Script(standin.Fault{Kind: standin.WrongStatus, Op: resetOp, UserID: v.ids[1]})
		v.wantEnd(v.dated("--resume"), fault.ExitRows, "1 reset, 1 failed", ": 2 reset")
		v.wantDays(days{"2000-01-01": {"reset": 1, "failed": 1}, "2000-01-02": {"reset": 2}})
		v.wantEnd(v.dated("--resume"), 0) // what failed isn't open
	})
}

// If an earlier date has more open users than --confirm allows, they stay as they are, today's
// users are done, and the exit code says so.
func TestSeriesChecksTheNumberOfEarlierDates(t *testing.T) {
	t.Parallel()
	virtually(t, 7, standin.Config{}, func(v *virtual) {
		v.today(v.ids[:5]...)
		v.wantEnd(v.dated("--resume", "--limit", "1"), fault.ExitStopped)
		nextDay()
		v.today(v.ids[5:]...)
		v.wantEnd(v.reset("--resume", "-o", v.path("%Y-%m-%d.csv"), "--confirm=acme.okta.com:0-2"), fault.ExitRows, "--confirm allows acme.okta.com:0-2", ": 2 reset")
		v.wantDays(days{"2000-01-01": {"reset": 1, "not_attempted": 4}, "2000-01-01.input": {}, "2000-01-02": {"reset": 2}})
		v.wantEnd(v.dated("--resume"), 0)
		v.resets(map[int]int{1: 7})
	})
}

// Without an input, a job continues the open rows, if there are any.
func TestSeriesWithoutInput(t *testing.T) {
	t.Parallel()
	virtually(t, 4, standin.Config{}, func(v *virtual) {
		v.today(v.ids[:2]...)
		v.wantEnd(v.dated("--resume", "--limit", "1"), fault.ExitStopped)
		nextDay()
		v.today(v.ids[2:]...)
		v.wantEnd(v.dated("--resume", "--limit", "2"), fault.ExitStopped) // of the earlier date one, of today's one
		v.args = nil
		for range 2 {
			v.wantEnd(v.dated("--resume"), 0)
			v.wantDays(days{"2000-01-01": {"reset": 2}, "2000-01-02": {"reset": 2}})
		}
		nextDay()
		v.wantEnd(v.dated("--resume"), 0)
		v.resets(map[int]int{1: 4})
	})
}

// Yesterday's run was never completed, and its input and the copy are gone: today's users are
// reset, and every run says what is open.
func TestSeriesReportsWhatStaysIncomplete(t *testing.T) {
	t.Parallel()
	virtually(t, 6, standin.Config{}, func(v *virtual) {
		v.today(v.ids[:3]...)
		v.wantEnd(v.dated("--resume", "--limit", "1"), fault.ExitStopped)
		if err := os.Remove(v.path("2000-01-01.input.csv")); err != nil {
			t.Fatal(err)
		}
		nextDay()
		v.today(v.ids[3:]...)
		for range 2 {
			v.wantEnd(v.dated("--resume"), fault.ExitRows, "warning: "+v.path("2000-01-01.csv")+" isn't complete: 2 not attempted",
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

// A file may be results of an earlier date without saying of which input: the job refuses to guess.
// It ignores every file that certainly isn't results.
func TestSeriesWithoutManifest(t *testing.T) {
	t.Parallel()
	lost := func(name string) func(v *virtual) {
		return func(v *virtual) { v.overwrite(name, []byte(v.read("2000-01-01.csv"))) }
	}
	for name, tt := range map[string]struct {
		leave func(v *virtual)
		said  string // "": it is ignored
	}{
		"the manifest is gone":   {leave: func(v *virtual) { _ = os.Remove(v.path("2000-01-01.json")) }, said: "its manifest isn't there"},
		"only the manifest left": {leave: func(v *virtual) { _ = os.Rename(v.path("2000-01-01.csv"), v.path("x.csv")) }, said: "users.csv is the input of "},
		"a manifest of nothing":  {leave: func(v *virtual) { v.overwrite("2000-01-01.json", nil) }, said: "2000-01-01.json"},
		"a folder of that name": {leave: func(v *virtual) {
			_ = os.Rename(v.path("2000-01-01.json"), v.path("x"))
			_ = os.Mkdir(v.path("2000-01-01.json"), 0o700)
		}, said: "2000-01-01.json"},
		"results under a date":   {leave: lost("1999-01-01.csv"), said: "1999-01-01.csv may be the results of an earlier date, but its manifest isn't there"},
		"a journal under a date": {leave: func(v *virtual) { v.overwrite("1999-01-01.journal", []byte("x")) }, said: "1999-01-01.csv may be the results of an earlier date, but its manifest isn't there, only its journal"},
		"an empty file":          {leave: func(v *virtual) { v.overwrite("1999-01-01.csv", nil) }, said: "it is empty"},
		"a link to nowhere":      {leave: func(v *virtual) { _ = os.Symlink("archive/1999-01-01.csv", v.path("1999-01-01.csv")) }, said: "it can't be read"},
		"saved by a spreadsheet": {leave: func(v *virtual) {
			v.overwrite("1999-01-01.csv", []byte("\ufeff"+strings.ReplaceAll(v.read("2000-01-01.csv"), ",", ";")))
		}, said: "its manifest"},
		"a list of users":        {leave: func(v *virtual) { v.overwrite("1999-01-01.csv", []byte("login\nx@y\n")) }},
		"a workbook":             {leave: func(v *virtual) { v.overwrite("1999-01-01.csv", []byte("PK\x03\x04")) }},
		"a folder":               {leave: func(v *virtual) { _ = os.Mkdir(v.path("1999-01-01.csv"), 0o700) }},
		"a file of another name": {leave: lost("old.csv")},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, 3, standin.Config{}, func(v *virtual) {
				v.today(v.ids[:2]...)
				v.wantEnd(v.dated(), 0)
				tt.leave(v)
				nextDay()
				want := fault.ExitUsage
				if tt.said == "" {
					want = 0
					v.today(v.ids[2])
				}
				v.wantEnd(v.dated("--resume"), want, tt.said)
				if want != 0 {
					v.resets(map[int]int{0: 1, 1: 2})
				}
			})
		})
	}
}

// A --retry looks for the results of the input, too.
func TestSeriesRetry(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{}, func(v *virtual) {
		v.org.Script(standin.Fault{Kind: standin.WrongStatus, Op: resetOp, Times: 1})
		v.wantEnd(v.dated(), fault.ExitRows)
		nextDay()
		v.wantEnd(v.dated("--retry", "failed"), 0, "resuming it there")
		v.wantDays(days{"2000-01-01": {"reset": 3}})
		v.resets(map[int]int{1: 3})
	})
}

// A run keeps rows from stdin beside the results of their date, and only there, as long as one of
// them is open.
func TestSeriesOfStdin(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{}, func(v *virtual) {
		v.args, v.stdin = []string{"-"}, "userId\n"+strings.Join(v.ids, "\n")+"\n"
		v.wantEnd(v.dated("--resume", "--limit", "1"), fault.ExitStopped)
		v.wantDays(days{"2000-01-01": {"reset": 1, "not_attempted": 2}, "2000-01-01.input": {}})
		if got := v.read("2000-01-01.input.csv"); got != v.stdin {
			t.Errorf("kept %q, want %q", got, v.stdin)
		}
		nextDay()
		v.wantEnd(v.dated("--resume"), 0, "resuming it there")
		v.wantDays(days{"2000-01-01": {"reset": 3}})
		v.resets(map[int]int{1: 3})

		// If results have no copy of their input any more, a run accepts the input again.
		nextDay()
		v.stdin = "userId\n" + v.ids[2] + "\n"
		v.org.Script(standin.Fault{Kind: standin.WrongStatus, Op: resetOp, Times: 1})
		v.wantEnd(v.dated(), fault.ExitRows)
		v.wantDays(days{"2000-01-01": {"reset": 3}, "2000-01-03": {"failed": 1}})
		nextDay()
		v.wantEnd(v.dated("--retry", "failed"), 0, "resuming it there")
		v.wantDays(days{"2000-01-01": {"reset": 3}, "2000-01-03": {"reset": 1}})

		// Other rows under the same date would be lost without a word.
		nextDay()
		v.stdin = "userId\n" + v.ids[0] + "\n"
		v.wantEnd(v.dated("--resume"), 0)
		v.stdin = "userId\n" + v.ids[1] + "\n"
		v.wantEnd(v.dated("--resume"), fault.ExitUsage, "stdin isn't the input of "+v.path("2000-01-05.csv"))
		v.stdin = ""
		v.wantEnd(v.dated("--resume"), 0)
		v.resets(map[int]int{1: 1, 2: 2})
	})
}

// Two runs of one job never work at the same time, not even when midnight lies between their
// starts.
func TestSeriesDoesNotOverlap(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{}, func(v *virtual) {
		first := results.Run{RunID: "20000101T000000Z-first", StartedAt: time.Now()}
		release, err := ledger.Hold(v.path("%Y-%m-%d.csv"), first)
		if err != nil {
			t.Fatal(err)
		}
		nextDay()
		code := v.dated("--resume")
		if err := release(); err != nil {
			t.Fatal(err)
		}
		v.wantEnd(code, fault.ExitUsage, `is being written by run "20000101T000000Z-first"`, "hint: let it end")
		v.resets(map[int]int{0: 3})
		v.wantEnd(v.dated("--resume"), 0)
	})
}

// A job without work has results each day, though its empty inputs are all the same.
func TestSeriesOfEmptyInputs(t *testing.T) {
	t.Parallel()
	virtually(t, 1, standin.Config{}, func(v *virtual) {
		v.today()
		for range 2 {
			v.wantEnd(v.dated("--resume", "--allow-empty"), 0, "nobody to reset")
			nextDay()
		}
		v.wantDays(days{"2000-01-01": {}, "2000-01-02": {}})
		v.resets(map[int]int{0: 1})
	})
}

// A job doesn't continue results of other orgs, plans, rehearsals or any other file in the folder.
// If it can't read a file, it refuses to guess.
func TestSeriesKeepsToItsOwn(t *testing.T) {
	t.Parallel()
	virtually(t, 2, standin.Config{}, func(v *virtual) {
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
		v.wantEnd(v.dated("--resume"), fault.ExitUsage, "1999-12-31.json")
		v.resets(map[int]int{1: 2})
	})
}

// A plan with a date in its name belongs to no series: without an input there is nothing to
// continue, and the program says so.
func TestPlanWithADateNeedsItsInput(t *testing.T) {
	t.Parallel()
	virtually(t, 1, standin.Config{}, func(v *virtual) {
		v.args = nil
		v.wantEnd(v.reset("--dry-run", "--resume", "-o", v.path("plan-%Y-%m-%d.csv")), fault.ExitUsage,
			"nothing to resume: there are no results at "+v.path("plan-2000-01-01.csv"), "hint: name the results of an earlier run with -o")
	})
}
