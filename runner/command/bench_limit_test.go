//go:build simulation

package command

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// simulate runs simulations, which only a test can, and returns what they tell.
func simulate(b *testing.B, pattern string) (results []simulationResult) {
	b.Helper()
	out := runTests(b, "^TestSimulation$/"+pattern)
	for _, m := range toldBySimulation.FindAllStringSubmatch(out, -1) {
		var r simulationResult
		var err error
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

// runTests runs tests of this package, and returns what they tell.
func runTests(b *testing.B, pattern string) string {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	out, err := exec.CommandContext(b.Context(), self, "-test.run", pattern, "-test.v").CombinedOutput()
	if err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

// worst is the most that tests measured.
func worst(b *testing.B, pattern string) float64 {
	b.Helper()
	most := math.Inf(-1)
	for b.Loop() {
		out := runTests(b, pattern)
		for _, m := range measured.FindAllStringSubmatch(out, -1) {
			n, err := strconv.ParseFloat(m[1], 64)
			if err != nil {
				b.Fatal(err)
			}
			most = max(most, n)
		}
		if math.IsInf(most, -1) {
			b.Fatalf("nothing was measured by %s:\n%s", pattern, out)
		}
	}
	return most
}

var measured = regexp.MustCompile(`measured (-?[0-9.]+)`)

var toldBySimulation = regexp.MustCompile(`users in (\S+), ratio (\S+) .*; (\d+) requests, 429s: (\d+) of`)

type simulationResult struct {
	took              time.Duration
	ratio             float64
	requests, refused int
}

// latencies of a call are those for which the use of the allowance is promised, as the
// simulations name them.
var latencies = []string{"50ms", "100ms", "200ms", "300ms"}

func (g *goals) windows(b *testing.B) {
	var worst float64
	for b.Loop() {
		for _, r := range simulate(b, "^ids$") {
			worst = max(worst, r.ratio)
		}
	}
	g.report(b, goalRow{what: "1,500 users, 600 a minute, 50 to 300 ms: time against the allowance's", unit: "ratio", measured: worst, goal: 1.02})
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

func (g *goals) enroll(b *testing.B) {
	g.report(b, goalRow{
		what: "--enroll, from the reset to the new factor: 99 in 100, in latencies of a call", unit: "latencies", measured: worst(b, "^TestTroubleEnroll$"), goal: 3,
	})
}

func (g *goals) outage(b *testing.B) {
	g.report(b, goalRow{
		what: "an outage of 20 s, silence or closed connections: rows in doubt beside those under way", unit: "rows", measured: worst(b, "^TestTroubleOutage$"), goal: 1,
	})
}

func (g *goals) losses(b *testing.B) {
	g.report(b, goalRow{
		what: "1 % of the answers lost by closed connections: time against none", unit: "ratio", measured: worst(b, "^TestTroubleLosses$"), goal: 1.1,
	})
}
