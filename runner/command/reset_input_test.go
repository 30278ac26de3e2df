package command

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner/fault"
)

// list returns an input of these users.
func list(ids ...string) []byte { return []byte("userId\n" + strings.Join(ids, "\n") + "\n") }

// strangers adds users who are in no input to the org.
func (v *virtual) strangers(n int) (ids []string) {
	for i := range n {
		ids = append(ids, fmt.Sprintf("00ustranger%09d", i))
		v.org.Add(standin.User{ID: ids[i], Login: fmt.Sprintf("stranger%d@example.com", i), Factors: []standin.Factor{
			{Type: "sms", Provider: "OKTA", Created: time.Now().Add(-time.Hour)},
		}})
	}
	return ids
}

// atRequest calls do with the nth request, 1 is the first, before it is answered.
func (v *virtual) atRequest(n int, do func()) {
	var sent atomic.Int64
	v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if int(sent.Add(1)) == n {
			do()
		}
		return next.RoundTrip(r)
	}
}

// atReset calls do with the nth reset, before it is answered.
func (v *virtual) atReset(n int, do func()) {
	var sent atomic.Int64
	v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Path, "/reset_factors") && int(sent.Add(1)) == n {
			do()
		}
		return next.RoundTrip(r)
	}
}

// spared fails the test if any of these was touched, or looked at.
func (v *virtual) spared(ids []string) {
	v.t.Helper()
	for _, id := range ids {
		if did := v.org.Did(id); did.Resets > 0 {
			v.t.Errorf("%s was reset, whom nobody had surveyed:\n%s", id, v.stderr)
		}
	}
}

// wantFiles fails the test unless the folder holds these files.
func (v *virtual) wantFiles(want ...string) {
	v.t.Helper()
	if got := v.files(); !slices.Equal(got, want) {
		v.t.Errorf("files %q, want %q:\n%s", got, want, v.stderr)
	}
}

// Whatever happens to the user's file after it was read, and whenever: the users who were surveyed
// are reset, and nobody else.
func TestInputIsFrozen(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(v *virtual, others []string){
		"rewritten in place": func(v *virtual, others []string) { v.overwrite("users.csv", list(others...)) },
		"replaced": func(v *virtual, others []string) {
			v.overwrite("new.csv", list(others...))
			_ = os.Rename(v.path("new.csv"), v.path("users.csv"))
		},
		"emptied":  func(v *virtual, _ []string) { v.overwrite("users.csv", nil) },
		"cut":      func(v *virtual, _ []string) { _ = os.Truncate(v.path("users.csv"), 50) },
		"extended": func(v *virtual, others []string) { v.overwrite("users.csv", list(append(v.ids, others...)...)) },
		"removed":  func(v *virtual, _ []string) { _ = os.Remove(v.path("users.csv")) },
		"moved":    func(v *virtual, _ []string) { _ = os.Rename(v.path("users.csv"), v.path("users.csv.done")) },
	} {
		// At the first requests nobody has consented yet. The last one is in the middle of the
		// rows.
		for _, n := range []int{1, 2, 3, 4, 5, 12} {
			t.Run(fmt.Sprintf("%s at request %d", what, n), func(t *testing.T) {
				virtually(t, 20, standin.Config{Latency: 50 * time.Millisecond}, func(v *virtual) {
					others := v.strangers(20)
					v.atRequest(n, func() { change(v, others) })
					v.want(v.reset(confirm(20), "--workers", "2"), 0, map[string]int{"reset": 20})
					v.resets(map[int]int{1: 20})
					v.spared(others)
					if slices.ContainsFunc(v.files(), func(name string) bool { return strings.Contains(name, "input") || strings.Contains(name, "tmp") }) {
						t.Errorf("left %q", v.files())
					}
				})
			})
		}
	}
}

