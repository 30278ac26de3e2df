package command_test

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The crash test runs the real program against an org in another process that has every fault at
// once, and kills the program again and again. It asks the org, not the program, what was done to
// whom.

var (
	crashRounds = flag.Int("crash.rounds", 9, "how often the crash test kills, stops or retries, for each variant")
	crashUsers  = flag.Int("crash.users", 200, "users of the crash test, for each variant")
	crashWait   = flag.Bool("crash.wait", false, "wait for proof at the end, as a run does that nobody hurries: a minute a variant")
	crashSeed   = flag.Uint64("crash.seed", 1, "seed of the crash test's choices")
)

var crashFaults = []string{
	"drop_before:reset_factors:p=0.02", "drop_after:reset_factors:p=0.02", "500_before:reset_factors:p=0.01", "500_after:reset_factors:p=0.01",
	"502_before:reset_factors:p=0.01", "504_after:reset_factors:p=0.01", "503_before:reset_factors:p=0.01", "429_bare:reset_factors:p=0.002",
	"429_concurrency:reset_factors:p=0.002", "423:reset_factors:p=0.01", "409:reset_factors:p=0.01", "403_status:reset_factors:p=0.02",
	"garbage:reset_factors:p=0.01", "portal:reset_factors:p=0.005", "hang_after:reset_factors:p=0.002", "hang_before:reset_factors:p=0.002",
}

func TestCrash(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("kills with signals")
	}
	t.Parallel()
	binary := program(t)
	for name, sandbox := range map[string][]string{
		"faults":    nil,
		"re-enroll": {"--reenroll", "50ms"},
		"late":      {"--fault", "504_late:reset_factors:p=0.03:delay=300ms", "--fault", "drop_late:reset_factors:p=0.03:delay=300ms"},
		"classic":   {"--engine", "classic"},
		"strangers": strangersFlags(),
		"halves": {
			"--stays", "push", "--fault", "500_after:reset_factors:p=0.05:part=1", "--fault", "drop_after:reset_factors:p=0.05:part=2",
		},
		"dates": {"--fault", "date:offset=1h:p=0.3", "--fault", "date:offset=-1h:p=0.3", "--fault", "date:offset=15s:p=0.3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &crash{t: t, binary: binary, dir: t.TempDir(), rng: rand.New(rand.NewPCG(*crashSeed, uint64(len(name)))), allowed: map[int]int{}, tally: map[string]int{}}
			c.unprovable = slices.Contains([]string{"strangers", "halves", "dates"}, name)
			c.serve(sandbox)
			for range *crashRounds {
				c.round()
			}
			c.complete()
			c.check()
		})
	}
}

// program builds the program.
func program(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "oktareset")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", binary, "oktareset").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

// strangersFlags make pages of strangers answer some resets, whatever Okta has answered.
func strangersFlags() (flags []string) {
	for _, kind := range []string{"page_before", "page_after", "page_headers_before", "page_headers_after"} {
		for _, code := range []int{200, 403, 404, 429} {
			flags = append(flags, "--fault", fmt.Sprintf("%s:reset_factors:p=0.005:code=%d", kind, code))
		}
	}
	return append(flags, "--fault", "page:get_user:p=0.2:code=200", "--fault", "page_headers:logs:p=0.2:code=200")
}

// crash is one variant of the test.
type crash struct {
	t           *testing.T
	binary, dir string
	rng         *rand.Rand
	env         []string
	host        string
	ids         []string
	unprovable  bool           // its faults remove what would prove the outcome of a row
	allowed     map[int]int    // by row: how often somebody agreed to reset a user again
	tally       map[string]int // what was done to the program
}

