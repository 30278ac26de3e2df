package command

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner/fault"
	"oktareset/runner/outcome"
)

// Rows in doubt of an earlier date are open: a later night looks for proof, and does their later
// steps.
func TestSeriesLooksAtDoubtsOfEarlierDates(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{}, func(v *virtual) {
		v.org.SetLogLag(time.Hour)
		v.lose(0, standin.After)
		v.today(v.ids[:2]...)
		v.wantEnd(v.dated("--resume", "--clear-sessions"), fault.ExitRows)
		v.wantDays(days{"2000-01-01": {"reset": 1, "unknown": 1}, "2000-01-01.input": {}})
		nextDay()
		v.today(v.ids[2:]...)
		v.wantEnd(v.dated("--resume", "--clear-sessions"), 0, "2000-01-01.csv isn't complete: 1 in doubt; resuming it first")
		v.wantDays(days{"2000-01-01": {"reset": 2}, "2000-01-02": {"reset": 1}})
		if n := v.org.Stats().ByOp[standin.OpClearSessions]; n != 3 {
			v.t.Errorf("the sessions of %d users were ended", n)
		}
		v.resets(map[int]int{1: 3})
	})
}

// A row whose doubt nothing resolves costs later nights a look, and no wait. Each says it until
// somebody settles it.
func TestSeriesSaysWhatStaysInDoubt(t *testing.T) {
	t.Parallel()
	virtually(t, 4, standin.Config{}, func(v *virtual) {
		v.org.SetLogLag(1000 * time.Hour)
		v.lose(0, standin.After)
		v.today(v.ids[:2]...)
		v.wantEnd(v.dated("--resume"), fault.ExitRows)
		for night := 2; night < 4; night++ {
			nextDay()
			v.today(v.ids[night])
			began := time.Now()
			v.wantEnd(v.dated("--resume", "-q"), fault.ExitRows, "error: incomplete, by an earlier input: "+v.path("2000-01-01.csv"),
				"hint: to resume: oktareset reset --resume --output "+v.path("2000-01-01.csv")+"; what is settled in another way can be moved")
			if took := time.Since(began); took > 20*time.Second {
				v.t.Errorf("the night took %v", took)
			}
		}
		v.resets(map[int]int{1: 4})
		if err := os.Mkdir(v.path("settled"), 0o700); err != nil {
			t.Fatal(err)
		}
		for _, path := range glob(t, v.path("2000-01-01.*")) {
			if err := os.Rename(path, strings.Replace(path, "2000-01-01", "settled/2000-01-01", 1)); err != nil {
				t.Fatal(err)
			}
		}
		v.wantEnd(v.dated("--resume"), 0)
	})
}

// The limit counts users of all dates, not rows: a duplicate or a user who isn't there costs
// nothing.
func TestSeriesLimitCountsUsers(t *testing.T) {
	t.Parallel()
	virtually(t, 4, standin.Config{}, func(v *virtual) {
		v.today(v.ids[0], v.ids[1], v.ids[1], "nobody@example.com", v.ids[2])
		v.wantEnd(v.dated("--resume", "--limit", "1", "--workers", "1"), fault.ExitStopped)
		nextDay()
		v.today(v.ids[3])
		v.wantEnd(v.dated("--resume", "--limit", "3"), fault.ExitRows)
		v.wantDays(days{"2000-01-01": {"reset": 3, "skipped": 1, "not_found": 1}, "2000-01-02": {"reset": 1}})
		v.resets(map[int]int{1: 4})
	})
}

// A stop over an earlier date says what the job didn't come to. Its command is that of the whole
// job, with its consent and everything that leaves users alone.
func TestSeriesStopNamesTheRest(t *testing.T) {
	t.Parallel()
	virtually(t, 5, standin.Config{}, func(v *virtual) {
		v.exclusions("vips.csv", v.ids[4])
		flags := []string{"--resume", "--limit", "1", "--clear-sessions", "--exclude", v.path("vips.csv")}
		v.today(v.ids[:3]...)
		v.wantEnd(v.dated(flags...), fault.ExitStopped)
		nextDay()
		v.today(v.ids[3:]...)
		v.wantEnd(v.dated(flags...), fault.ExitStopped, v.path("users.csv")+" wasn't begun",
			"to continue: oktareset reset --resume --clear-sessions --limit 1 --confirm acme.okta.com:0-500 --output "+v.path("%Y-%m-%d.csv")+" --exclude "+v.path("vips.csv")+" "+v.path("users.csv"))
		if strings.Contains(v.stderr, "--output "+v.path("2000-01-01.csv")) {
			v.t.Errorf("another command forgets today's users:\n%s", v.stderr)
		}
	})
}

