//go:build unix

package command_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
)

const nightUsers = 60

// endingOrg is a stand-in org that ends the program in the middle of a run.
type endingOrg struct {
	*standin.Org
	ends func() // nil: it doesn't
	at   int    // the number of resets at which it does

	// For a program that is killed: its journal, and what stops it for a moment, to look at that, and
	// lets it go on. No answer of a held request comes back.
	journal    string
	stop, goOn func()

	mu    sync.Mutex
	done  map[int]bool  // rows whose reset was here
	held  int           // resets that wait for the end
	ended bool          // the end was there
	gone  chan struct{} // closed when it was
}

// ServeHTTP is the org. When it is time, it does all resets and holds the answers, and ends the
// program before it gets one.
func (o *endingOrg) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if o.ends == nil || !strings.HasSuffix(r.URL.Path, "/lifecycle/reset_factors") {
		o.Org.ServeHTTP(w, r)
		return
	}
	var row int
	_, _ = fmt.Sscanf(strings.TrimPrefix(r.URL.Path, "/api/v1/users/"), userForm, new(int), &row)
	defer o.here(row + 1)
	if !o.hold() {
		o.Org.ServeHTTP(w, r)
		return
	}
	answer := httptest.NewRecorder()
	o.Org.ServeHTTP(answer, r)
	o.here(row + 1)
	<-o.gone
	if o.journal != "" {
		panic(http.ErrAbortHandler)
	}
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

func (o *endingOrg) here(row int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.done == nil {
		o.done = make(map[int]bool)
	}
	o.done[row] = true
}

// hold reports whether a reset comes when the program is to be ended.
func (o *endingOrg) hold() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended || o.Stats().ResetsApplied < o.at {
		return false
	}
	if o.held++; o.held == 1 {
		o.gone = make(chan struct{})
		go o.end()
	}
	return true
}