// serve starts the org.
func (c *crash) serve(flags []string) {
	c.t.Helper()
	var input strings.Builder
	input.WriteString("userId,login\n")
	for i := range *crashUsers {
		c.ids = append(c.ids, fmt.Sprintf("00u%017d", i))
		fmt.Fprintf(&input, "%s,x\n", c.ids[i])
	}
	if err := os.WriteFile(c.path("users.csv"), []byte(input.String()), 0o600); err != nil {
		c.t.Fatal(err)
	}
	args := []string{
		"sandbox", "--listen", "127.0.0.1:0", "--latency", "10ms", "--fill", c.path("users.csv"),
		"--limit", "900000", "--token-share", "100", "--concurrency", "500", // without limits nothing vouches for its times, and less is proved
	}
	args = append(args, flags...)
	for _, f := range crashFaults {
		args = append(args, "--fault", f)
	}
	cmd := exec.Command(c.binary, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	lines := bufio.NewScanner(out)
	for len(c.env) < 2 && lines.Scan() {
		c.env = append(c.env, strings.TrimPrefix(lines.Text(), "export "))
	}
	if len(c.env) < 2 {
		c.t.Fatal("the org didn't start")
	}
	c.host = strings.TrimPrefix(c.env[0], "OKTA_CLIENT_ORGURL=http://")
}

func (c *crash) path(name string) string { return filepath.Join(c.dir, name) }

// command returns a resume of the run, with another number of workers each time. If there is a copy
// of the input, half of the resumes read it.
func (c *crash) command(flags ...string) (*exec.Cmd, *bytes.Buffer) {
	input := []string{c.path("users.csv")}
	if _, err := os.Stat(c.path("users.results.input.csv")); err == nil && c.rng.IntN(2) == 0 {
		input = []string{"-o", c.path("users.results.csv")}
		c.tally["without the input"]++
	}
	args := []string{
		"reset", "--resume", "--timeout", "1s", "--workers", fmt.Sprint(1 + c.rng.IntN(16)),
	}
	if !slices.Contains(flags, "--confirm") {
		args = append(args, "--confirm", fmt.Sprintf("%s:1-%d", c.host, len(c.ids)))
	}
	cmd := exec.Command(c.binary, slices.Concat(args, input, flags)...)
	cmd.Env = append(os.Environ(), c.env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	return cmd, &stderr
}

// round starts the program and ends it in the middle, or asks for a retry.
func (c *crash) round() {
	c.t.Helper()
	var flags []string
	_, err := os.Stat(c.path("users.results.csv"))
	_, journalErr := os.Stat(c.path("users.results.journal"))
	begun := err == nil || journalErr == nil
	switch n := c.rng.IntN(10); {
	case begun && n == 0:
		flags = []string{"--retry", "failed"}
		c.tally["--retry failed"]++
	case begun && n == 1 && len(c.unknown()) > 0:
		unknown := c.unknown()
		flags = []string{"--retry", "unknown", "--confirm", fmt.Sprintf("%s:%d", c.host, len(unknown))}
		c.tally["--retry unknown"]++
		for _, row := range unknown {
			c.allowed[row]++
		}
	}
	cmd, stderr := c.command(flags...)
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	<-time.After(time.Duration(20+c.rng.IntN(400)) * time.Millisecond)
	sig := syscall.SIGKILL
	if c.rng.IntN(3) == 0 {
		sig = syscall.SIGTERM
	}
	_ = cmd.Process.Signal(sig)
	_ = cmd.Wait()
	switch state := cmd.ProcessState; {
	case !state.Exited():
		c.tally["killed"]++
	case state.ExitCode() == 128+int(syscall.SIGTERM):
		c.tally["terminated"]++
	case state.ExitCode() <= 1 || state.ExitCode() == 5:
		c.tally["ended by itself"]++
	case state.ExitCode() == 3 && strings.Contains(stderr.String(), "in a run that does nothing else"):
		c.tally["--retry unknown refused: others are open"]++
	default:
		c.t.Fatalf("exit code %d:\n%s", state.ExitCode(), stderr)
	}
}

// unknown returns the rows whose last line is unknown, in the journal or in results that need none.
func (c *crash) unknown() []int {
	b, err := os.ReadFile(c.path("users.results.journal"))
	if errors.Is(err, os.ErrNotExist) {
		b, err = os.ReadFile(c.path("users.results.csv"))
	}
	if err != nil {
		c.t.Fatal(err)
	}
	var rows []int
	for n, status := range lastStatuses(b) {
		if status == "unknown" {
			rows = append(rows, n)
		}
	}
	return rows
}

// lastStatuses returns, for each row of a journal or of results, the status in its last line; "taken"
// if the journal says nothing after that.
func lastStatuses(text []byte) map[int]string {
	last := make(map[int]string)
	for _, m := range lineOfRow.FindAllSubmatch(text, -1) {
		var n int
		_, _ = fmt.Sscan(string(m[2]), &n)
		if last[n] = string(m[3]); strings.HasPrefix(string(m[1]), "taken,") {
			last[n] = "taken"
		}
	}
	return last
}

var lineOfRow = regexp.MustCompile(`(?m)^((?:taken|settled),[^,]*,[^,]*,[^,]*,)?(\d+),[^,]*,[^,]*,[^,]*,(\w+),.*\n`)

// complete resumes until nothing is left to do.
func (c *crash) complete() {
	c.t.Helper()
	var flags []string
	if !*crashWait {
		flags = []string{"--max-duration", "4s"}
	}
	for range 100 { // so many answers are lost that they stop a run again and again
		cmd, stderr := c.command(flags...)
		err := cmd.Run()
		c.tally["resumes to the end"]++
		code := cmd.ProcessState.ExitCode()
		if code > 1 && code != 5 {
			c.t.Fatalf("%v:\n%s", err, stderr)
		}
		if said := stderr.String(); strings.Contains(said, " rows in ") && !strings.Contains(said, "not_attempted") { // else it ended before it began
			return
		}
	}
	c.t.Fatal("a hundred resumes didn't come to the end")
}

// deeds returns what the org says was done to a user.
type deeds struct {
	Resets int `json:"resets"`
	Parts  int `json:"partResets"`
}

func (c *crash) deeds(id string) deeds {
	resp, err := http.Get("http://" + c.host + "/sandbox/users/" + id)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	var user struct {
		Deeds deeds `json:"deeds"`
	}
	b, err := io.ReadAll(resp.Body)
	if err == nil {
		err = json.Unmarshal(b, &user)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return user.Deeds
}

// check compares the results with what the org did.
func (c *crash) check() {
	c.t.Helper()
	b, err := os.ReadFile(c.path("users.results.csv"))
	if err != nil {
		c.t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		c.t.Fatal(err)
	}
	if len(rows)-1 != len(c.ids) {
		c.t.Fatalf("%d rows out of %d in", len(rows)-1, len(c.ids))
	}
	for i, row := range rows[1:] {
		if row[0] != fmt.Sprint(i+1) || row[1] != c.ids[i] {
			c.t.Fatalf("line %d is row %s, %s", i+2, row[0], row[1])
		}
		did := c.deeds(row[1])
		resets := did.Resets + did.Parts
		c.tally["resets"] += did.Resets
		c.tally["resets in part"] += did.Parts
		c.tally["rows "+row[4]]++
		if resets > 1 {
			c.tally["reset again with consent"]++
		}
		switch status := row[4]; {
		case resets > 1+c.allowed[i+1]:
			c.t.Errorf("row %d was reset %d times, with consent for %d: %q", i+1, resets, 1+c.allowed[i+1], row)
		case status == "reset" && resets == 0:
			c.t.Errorf("row %d is said to be reset, but wasn't: %q", i+1, row)
		case status == "reset" && did.Resets == 0 && row[5] != "verified":
			c.t.Errorf("row %d is said to be reset, but was in part: %q", i+1, row)
		case status != "reset" && status != "unknown" && resets > 0:
			c.t.Errorf("row %d was reset, but is said to be %s: %q", i+1, status, row)
		case !slices.Contains([]string{"reset", "unknown", "failed"}, status):
			c.t.Errorf("row %d is %s", i+1, status)
		}
	}
	files, err := filepath.Glob(c.path("*.tmp"))
	if copied, copyErr := filepath.Glob(c.path("*.input.csv")); err != nil || copyErr != nil || len(files) > 0 || (len(copied) > 0) != (c.tally["rows unknown"] > 0) {
		c.t.Errorf("%d rows are unknown, and left are %q and %q", c.tally["rows unknown"], files, copied)
	}
	if *crashWait && !c.unprovable && c.tally["rows unknown"]*50 > len(c.ids) {
		c.t.Errorf("%d of %d rows are unknown, more than 2 in 100", c.tally["rows unknown"], len(c.ids))
	}
	for _, what := range slices.Sorted(maps.Keys(c.tally)) {
		c.t.Logf("%5d %s", c.tally[what], what)
	}
}