// A job that doesn't resume an earlier date prints a command that does, whatever the job's flags
// are, and with -q too.
func TestSeriesCommandForWhatIsLeft(t *testing.T) {
	t.Parallel()
	virtually(t, 4, standin.Config{}, func(v *virtual) {
		v.exclusions("vips.csv", v.ids[3])
		flags := []string{"--clear-sessions", "--exclude", v.path("vips.csv")}
		v.today(v.ids[:2]...)
		v.wantEnd(v.dated(append(flags, "--limit", "1")...), fault.ExitStopped)
		nextDay()
		v.today(v.ids[2])
		v.wantEnd(v.dated(append(flags, "-q")...), fault.ExitRows, "hint: to resume: oktareset reset --resume --clear-sessions --output "+v.path("2000-01-01.csv")+" --exclude "+v.path("vips.csv")+";")
		v.args = nil
		v.wantEnd(v.reset("--resume", "--clear-sessions", "--exclude", v.path("vips.csv"), "-o", v.path("2000-01-01.csv")), 0)
		v.resets(map[int]int{0: 1, 1: 3})
	})
}

// A process prints one summary, of the last run that it had, whichever date that was. Its exit code
// is that of the process: a refusal isn't one once something was changed.
func TestSeriesSummaryOfTheLastRun(t *testing.T) {
	t.Parallel()
	virtually(t, 6, standin.Config{}, func(v *virtual) {
		v.today(v.ids[5])
		v.wantEnd(v.dated(), 0) // last night's input of the third case
		nextDay()
		v.today(v.ids[:4]...)
		v.wantEnd(v.dated("--resume", "--limit", "1"), fault.ExitStopped)
		nextDay()
		v.today(v.ids[5])
		for _, tt := range []struct {
			args   []string
			code   int
			resets int
		}{
			{[]string{v.path("users.csv"), "--limit", "1"}, fault.ExitStopped, 2},
			{[]string{"--limit", "1"}, fault.ExitStopped, 3},
			{[]string{v.path("users.csv")}, fault.ExitRows, 4}, // the input is refused after the earlier date
			{[]string{v.path("users.csv")}, fault.ExitUsage, 4},
		} {
			var out bytes.Buffer
			code := v.run(v.t.Context(), &out, append([]string{"reset", "--resume", "--json", "-o", v.path("%Y-%m-%d.csv"), "--confirm=acme.okta.com:0-500"}, tt.args...)...)
			v.wantEnd(code, tt.code)
			var s outcome.Summary
			switch err := json.Unmarshal(out.Bytes(), &s); {
			case tt.code == fault.ExitUsage && out.Len() > 0:
				v.t.Errorf("a refused job printed %s", &out)
			case tt.code == fault.ExitUsage:
			case err != nil || s.ResultsPath != v.path("2000-01-02.csv") || s.ExitCode != tt.code || s.Manifest.Counts["reset"] != tt.resets || len(s.Before) != 0:
				v.t.Errorf("%v: %v, %s", tt, err, &out)
			}
		}
		v.args = nil
		v.resets(map[int]int{0: 1, 1: 5})
	})
}

// If the journal of an earlier date is damaged, today's users are reset, and the exit code doesn't
// claim that nothing was changed.
func TestSeriesAfterADamagedDate(t *testing.T) {
	t.Parallel()
	virtually(t, 5, standin.Config{}, func(v *virtual) {
		v.today(v.ids[:3]...)
		v.wantEnd(v.dated("--resume", "--limit", "1"), fault.ExitStopped)
		v.overwrite("2000-01-01.journal", []byte("x"))
		nextDay()
		v.today(v.ids[3:]...)
		v.wantEnd(v.dated("--resume"), fault.ExitRows, "2000-01-01.journal", ": 2 reset")
		v.wantEnd(v.dated("--resume"), fault.ExitUsage, "2000-01-01.journal") // this time nothing is changed
		v.resets(map[int]int{0: 2, 1: 3})
	})
}