// An approved plan and a dry run also use the rows that were surveyed.
func TestPlanIsFrozen(t *testing.T) {
	t.Parallel()
	virtually(t, 20, standin.Config{Latency: 50 * time.Millisecond}, func(v *virtual) {
		others := v.strangers(20)
		v.atRequest(9, func() { v.overwrite("users.csv", list(others...)) })
		if code := v.reset("--dry-run", "--workers", "2"); code != 0 || strings.Contains(v.read("users.plan.csv"), "stranger") {
			t.Fatalf("exit code %d:\n%s", code, v.stderr)
		}
		plan := v.read("users.plan.csv")
		v.args = []string{v.path("users.plan.csv")}
		forged := plan
		for i, id := range v.ids {
			forged = strings.ReplaceAll(forged, id, others[i])
		}
		for _, n := range []int{1, 9} {
			v.atRequest(n, func() { v.overwrite("users.plan.csv", []byte(forged)) })
			v.wantEnd(v.reset(confirm(20), "--workers", "2", "-o", v.path(fmt.Sprintf("%d.csv", n))), 0, "20 reset")
			v.spared(others)
			v.overwrite("users.plan.csv", []byte(plan))
		}
		v.resets(map[int]int{2: 20})
	})
}

// If the input of a run is gone, or the next night's export has replaced it, a resume finishes the
// run with the copy.
func TestResumeNeedsNoInput(t *testing.T) {
	t.Parallel()
	for name, crash := range map[string]func(v *virtual){
		"stopped": func(v *virtual) { v.wantEnd(v.reset(confirm(20), "--limit", "7"), fault.ExitStopped) },
		"crashed": func(v *virtual) { v.mustCrashAt("/reset_factors", 8, confirm(20), "--workers", "2") },
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, 20, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
				others := v.strangers(5)
				crash(v)
				if got := v.read("users.results.input.csv"); got != string(list(v.ids...)) {
					t.Fatalf("the copy holds %q", got)
				}
				v.overwrite("users.csv", list(others...))
				v.wantSaid(v.reset("--resume", "--confirm=acme.okta.com:0-20"), fault.ExitUsage,
					"users.csv isn't the input of "+v.path("users.results.csv"),
					"hint: put corrected or further rows into a file of their own, with results of their own; to finish those results: oktareset reset --resume ", " --output "+v.path("users.results.csv")+"\n")
				if err := os.Remove(v.path("users.csv")); err != nil {
					t.Fatal(err)
				}
				v.wantSaid(v.reset("--resume"), fault.ExitUsage, "it isn't there")
				v.args = []string{"-o", v.path("users.results.csv")}
				v.wantEnd(v.reset("--resume"), 0, v.path("users.results.input.csv")+": 20 rows")
				v.wantEnd(v.reset("--resume"), 0, v.path("users.results.csv")+" is complete: 20 reset")
				v.resets(map[int]int{1: 20})
				v.spared(others)
				v.wantFiles("users.results.csv", "users.results.json")
			})
		})
	}
}

// Without an input, a resume needs results to continue, and their name.
func TestResumeOfNothing(t *testing.T) {
	t.Parallel()
	virtually(t, 2, standin.Config{}, func(v *virtual) {
		v.args = nil
		v.wantEnd(v.reset("--resume"), fault.ExitUsage, "which results? Without FILE, --resume needs --output")
		v.wantEnd(v.reset("-o", v.path("x.csv")), fault.ExitUsage, "which users? FILE is missing")
		v.wantEnd(v.reset("--resume", "-o", v.path("x.csv")), fault.ExitUsage, "nothing to resume: there are no results at "+v.path("x.csv"))
		v.wantFiles("users.csv")
	})
}

