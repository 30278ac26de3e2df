//go:build simulation

package command

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
)

// simulate runs simulations, which only a test can, and returns what they tell.
func simulate(b *testing.B, pattern string) (results []simulationResult) {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.CommandContext(b.Context(), self, "-test.run", "^TestSimulation$/"+pattern, "-test.v")
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for _, m := range toldBySimulation.FindAllStringSubmatch(string(out), -1) {
		var r simulationResult
		r.took, err = time.ParseDuration(m[1])
		if _, scanErr := fmt.Sscan(strings.Join(m[2:], " "), &r.ratio, &r.requests, &r.refused); err != nil || scanErr != nil {
			b.Fatal(m[0], err, scanErr)
		}
		results = append(results, r)
	}
	if len(results) == 0 {
		b.Fatalf("no simulation %s:\n%s", pattern, out)
	}
	return results
}

var toldBySimulation = regexp.MustCompile(`users in (\S+), ratio (\S+) .*; (\d+) requests, 429s: (\d+) of`)

type simulationResult struct {
	took              time.Duration
	ratio             float64
	requests, refused int
}

// latencies of a call are those for which the use of the allowance is promised, as the simulations name them.
var latencies = []string{"50ms", "100ms", "200ms", "300ms"}

func (g *goals) windows(b *testing.B) {
	var worst float64
	for b.Loop() {
		for _, r := range simulate(b, "^ids$") {
			worst = max(worst, r.ratio)
		}
	}
	g.report(b, goalRow{what: "1,500 users, 600 a minute, 50 to 300 ms: time against the allowance's", unit: "ratio", measured: worst, goal: 1.05})
}

func (g *goals) others(b *testing.B) {
	var worst float64
	for b.Loop() {
		for _, r := range simulate(b, "^half_taken") {
			worst = max(worst, float64(r.refused)/float64(r.requests))
		}
	}
	g.report(b, goalRow{what: "another client takes half of the bucket: 429s a call", unit: "429s/call", measured: worst, goal: 0.02})
}

func (g *goals) logins(b *testing.B) {
	var worst float64
	for b.Loop() {
		for _, latency := range latencies {
			logins, ids := simulate(b, "^logins$/^"+latency+"$"), simulate(b, "^ids$/^"+latency+"$")
			worst = max(worst, float64(logins[0].took)/float64(ids[0].took))
		}
	}
	g.report(b, goalRow{what: "a file of logins against one of IDs: time", unit: "ratio", measured: worst, goal: 1.05})
}
