package command

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner/fault"
	"oktareset/runner/results"
)

// A help desk takes so many calls an hour: no more users are reset in one.
func TestRateByTheHour(t *testing.T) {
	t.Parallel()
	virtually(t, 21, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		start := time.Now()
		v.want(v.reset(confirm(21), "--rate", "20/h"), 0, map[string]int{"reset": 21})
		if took := time.Since(start); took < time.Hour || took > time.Hour+10*time.Minute {
			t.Errorf("21 users at 20 an hour took %v", took)
		}
	})
}

// A plan isn't slowed by the rate of its run. It says who is reset by when, with the calls of
// all steps, and its command has the rate.
func TestPlanSaysThePace(t *testing.T) {
	virtually(t, 30, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		start := time.Now()
		if code := v.reset("--dry-run", "--rate", "10/h", "--clear-sessions", "-o", v.path("users.plan.csv")); code != 0 || time.Since(start) > time.Minute {
			t.Errorf("exit code %d after %v:\n%s", code, time.Since(start), v.stderr)
		}
		for _, want := range []string{"5 users an hour: 5 reset after 1 h, 20 after 4 h, all 30 after 6 h\n", "--clear-sessions --rate 10/h "} {
			if !strings.Contains(v.stderr, want) {
				t.Errorf("it doesn't say %q:\n%s", want, v.stderr)
			}
		}
		data, err := os.ReadFile(v.path("users.plan.json"))
		var m results.Manifest
		if err == nil {
			err = json.Unmarshal(data, &m)
		}
		if err != nil || m.Run().UsersAnHour != 5 {
			t.Errorf("%v users an hour, %v", m.Run().UsersAnHour, err)
		}
		v.resets(map[int]int{0: 30})
	})
}

// The question says who is reset by when, and what the org's whole limit would give; of a
// short run it says neither.
func TestQuestionSaysThePace(t *testing.T) {
	for name, c := range map[string]struct {
		limit  int
		flags  []string
		says   []string
		silent []string
	}{
		"slowly":      {600, []string{"--rate", "5/h"}, []string{"time     about 6 h 00 min (--rate 5/h)", "         5 users an hour: 5 reset by "}, []string{"with all of it", "calls a minute"}},
		"a low limit": {2, nil, []string{"time     about 14 minutes", "A token has half of the org's limit by default; with all of it: about 7 minutes. An admin changes that in the Admin Console: Security, API, Tokens, the token"}, []string{"reset by"}},
		"fast":        {600, nil, []string{"time     less than a minute"}, []string{"reset by", "with all of it"}},
	} {
		virtually(t, 30, standin.Config{TokenShare: 100, Limits: map[string]int{standin.BucketUsers: c.limit}}, func(v *virtual) {
			p := &person{answer: "no"}
			v.asker = p
			if code := v.reset(append(c.flags, "--max-api-capacity", "100")...); code != fault.ExitConsent || len(p.asked) != 1 {
				t.Fatalf("%s: exit code %d, asked %q\n%s", name, code, p.asked, v.stderr)
			}
			asked := strings.Join(strings.Fields(p.asked[0]), " ")
			for _, text := range c.says {
				if !strings.Contains(asked, strings.Join(strings.Fields(text), " ")) {
					t.Errorf("%s: it doesn't say %q: %s", name, text, p.asked[0])
				}
			}
			for _, text := range c.silent {
				if strings.Contains(asked, text) {
					t.Errorf("%s: it says %q: %s", name, text, p.asked[0])
				}
			}
		})
	}
}