// end ends the program. It kills it only when every reset that the journal has as taken was here:
// else it takes the program a minute to prove that a user wasn't reset.
func (o *endingOrg) end() {
	<-time.After(200 * time.Millisecond)
	for range 100 {
		if o.journal == "" {
			break
		}
		o.stop()
		if o.allHere() {
			break
		}
		o.goOn()
		<-time.After(50 * time.Millisecond)
	}
	o.ends()
	if o.journal == "" { // it is to notice the signal before it gets an answer, and asks for more
		<-time.After(500 * time.Millisecond)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended = true
	close(o.gone)
}

func (o *endingOrg) allHere() bool {
	paths, err := filepath.Glob(o.journal)
	if err != nil || len(paths) != 1 {
		return false
	}
	b, err := os.ReadFile(paths[0])
	if err != nil {
		return false
	}
	for range 20 { // a request may be on its way
		o.mu.Lock()
		missing := false
		for row, status := range lastStatuses(b) {
			missing = missing || status == "taken" && !o.done[row]
		}
		o.mu.Unlock()
		if !missing {
			return true
		}
		<-time.After(10 * time.Millisecond)
	}
	return false
}

// signalTo returns what sends a signal to the process that a file names.
func signalTo(file string, s syscall.Signal) func() {
	return func() {
		b, err := os.ReadFile(file)
		if pid, convErr := strconv.Atoi(strings.TrimSpace(string(b))); err == nil && convErr == nil {
			_ = syscall.Kill(pid, s)
		}
	}
}

// userForm is the ID of a user, of an org and a place in the file.
const userForm = "00u%08d%09d"

// fill adds users to the org, and returns their file.
func (o *endingOrg) fill(seed, users int) string {
	var ids []string
	for i := range users {
		ids = append(ids, fmt.Sprintf(userForm, seed, i))
	}
	o.AddIdentifiers(func(yield func(string) bool) {
		for _, id := range ids {
			if !yield(id) {
				return
			}
		}
	})
	return "userId\n" + strings.Join(ids, "\n") + "\n"
}

// nightOrg is one of the orgs that one machine resets in a night.
type nightOrg struct {
	endingOrg

	name   string
	signal syscall.Signal // ends the program in the middle of its first run; 0: none does
	users  string         // how many may be reset
	token  string         // in the file; "": the org's own
	faults []string       // of the stand-in
	down   bool           // nobody answers
	late   string         // a row that isn't in the org

	code    int      // at the end
	says    []string // in the summary, in this order
	resets  int
	refused bool // the org got no request to reset anybody
}

// serve starts the org and writes its folder. It returns its line of orgs.csv.
func (o *nightOrg) serve(t *testing.T, dir string, seed int) string {
	t.Helper()
	o.Org, o.at = standin.New(standin.Config{Seed: uint64(seed), TokenShare: 100, Limits: map[string]int{standin.BucketUsers: 100_000}, Latency: 5 * time.Millisecond}), nightUsers/3
	input := o.fill(seed, nightUsers)
	for _, spec := range o.faults {
		f, err := standin.ParseFault(spec)
		if err != nil {
			t.Fatal(err)
		}
		o.Script(f)
	}
	server := httptest.NewServer(&o.endingOrg)
	t.Cleanup(server.Close)
	if o.down {
		server.Close()
	}
	token := o.token
	if token == "" {
		token = o.Token()
	}
	if o.signal != 0 {
		o.ends = signalTo(filepath.Join(dir, "pid"), o.signal)
	}
	if o.signal == syscall.SIGKILL {
		o.journal = filepath.Join(dir, "results/*.journal")
		o.stop, o.goOn = signalTo(filepath.Join(dir, "pid"), syscall.SIGSTOP), signalTo(filepath.Join(dir, "pid"), syscall.SIGCONT)
	}
	if err := os.MkdirAll(filepath.Join(dir, "results"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"token": token + "\n", "leavers.csv": input + o.late} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return fmt.Sprintf("%s,%s,%s,90\n", o.name, strings.TrimPrefix(server.URL, "http://"), o.users)
}

// nightProgram notes its process for the org, then it is the real one.
const nightProgram = `#!/bin/sh
for word; do case $word in orgs/*/leavers.csv) echo $$ >"${word%%leavers.csv}pid" ;; esac; done
exec %s "$@"
`

// One machine resets ten orgs in a night, by the script of the topic jobs. Whatever happens to one
// of them, everybody of the others is reset once, and in the morning the script names exactly the
// orgs that need attention, with what to do.
func TestNight(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	orgs := []*nightOrg{
		{name: "calm", resets: nightUsers},
		{name: "lossy", faults: []string{"drop_after:reset_factors:p=0.03", "502_after:reset_factors:p=0.03"}, resets: nightUsers},
		{name: "busy", faults: []string{"429_concurrency:reset_factors:p=0.03", "423:reset_factors:p=0.03"}, resets: nightUsers},
		{name: "killed", signal: syscall.SIGKILL, resets: nightUsers},
		{name: "killed2", signal: syscall.SIGKILL, resets: nightUsers},
		{name: "stopped", signal: syscall.SIGTERM, resets: nightUsers},
		{name: "down", down: true, code: 2, says: []string{"can't be reached", "hint: check the org URL"}, refused: true},
		{name: "revoked", token: "00revoked", code: 4, says: []string{"401 Unauthorized", "hint: make a new API token"}, refused: true},
		{name: "many", users: "0-50", code: 3, says: []string{"the file names 60 users", "hint: look at the file"}, refused: true},
		{name: "typo", late: "00u0typo0000000000x\n", code: 1, says: []string{"these rows need attention:", "line 62 00u0typo0000000000x: no such user", "results=orgs/typo/results/"}, resets: nightUsers},
	}
	var list string
	for i, o := range orgs {
		if o.users == "" {
			o.users = "0-500"
		}
		list += o.serve(t, filepath.Join(dir, "orgs", o.name), i+1)
	}
	out, state := runNight(t, dir, list+"absent,127.0.0.1:9,0-500,90") // the last line may have no end
	if used, ok := state.SysUsage().(*syscall.Rusage); ok {
		t.Logf("%d users: %v of processor time, %d MiB for the largest process\n%s", len(orgs)*nightUsers, state.UserTime()+state.SystemTime(), used.Maxrss>>10, out)
	}
	if state.ExitCode() != 4 {
		t.Errorf("exit code %d, want 4, the worst", state.ExitCode())
	}
	said := parts(out)
	if !strings.HasPrefix(said["absent"], "absent: exit code 2\n") {
		t.Errorf("of an org without a folder the summary says %q", said["absent"])
	}
	for _, o := range orgs {
		if info, err := os.Stat(filepath.Join(dir, "orgs", o.name, "log")); err != nil || info.Mode() != 0o600 {
			t.Errorf("the log of %s: %v, %v, want mode 600", o.name, info, err)
		}
		stats := o.Stats()
		if stats.ResetsApplied != o.resets || stats.UsersResetTwice != 0 || len(stats.Surprises) > 0 || o.refused && stats.ByOp["reset_factors"] > 0 {
			t.Errorf("%s: %d resets, want %d; %+v", o.name, stats.ResetsApplied, o.resets, stats)
		}
		if o.signal != 0 && !o.ended {
			t.Errorf("%s wasn't ended", o.name)
		}
		head, text, _ := strings.Cut(said[o.name], "\n")
		if o.code == 0 && said[o.name] == "" {
			continue
		}
		if want := fmt.Sprintf("%s: exit code %d", o.name, o.code); head != want {
			t.Errorf("the summary says %q, want %q", head, want)
		}
		for _, want := range o.says {
			var ok bool
			if _, text, ok = strings.Cut(text, want); !ok {
				t.Errorf("of %s the summary doesn't say %q:\n%s", o.name, want, said[o.name])
			}
		}
	}
}

// runNight runs the script of the topic, with a short pause before it goes on.
func runNight(t *testing.T, dir, orgs string) (string, *os.ProcessState) {
	t.Helper()
	script, err := os.ReadFile("../../testdata/recipes/night/reset-all")
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"orgs.csv":      orgs,
		"bin/oktareset": fmt.Sprintf(nightProgram, program(t)),
		"bin/sleep":     "#!/bin/sh\n[ $1 = 600 ]\n",
		"bin/reset-all": strings.NewReplacer("/var/lib/oktareset", dir, "https://", "http://").Replace(string(script)),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(bin, "reset-all"))
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "HOME="+dir)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), cmd.ProcessState
}

// parts are those of the summary, by org.
func parts(summary string) map[string]string {
	all := make(map[string]string)
	var name string
	for line := range strings.Lines(summary) {
		if org, _, ok := strings.Cut(line, ": exit code "); ok {
			name = org
		}
		all[name] += line
	}
	return all
}
