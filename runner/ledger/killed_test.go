package ledger

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"oktareset/runner"
)

// killedDir is an environment variable for a process that a test has started: the folder in which
// it writes a ledger until it is killed.
const killedDir = "LEDGER_TEST_DIR"

const killedRows = 100_000

// TestMain makes this program, when a test starts it, a run that takes and settles rows and
// prints the row after each Take.
func TestMain(m *testing.M) {
	dir := os.Getenv(killedDir)
	if dir == "" {
		os.Exit(m.Run())
	}
	if err := writeUntilKilled(dir, os.Args[len(os.Args)-1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func writeUntilKilled(dir, runID string) error {
	spec := testSpec(dir, killedRows)
	l, _, err := Resume(resumeSpec(spec, runID), nil)
	if err != nil {
		return err
	}
	next := make(chan int)
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for n := range next {
				if err := l.Take(testRow(n), testTaken(n)); err != nil {
					fmt.Fprintln(os.Stderr, err)
					return
				}
				fmt.Println(n) // one write: whole, or not at all
				_ = l.Settle(testResult(n, runner.StatusReset))
			}
		})
	}
	for n := 1; n <= killedRows; n++ {
		if _, ok := l.Last(n); !ok {
			next <- n
		}
	}
	close(next)
	workers.Wait()
	return nil
}

// A process is killed again and again while it writes. The next one finds every row whose Take
// had returned, and an open lock.
func TestKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := mustCreate(t, testSpec(dir, killedRows))
	must(t, l.Update(consented))
	must(t, l.Close())
	taken := map[int]bool{}
	for round := range 5 {
		for _, n := range killedRun(t, dir, fmt.Sprint("child", round), 50*(round+1)) {
			if taken[n] {
				t.Errorf("row %d was taken twice", n)
			}
			taken[n] = true
		}
		l, doubts := mustResume(t, resumeSpec(testSpec(dir, killedRows), fmt.Sprint("parent", round)))
		for n := range taken {
			if _, ok := l.Last(n); !ok {
				t.Errorf("row %d is lost", n)
			}
		}
		if len(doubts) > 8*(round+1) {
			t.Errorf("%d rows in doubt after %d kills of 8 workers", len(doubts), round+1)
		}
		must(t, l.Close())
	}
}

// killedRun starts a run, kills it after it has printed some rows, and returns those rows.
func killedRun(t *testing.T, dir, runID string, rows int) []int {
	t.Helper()
	exe, err := os.Executable()
	must(t, err)
	cmd := exec.CommandContext(t.Context(), exe, runID)
	cmd.Env = append(os.Environ(), killedDir+"="+dir)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	var told []int
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		n, err := strconv.Atoi(lines.Text())
		must(t, err)
		if told = append(told, n); len(told) == rows {
			must(t, cmd.Process.Kill())
		}
	}
	_, _ = io.Copy(io.Discard, out)
	_ = cmd.Wait()
	if len(told) < rows {
		t.Fatalf("the run in %q ended after %d rows: %s", filepath.Base(dir), len(told), stderr.String())
	}
	return told
}
