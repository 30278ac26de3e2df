//go:build simulation

package command

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"golang.org/x/sync/errgroup"

	"oktareset/runner/progress"
	"oktareset/runner/roster"
)

// BenchmarkGoals measures what the program has to reach, each thing beside what it is compared with, and prints a table at the end.
// What a limit decides is measured in virtual time, everything else by the clock.
func BenchmarkGoals(b *testing.B) {
	g := &goals{dir: inMemory(b)}
	g.binary = sync.OnceValues(g.build)
	g.million = sync.OnceValues(g.runMillion)
	b.Run("windows", g.windows)
	b.Run("others", g.others)
	b.Run("logins", g.logins)
	b.Run("unlimited", g.unlimited)
	b.Run("survey", g.survey)
	b.Run("memory", g.memory)
	b.Run("resume", g.resume)
	b.Run("help", g.help)
	if len(g.rows) > 0 {
		g.print(os.Stdout)
	}
}

// goals is what was measured so far, and what several measurements share.
type goals struct {
	dir     string
	binary  func() (string, error) // the program
	million func() (int, error)    // a run of a million users in dir; returns its memory at most, in KiB
	org     string                 // of that run
	rows    []goalRow
}

type goalRow struct {
	what, unit     string
	measured, goal float64
	least          bool // the goal is the least, not the most
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

// writeInput writes an export of so many users, and returns their IDs.
func writeInput(path string, users int, column string) (ids []string, err error) {
	input := bytes.NewBufferString(column + ",name,department\n")
	for n := range users {
		id := fmt.Sprintf("00u1%016d", n*7919%1_000_003) // no row twice, as both are prime, and in no order
		if column == "login" {
			id = fmt.Sprintf("user.%d@example.com", n*7919%1_000_003)
		}
		ids = append(ids, id)
		fmt.Fprintf(input, "%s,User Number %d,Customer Operations\n", id, n)
	}
	return ids, os.WriteFile(path, input.Bytes(), 0o600)
}

// bareRead reads a file with nothing but encoding/csv.
func bareRead(b *testing.B, path string) {
	b.Helper()
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	in := csv.NewReader(f)
	in.ReuseRecord = true
	for err == nil {
		_, err = in.Read()
	}
	if !errors.Is(err, io.EOF) {
		b.Fatal(err)
	}
}

const unlimitedUsers = 30_000

// unlimited holds whole runs against a bare loop that keeps no ledger, in turn.
func (g *goals) unlimited(b *testing.B) {
	const workers = 16
	dir := inMemory(b)
	input := filepath.Join(dir, "users.csv")
	ids, err := writeInput(input, unlimitedUsers, "userId")
	if err != nil {
		b.Fatal(err)
	}
	env := serveUnlimited(b, must(b, g.binary), input)
	const runs = 3
	var bare, whole time.Duration
	for n := range runs {
		start := time.Now()
		bareLoop(b, env, ids, workers)
		bare += time.Since(start)
		start = time.Now()
		host := strings.TrimPrefix(env["OKTA_CLIENT_ORGURL"], "http://")
		code, stderr := runCommand(b.Context(), env, nil, "reset", input, "-o", filepath.Join(dir, fmt.Sprintf("%d.csv", n)), "--progress", "none",
			"--workers", fmt.Sprint(workers), "--confirm", fmt.Sprintf("%s:%d", host, unlimitedUsers))
		whole += time.Since(start)
		if code != 0 {
			b.Fatalf("exit code %d:\n%s", code, stderr)
		}
	}
	b.ReportMetric(float64(runs*unlimitedUsers)/whole.Seconds(), "rows/s")
	g.report(b, goalRow{
		what: "a server without limits, 16 workers: rows a second against a bare loop's", unit: "ratio", measured: float64(bare) / float64(whole), goal: 0.5, least: true,
	})
}

// serveUnlimited serves an org without limits in another process, and returns the environment to use it.
func serveUnlimited(b *testing.B, binary, fill string) map[string]string {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), binary, "sandbox", "--listen", "127.0.0.1:0", "--unlimited", "--latency", "0s", "--fill", fill)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	env := make(map[string]string)
	for range 2 {
		var export, setting string
		if _, err := fmt.Fscanln(out, &export, &setting); err != nil {
			b.Fatal(err)
		}
		name, value, _ := strings.Cut(setting, "=")
		env[name] = value
	}
	return env
}