// A resume reads the copy with the flags with which the run read the input.
func TestResumeRecallsHowTheInputIsRead(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{
		"--column":    {"--column", "Worker"},
		"--delimiter": {"--column", "Worker", "--delimiter", "|"},
		"--no-header": {"--no-header", "--column", "2"},
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, 3, standin.Config{}, func(v *virtual) {
				text := "name,Worker\n"
				if name == "--no-header" {
					text = ""
				}
				for i, id := range v.ids {
					text += fmt.Sprintf("name %d,%s\n", i, id)
				}
				if name == "--delimiter" {
					text = strings.ReplaceAll(text, ",", "|")
				}
				v.overwrite("users.csv", []byte(text))
				v.wantEnd(v.reset(append(flags, confirm(3), "--limit", "1")...), fault.ExitStopped)
				v.args = []string{"-o", v.path("users.results.csv")}
				v.wantEnd(v.reset("--resume", "--limit", "1"), fault.ExitStopped)
				v.args = []string{v.path("users.csv")} // the same file, without the flags
				v.wantEnd(v.reset("--resume"), 0)
				v.resets(map[int]int{1: 3})
			})
		})
	}
}

// Settled rows can be tried again with the same input, whatever its name, because the copy is gone.
func TestRetryNeedsTheSameInput(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{}, func(v *virtual) {
		v.org.Script(standin.Fault{Kind: standin.WrongStatus, Op: resetOp, UserID: v.ids[1], Times: 1})
		v.wantEnd(v.reset(confirm(3)), fault.ExitRows, "--retry failed,forbidden "+v.path("users.csv"))
		v.wantFiles("users.csv", "users.results.csv", "users.results.json")
		v.args = []string{"-o", v.path("users.results.csv")}
		v.wantEnd(v.reset("--resume"), fault.ExitRows, "is complete: 2 reset, 1 failed")
		v.wantEnd(v.reset("--retry", "failed"), fault.ExitUsage, "has no copy of its input", "give the input again, unchanged: its name was users.csv, its SHA-256 begins with ")
		v.overwrite("other.csv", list(v.ids[1]))
		v.args = []string{v.path("other.csv"), "-o", v.path("users.results.csv")}
		v.wantEnd(v.reset("--retry", "failed"), fault.ExitUsage, "other.csv isn't the input of", "hint: for other users, choose another file with -o: whoever is in both inputs is then reset a second time")
		v.overwrite("other.csv", list(v.ids...))
		v.wantEnd(v.reset("--retry", "failed"), 0)
		v.resets(map[int]int{1: 3})
	})
}

// At whatever point the program dies, a resume or a new run can use the files that it leaves.
func TestCrashPointsOfTheCopy(t *testing.T) {
	t.Parallel()
	type point struct {
		leave  func(v *virtual)
		resume bool // there are results to continue, so another input is refused
	}
	remove := func(v *virtual, names ...string) {
		for _, name := range names {
			if err := os.Remove(v.path(name)); err != nil {
				v.t.Fatal(err)
			}
		}
	}
	unused := func(v *virtual) { // a run that waits for consent, with the power off
		v.t.Helper()
		v.mustCrashAt("/users/me", 1, confirm(4))
		if strings.Count(v.read("users.results.journal"), "\n") != 2 || !strings.Contains(v.read("users.results.json"), `"how": "none"`) {
			v.t.Fatalf("the run had begun:\n%s", v.read("users.results.journal"))
		}
	}
	for name, p := range map[string]point{
		"half of the copy":   {leave: func(v *virtual) { v.overwrite("users.results.input.csv.123.tmp", []byte("userId\n00u")) }},
		"the whole copy":     {leave: func(v *virtual) { v.overwrite("users.results.input.csv.123.tmp", list(v.ids...)) }},
		"the manifest alone": {leave: func(v *virtual) { unused(v); remove(v, "users.results.journal", "users.results.input.csv") }},
		"a ledger without its header": {leave: func(v *virtual) {
			unused(v)
			v.overwrite("users.results.journal", nil)
			remove(v, "users.results.input.csv")
		}},
		"the ledger, no copy":     {leave: func(v *virtual) { unused(v); remove(v, "users.results.input.csv") }},
		"the ledger and its copy": {leave: unused},
		"before the last discard": {leave: func(v *virtual) { unused(v); remove(v, "users.results.journal") }},
		"a row taken":             {leave: func(v *virtual) { v.mustCrashAt("/reset_factors", 1, confirm(4), "--workers", "1") }, resume: true},
		"rows done":               {leave: func(v *virtual) { v.mustCrashAt("/reset_factors", 3, confirm(4), "--workers", "1") }, resume: true},
		"another copy half done": {leave: func(v *virtual) {
			v.mustCrashAt("/reset_factors", 3, confirm(4), "--workers", "1")
			v.overwrite("users.results.input.csv.77.tmp", []byte("userId\n00u"))
			v.overwrite("users.results.json.78.tmp", []byte("{"))
		}, resume: true},
		"finished, with its copy": {leave: func(v *virtual) {
			v.wantEnd(v.reset(confirm(4)), 0)
			v.overwrite("users.results.input.csv", list(v.ids...))
		}, resume: true},
	} {
		for _, same := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, same input %v", name, same), func(t *testing.T) {
				virtually(t, 4, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
					others := v.strangers(4)
					p.leave(v)
					if !same {
						v.overwrite("users.csv", list(others...))
						code := v.reset("--resume", confirm(4))
						if p.resume {
							v.wantSaid(code, fault.ExitUsage, "users.csv isn't the input of")
							v.spared(others)
							v.args = []string{"-o", v.path("users.results.csv")}
							v.wantEnd(v.reset("--resume"), 0)
							v.resets(map[int]int{1: 4})
							v.spared(others)
						} else {
							v.wantEnd(code, 0, "4 reset")
							v.resets(map[int]int{0: 4})
						}
					} else {
						v.want(v.reset("--resume", confirm(4)), 0, v.verified(p.resume && name != "finished, with its copy"))
						v.resets(map[int]int{1: 4})
					}
					v.wantFiles("users.csv", "users.results.csv", "users.results.json")
				})
			})
		}
	}
}

