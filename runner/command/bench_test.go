//go:build simulation

package command

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"text/tabwriter"
)

// BenchmarkGoals measures whether the program reaches its goals, each beside what it is compared
// with, and prints a table at the end. It measures in virtual time if a limit decides the result,
// else by the clock.
func BenchmarkGoals(b *testing.B) {
	g := &goals{dir: inMemory(b)}
	g.binary = sync.OnceValues(g.build)
	g.million = sync.OnceValues(g.runMillion)
	b.Run("windows", g.windows)
	b.Run("others", g.others)
	b.Run("logins", g.logins)
	b.Run("enroll", g.enroll)
	b.Run("outage", g.outage)
	b.Run("losses", g.losses)
	b.Run("unlimited", g.unlimited)
	b.Run("survey", g.survey)
	b.Run("memory", g.memory)
	b.Run("resume", g.resume)
	b.Run("help", g.help)
	if len(g.rows) > 0 {
		g.print(os.Stdout)
	}
}

// goals contains what was measured so far, and what several measurements share.
type goals struct {
	dir     string
	binary  func() (string, error) // the program
	million func() (int, error)    // runs a million users in dir; returns its peak memory in KiB
	org     string                 // of that run
	rows    []goalRow
}

type goalRow struct {
	what, unit     string
	measured, goal float64
	least          bool // the goal is a minimum, not a maximum
}

// report adds a row to the table and to the benchmark's line.
func (g *goals) report(b *testing.B, r goalRow) {
	b.Helper()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(r.measured, r.unit)
	b.ReportMetric(r.goal, "goal")
	g.rows = slices.DeleteFunc(g.rows, func(old goalRow) bool { return old.what == r.what })
	g.rows = append(g.rows, r)
}

func (g *goals) print(to io.Writer) {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "\nwhat\tmeasured\tgoal\t")
	for _, r := range g.rows {
		sign, missed := "≤", r.measured > r.goal
		if r.least {
			sign, missed = "≥", r.measured < r.goal
		}
		verdict := ""
		if missed {
			verdict = "missed"
		}
		_, _ = fmt.Fprintf(w, "%s\t%.4g %s\t%s %g\t%s\n", r.what, r.measured, r.unit, sign, r.goal, verdict)
	}
	_ = w.Flush()
}

// build builds the program.
func (g *goals) build() (string, error) {
	path := filepath.Join(g.dir, "oktareset")
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", path, "oktareset").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, out)
	}
	return path, err
}

func must[T any](b *testing.B, f func() (T, error)) T {
	b.Helper()
	v, err := f()
	if err != nil {
		b.Fatal(err)
	}
	return v
}