// bareLoop resets users as a script would.
func bareLoop(b *testing.B, env map[string]string, ids []string, workers int) {
	b.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: workers}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var pool errgroup.Group
	pool.SetLimit(workers)
	for _, id := range ids {
		pool.Go(func() error {
			url := env["OKTA_CLIENT_ORGURL"] + "/api/v1/users/" + id + "/lifecycle/reset_factors"
			req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, url, nil)
			if err != nil {
				return err
			}
			req.Header.Set("Authorization", "SSWS "+env["OKTA_CLIENT_TOKEN"])
			resp, err := client.Do(req)
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				return errors.New(resp.Status)
			}
			_, err = io.Copy(io.Discard, resp.Body)
			return err
		})
	}
	if err := pool.Wait(); err != nil {
		b.Fatal(err)
	}
}

// runCommand runs a command line in this process.
func runCommand(ctx context.Context, env map[string]string, org http.RoundTripper, args ...string) (code int, stderr string) {
	var out bytes.Buffer
	args, err := permute(append([]string{"oktareset"}, args...))
	a := &app{
		Process: Process{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: &out, Getenv: func(k string) string { return env[k] }, Version: "test"},
		console: newConsole(progress.NewScreen(&out), consoleOptions{}), transport: org,
	}
	if err == nil {
		err = a.cli().RunContext(ctx, args)
	}
	a.console.fail(err)
	return exitCode(err), out.String()
}

const millionUsers = 1_000_000

func (g *goals) survey(b *testing.B) {
	var worst float64
	for _, column := range []string{"userId", "login"} {
		path := filepath.Join(inMemory(b), "users.csv")
		if _, err := writeInput(path, millionUsers, column); err != nil {
			b.Fatal(err)
		}
		var bare, surveyed time.Duration
		for range 3 {
			start := time.Now()
			bareRead(b, path)
			bare += time.Since(start)
			start = time.Now()
			f, err := roster.Open(path, roster.Options{})
			if err != nil {
				b.Fatal(err)
			}
			if s, err := f.Survey(b.Context()); err != nil || s.Distinct != millionUsers {
				b.Fatalf("Survey() = %+v, %v", s, err)
			}
			surveyed += time.Since(start)
			_ = f.Close()
		}
		worst = max(worst, float64(surveyed)/float64(bare))
	}
	g.report(b, goalRow{what: "survey of 1,000,000 rows, the slower of IDs and logins, against a bare read", unit: "ratio", measured: worst, goal: 3})
}

// millionOrg answers as little as an org can: the run is measured, not the org.
func millionOrg(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Okta-Request-Id", "reqMillion")
	h.Set("X-Rate-Limit-Limit", "1000000000")
	h.Set("X-Rate-Limit-Remaining", "999999999")
	h.Set("X-Rate-Limit-Reset", strconv.FormatInt(time.Now().Unix()+60, 10))
	body := "{}"
	switch r.URL.Path {
	case "/api/v1/users/me":
		body = `{"id":"00uowner000000000000","status":"ACTIVE","profile":{"login":"admin@example.com"}}`
	case "/api/v1/users":
		body = "[]"
	}
	_, _ = io.WriteString(w, body)
}

// millionDone is where the run of a million stops: the resume has the rest to do.
const millionDone = millionUsers - 1000

func (g *goals) millionInput() string { return filepath.Join(g.dir, "users.csv") }

