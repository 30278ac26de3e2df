//go:build simulation

package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/progress"
)

const unlimitedUsers = 30_000

// unlimited compares whole runs with a bare loop that keeps no ledger, in turn.
func (g *goals) unlimited(b *testing.B) {
	const workers = 16
	dir := inMemory(b)
	input := filepath.Join(dir, "users.csv")
	ids, err := writeInput(input, unlimitedUsers, "userId")
	if err != nil {
		b.Fatal(err)
	}
	const runs = 3
	var bare, whole time.Duration
	for n := range runs {
		// Each has an org of its own, because a run first reads the log of recent resets, once,
		// however many rows it has.
		env := serveUnlimited(b, must(b, g.binary), input)
		start := time.Now()
		bareLoop(b, env, ids, workers)
		bare += time.Since(start)
		env = serveUnlimited(b, must(b, g.binary), input)
		start = time.Now()
		host := strings.TrimPrefix(env["OKTA_CLIENT_ORGURL"], "http://")
		code, stderr := runCommand(b.Context(), env, nil, "reset", input, "-o", filepath.Join(dir, fmt.Sprintf("%d.csv", n)), "-q",
			"--workers", fmt.Sprint(workers), "--confirm", fmt.Sprintf("%s:%d", host, unlimitedUsers))
		whole += time.Since(start)
		if code != 0 {
			b.Fatalf("exit code %d:\n%s", code, stderr)
		}
	}
	b.ReportMetric(float64(runs*unlimitedUsers)/whole.Seconds(), "rows/s")
	g.report(b, goalRow{
		what: "a server without limits, 16 workers: rows a second against a bare loop's", unit: "ratio", measured: float64(bare) / float64(whole), goal: 0.75, least: true,
	})
}

// serveUnlimited serves an org without limits in another process, and returns the environment
// to use it.
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
	a := appOf(Process{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: &out, Getenv: func(k string) string { return env[k] }, Version: "test"})
	a.Console, a.Transport = console.New(progress.NewScreen(&out), console.Options{}), org
	if err == nil {
		err = a.cli().RunContext(ctx, args)
	}
	a.Console.Fail(err)
	return fault.Code(err), out.String()
}
