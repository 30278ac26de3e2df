package command

import (
	"fmt"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner/fault"
)

// loseLines removes all lines of the journal that the manifest doesn't count yet, and returns the
// journal with them.
func (v *virtual) loseLines() string {
	v.t.Helper()
	whole := v.read("users.results.journal")
	m := v.manifest()
	v.overwrite("users.results.journal", []byte(whole[:m.Journal.Bytes]))
	return whole
}

// Lines that were on the disk, and that the manifest didn't count yet, are gone. The log still has
// the resets of their users, and nobody is reset a second time.
func TestLostLinesAreKnownByTheLog(t *testing.T) {
	t.Parallel()
	for _, logins := range []bool{false, true} {
		t.Run(fmt.Sprintf("logins %v", logins), func(t *testing.T) {
			virtually(t, 12, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
				names := v.ids
				if logins {
					names = nil
					for i := range v.ids {
						names = append(names, fmt.Sprintf("user%d@example.com", i))
					}
					v.input(names...)
				}
				v.mustCrashAt("/reset_factors", 6, confirm(12), "--workers", "1")
				before := v.org.Stats().ResetsApplied
				whole := v.loseLines()
				v.wantSaid(v.reset("--resume", confirm(12)), fault.ExitUsage,
					"the System Log shows that its runs have reset users that it doesn't have: \""+names[0]+"\" in line 2 (by run ",
					fmt.Sprintf("%q in line 4 (by run ", names[2]), "and 3 more", "hint: put back the journal and the manifest")
				if n := v.org.Stats().ResetsApplied; n != before {
					t.Errorf("%d resets after the refusal, want %d", n, before)
				}
				v.overwrite("users.results.journal", []byte(whole))
				if code := v.reset("--resume", confirm(12)); code != 0 {
					t.Errorf("exit code %d with the lines put back:\n%s", code, v.stderr)
				}
				v.resets(map[int]int{1: 12})
			})
		})
	}
}

// The log is read back to the beginning of a run, also if that was days ago. Resets by others so
// long ago don't matter any more.
func TestLostLinesOfDaysAgo(t *testing.T) {
	t.Parallel()
	virtually(t, 6, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.mustCrashAt("/reset_factors", 2, confirm(6), "--workers", "1")
		v.loseLines()
		<-time.After(5 * 24 * time.Hour)
		v.wantSaid(v.reset("--resume", confirm(6)), fault.ExitUsage, "reset users that it doesn't have: \""+v.ids[0]+"\" in line 2 (by run ")
		v.saysNot("were reset in the last")
	})
}

// A resume isn't refused because of resets that its runs made of users outside of the input, resets
// by others, or a log that can't be read.
func TestResetsThatAreNoDamage(t *testing.T) {
	t.Parallel()
	virtually(t, 6, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.resetSome(v.ids[4:], time.Second)
		v.wantEnd(v.reset(confirm(6), "--limit", "2"), fault.ExitStopped)
		v.org.Script(standin.Fault{Kind: standin.Forbidden, Op: standin.OpLogs})
		v.wantEnd(v.reset("--resume", confirm(4), "--limit", "1"), fault.ExitStopped)
		v.org.Clear()
		v.wantEnd(v.reset("--resume", confirm(3)), 0)
		v.wantEnd(v.reset("--retry", "failed"), 0)
	})
}

// A run that began more than a day ago doesn't report what others did before the last day.
func TestOthersOfDaysAgoAreNotTold(t *testing.T) {
	t.Parallel()
	virtually(t, 6, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		v.wantEnd(v.reset(confirm(6), "--limit", "2"), fault.ExitStopped)
		v.resetSome(v.ids[4:], time.Second)
		<-time.After(3 * 24 * time.Hour)
		v.wantEnd(v.reset("--resume", confirm(4)), 0)
		v.saysNot("were reset in the last")
	})
}