// verified returns how four rows end, one of which may have been in doubt.
func (v *virtual) verified(doubt bool) map[string]int {
	if doubt && strings.Contains(v.read("users.results.csv"), "verified") {
		return map[string]int{"reset": 3, "reset/verified": 1}
	}
	return map[string]int{"reset": 4}
}

// A run that is refused removes the files that it has made.
func TestRefusedRunLeavesNoCopy(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{}, func(v *virtual) {
		v.wantEnd(v.reset(confirm(2)), fault.ExitConsent)
		v.wantEnd(v.reset(), fault.ExitConsent)
		v.wantEnd(v.reset(confirm(3), "--exclude", v.path("none.csv")), fault.ExitUsage)
		v.env = map[string]string{"OKTA_CLIENT_TOKEN": "wrong"}
		v.wantEnd(v.reset(confirm(3)), fault.ExitNoAccess)
		v.env = nil
		v.overwrite("users.csv", []byte("userId\n\"open\n"))
		v.wantEnd(v.reset(confirm(3)), fault.ExitUsage)
		v.overwrite("users.csv", []byte("nothing\nx\n"))
		v.wantEnd(v.reset(confirm(3)), fault.ExitUsage)
		v.wantFiles("users.csv")
	})
}

// A file that has the name of the copy belongs to the user, and stays.
func TestInputWithTheNameOfTheCopy(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{}, func(v *virtual) {
		if err := os.Rename(v.path("users.csv"), v.path("users.results.input.csv")); err != nil {
			t.Fatal(err)
		}
		v.args = []string{v.path("users.results.input.csv"), "-o", v.path("users.results.csv")}
		v.wantEnd(v.reset(confirm(3)), fault.ExitUsage, "has the name of the copy that the run would make")
		v.overwrite("users.csv", list(v.ids[:2]...))
		v.args = []string{v.path("users.csv")}
		v.wantEnd(v.reset(confirm(2)), fault.ExitUsage, "users.results.input.csv\" exists already")
		v.wantFiles("users.csv", "users.results.input.csv")
		v.resets(map[int]int{0: 3})
	})
}