// runMillion is a run of the program itself.
func (g *goals) runMillion() (peak int, err error) {
	binary, err := g.binary()
	if err != nil {
		return 0, err
	}
	if _, err := writeInput(g.millionInput(), millionUsers, "userId"); err != nil {
		return 0, err
	}
	org := httptest.NewServer(http.HandlerFunc(millionOrg))
	defer org.Close()
	g.org = org.URL
	var stderr bytes.Buffer
	cmd := exec.Command(binary, "reset", g.millionInput(), "--progress", "none", "--limit", fmt.Sprint(millionDone),
		"--confirm", fmt.Sprintf("%s:%d", strings.TrimPrefix(org.URL, "http://"), millionUsers))
	cmd.Env, cmd.Stderr = append(os.Environ(), "OKTA_CLIENT_ORGURL="+org.URL, "OKTA_CLIENT_TOKEN=00million"), &stderr
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			peak = max(peak, peakMemory(cmd.Process.Pid))
		case err := <-ended:
			if code := cmd.ProcessState.ExitCode(); code != exitStopped {
				return 0, fmt.Errorf("exit code %d, want %d, %w:\n%s", code, exitStopped, err, stderr.String())
			}
			return peak, nil
		}
	}
}

// peakMemory is the most that a process has had in memory, in KiB; 0 when it isn't known.
func peakMemory(pid int) int {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(b), "VmHWM:")
	var kib int
	_, _ = fmt.Sscan(after, &kib)
	return kib
}

func (g *goals) memory(b *testing.B) {
	peak := must(b, g.million)
	if peak == 0 {
		b.Skip("there is no /proc to read it from")
	}
	g.report(b, goalRow{what: "1,000,000 rows: resident memory at most", unit: "MiB", measured: float64(peak) / 1024, goal: 64})
}

// firstRequest stops a run at its first request.
type firstRequest struct {
	stop context.CancelCauseFunc
	at   time.Time
}

// RoundTrip implements [http.RoundTripper].
func (f *firstRequest) RoundTrip(req *http.Request) (*http.Response, error) {
	if f.at.IsZero() {
		f.at = time.Now()
	}
	f.stop(Signal{os.Interrupt})
	return nil, errStopped
}

var errStopped = errors.New("stopped before it was sent")

func (g *goals) resume(b *testing.B) {
	if _, err := g.million(); err != nil {
		b.Fatal(err)
	}
	env := map[string]string{"OKTA_CLIENT_ORGURL": g.org, "OKTA_CLIENT_TOKEN": "00million"}
	var bare, resumed time.Duration
	for range 3 {
		start := time.Now()
		bareRead(b, g.millionInput())
		bareRead(b, filepath.Join(g.dir, "users.results.csv"))
		bare += time.Since(start)
		ctx, stop := context.WithCancelCause(b.Context())
		org := &firstRequest{stop: stop}
		start = time.Now()
		code, stderr := runCommand(ctx, env, org, "reset", g.millionInput(), "--resume", "--progress", "none")
		if interrupted := (Signal{os.Interrupt}); org.at.IsZero() || code != interrupted.ExitCode() {
			b.Fatalf("exit code %d:\n%s", code, stderr)
		}
		resumed += org.at.Sub(start)
	}
	b.ReportMetric(resumed.Seconds()/3, "s")
	g.report(b, goalRow{
		what: "resume of a 1,000,000-row ledger: first request against a bare read of both files", unit: "ratio",
		measured: float64(resumed) / float64(bare), goal: 3,
	})
}

// help is the program's start: a process that says what it can do.
func (g *goals) help(b *testing.B) {
	binary := must(b, g.binary)
	var took []time.Duration
	for range 20 {
		start := time.Now()
		if out, err := exec.CommandContext(b.Context(), binary, "--help").CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	g.report(b, goalRow{what: "oktareset --help: median of 20", unit: "ms", measured: float64(took[10].Microseconds()) / 1000, goal: 20})
}
