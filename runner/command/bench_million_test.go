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
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"oktareset/runner/fault"
	"oktareset/runner/roster"
)

const millionUsers = 1_000_000

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
	in.ReuseRecord, in.FieldsPerRecord = true, -1
	for err == nil {
		_, err = in.Read()
	}
	if !errors.Is(err, io.EOF) {
		b.Fatal(err)
	}
}

// survey compares the survey of a million rows, with their copy, with reading them, in turn.
func (g *goals) survey(b *testing.B) {
	for _, column := range []string{"userId", "login"} {
		path := filepath.Join(inMemory(b), "users.csv")
		if _, err := writeInput(path, millionUsers, column); err != nil {
			b.Fatal(err)
		}
		var bare, surveyed time.Duration
		for range 5 {
			start := time.Now()
			bareRead(b, path)
			bare += time.Since(start)
			start = time.Now()
			to, err := os.CreateTemp(filepath.Dir(path), "copy")
			if err != nil {
				b.Fatal(err)
			}
			f, err := roster.OpenCopying(path, to, roster.Options{})
			if err != nil {
				b.Fatal(err)
			}
			if s, err := f.Survey(b.Context()); err != nil || s.Distinct != millionUsers {
				b.Fatalf("Survey() = %+v, %v", s, err)
			}
			surveyed += time.Since(start)
			_ = errors.Join(f.Close(), to.Close(), os.Remove(to.Name()))
		}
		ratio := float64(surveyed) / float64(bare)
		g.report(b, goalRow{what: "survey of 1,000,000 rows by " + column + ", with its copy, against a bare read", unit: "ratio", measured: ratio, goal: 4})
	}
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
	case "/.well-known/okta-organization":
		body = `{"id":"00omillion","pipeline":"idx"}`
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
	cmd := exec.Command(binary, "reset", g.millionInput(), "-q", "--limit", fmt.Sprint(millionDone),
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
			if code := cmd.ProcessState.ExitCode(); code != fault.ExitStopped {
				return 0, fmt.Errorf("exit code %d, want %d, %w:\n%s", code, fault.ExitStopped, err, stderr.String())
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
	g.report(b, goalRow{what: "a run of 1,000,000 rows, as a process: resident memory at most", unit: "MiB", measured: float64(peak) / 1024, goal: 64})
}

// firstRequest stops a run at the first request that its ledger has to be read for: not the one for
// the org's ID.
type firstRequest struct {
	stop context.CancelCauseFunc
	at   time.Time
}

// RoundTrip implements [http.RoundTripper].
func (f *firstRequest) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.Contains(req.URL.Path, "okta-organization") {
		w := httptest.NewRecorder()
		millionOrg(w, req)
		return w.Result(), nil
	}
	if f.at.IsZero() {
		f.at = time.Now()
	}
	f.stop(fault.Signal{Signal: os.Interrupt})
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
		bareRead(b, filepath.Join(g.dir, "users.results.input.csv"))
		bareRead(b, filepath.Join(g.dir, "users.results.journal"))
		bare += time.Since(start)
		ctx, stop := context.WithCancelCause(b.Context())
		org := &firstRequest{stop: stop}
		start = time.Now()
		code, stderr := runCommand(ctx, env, org, "reset", "--resume", "-o", filepath.Join(g.dir, "users.results.csv"), "-q")
		if interrupted := (fault.Signal{Signal: os.Interrupt}); org.at.IsZero() || code != interrupted.ExitCode() {
			b.Fatalf("exit code %d:\n%s", code, stderr)
		}
		resumed += org.at.Sub(start)
	}
	b.ReportMetric(resumed.Seconds()/3, "s")
	g.report(b, goalRow{
		what: "resume of a 1,000,000-row journal, 1,000 left: time to the first request, against a bare read of both files", unit: "ratio",
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