// The run checks before it touches anybody that the disk has room for all that it will write.
func TestRoomForResults(t *testing.T) {
	t.Parallel()
	virtually(t, 1000, standin.Config{Unlimited: true}, func(v *virtual) {
		v.free = 100_000
		v.wantEnd(v.reset(confirm(1000)), fault.ExitUsage, `error: the journal and the results may need 1.1 MB in "`+v.dir+`", where 100 kB are free; nothing was changed`,
			"hint: make room, or name a file on another disk with -o")
		v.free = 10_000
		v.wantEnd(v.reset(confirm(1000)), fault.ExitUsage, "a copy of "+v.path("users.csv")+" may need 21 kB")
		v.wantFiles("users.csv")
		v.resets(map[int]int{0: 1000})
		v.free = 2_000_000
		v.wantEnd(v.reset(confirm(1000)), 0)
		info, err := os.Stat(v.path("users.results.csv"))
		if err != nil || info.Size() > 340*1000 {
			t.Errorf("%d bytes for 1000 rows: more than was asked for, %v", info.Size(), err)
		}
	})
}

// A run touches nobody in an org that doesn't report its ID: the users may have been reset under
// another name of the org.
func TestOrgWithoutID(t *testing.T) {
	t.Parallel()
	virtually(t, 2, standin.Config{}, func(v *virtual) {
		v.tampered = withoutOrgID
		v.wantEnd(v.reset(confirm(2)), fault.ExitUsage, "doesn't report the org's ID: nothing shows which org it is")
		v.resets(map[int]int{0: 2})
		v.wantFiles("users.csv")
		v.wantEnd(v.reset("--dry-run"), 0)
	})
}

// withoutOrgID answers for an org that doesn't report its ID.
func withoutOrgID(r *http.Request, next http.RoundTripper) (*http.Response, error) {
	resp, err := next.RoundTrip(r)
	if err == nil && strings.Contains(r.URL.Path, "well-known") {
		resp.Body = io.NopCloser(strings.NewReader("{}"))
	}
	return resp, err
}

// Nobody is mailed about results, and nothing is said of them, in an org that doesn't report its ID:
// it may be another one under the same name.
func TestResultsInOrgWithoutID(t *testing.T) {
	t.Parallel()
	virtually(t, 2, standin.Config{}, func(v *virtual) {
		v.wantEnd(v.reset(confirm(2)), 0)
		v.tampered = withoutOrgID
		v.wantEnd(v.notify(v.t.Context()), fault.ExitUsage, "doesn't report the org's ID: nothing shows which org it is")
		v.wantEnd(v.run(v.t.Context(), io.Discard, "audit", v.path("users.results.csv"), "--wait", "0"), fault.ExitUsage, "doesn't report the org's ID")
		for _, name := range []string{"users.notify.csv", "users.notify.journal", "users.audit.csv"} {
			if _, err := os.Stat(v.path(name)); err == nil {
				v.t.Errorf("%s is there, though nothing was asked", name)
			}
		}
	})
}

// The command that tries rows again gives the path of the input, also if the results are in another
// folder. If the users came from flags, it names them, also after a resume that didn't name them.
func TestRetryNamesTheInput(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{}, func(v *virtual) {
		if err := os.Mkdir(v.path("out"), 0o700); err != nil {
			v.t.Fatal(err)
		}
		refuse := standin.Fault{Kind: standin.WrongStatus, Op: resetOp, UserID: v.ids[1], Times: 1}
		v.org.Script(refuse)
		v.wantEnd(v.reset(confirm(3), "-o", v.path("out/r.csv")), fault.ExitRows,
			"oktareset reset --resume --retry failed,forbidden --output "+v.path("out/r.csv")+" "+v.path("users.csv")+"\n")
		v.args = []string{"--user", v.ids[0], "--user", v.ids[1]}
		v.wantEnd(v.reset(confirm(2), "-o", v.path("out/u.csv"), "--limit", "1", "--workers", "1"), fault.ExitStopped)
		v.org.Script(refuse)
		v.args = nil
		v.wantEnd(v.reset("--resume", "-o", v.path("out/u.csv")), fault.ExitRows,
			"oktareset reset --resume --retry failed,forbidden --output "+v.path("out/u.csv")+" --user "+v.ids[0]+" --user "+v.ids[1]+"\n")
	})
}
