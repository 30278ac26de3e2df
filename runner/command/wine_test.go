//go:build wine && linux

package command_test

import (
	"bytes"
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/testdata/ontty"
)

// missingDLL has the one function that Go needs and that wine has since 9.0 only.
const missingDLL = `#include <windows.h>
#include <ntsecapi.h>
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T n) { return RtlGenRandom(data, n); }
`

// wine runs the program for Windows.
type wine struct {
	t    *testing.T
	dir  string // where it works
	home string // of the program and of wine
	exe  string
	env  []string
}

func newWine(t *testing.T, env ...string) *wine {
	t.Helper()
	w := &wine{t: t, dir: t.TempDir(), home: t.TempDir()}
	w.exe = filepath.Join(w.home, "oktareset.exe")
	w.env = append(os.Environ(), "WINEPREFIX="+w.home+"/wine", "WINEDEBUG=-all", "WINEDLLOVERRIDES=mscoree,mshtml=", "DISPLAY=", "USERNAME=operator")
	w.env = append(w.env, env...)
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", w.exe, "oktareset")
	build.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Cleanup(func() { _ = w.tool("wineserver", "-k").Run() })
	if _, out := w.run("--version"); !strings.Contains(out, "bcryptprimitives.dll not found") {
		return w
	}
	source := filepath.Join(w.home, "missing.c")
	if err := os.WriteFile(source, []byte(missingDLL), 0o600); err != nil {
		t.Fatal(err)
	}
	dll := filepath.Join(w.home, "wine/drive_c/windows/system32/bcryptprimitives.dll")
	if out, err := w.tool("x86_64-w64-mingw32-gcc", "-shared", "-o", dll, source, "-ladvapi32").CombinedOutput(); err != nil {
		t.Fatalf("this wine is older than 9 and needs Debian's gcc-mingw-w64-x86-64: %v\n%s", err, out)
	}
	return w
}

// tool returns a command in the folder and environment of the program.
func (w *wine) tool(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = w.dir, w.env
	return cmd
}

// run runs the program without a terminal, and returns its exit code and what it printed.
func (w *wine) run(args ...string) (int, string) {
	w.t.Helper()
	out, err := w.tool("wine", append([]string{w.exe}, args...)...).CombinedOutput()
	w.t.Logf("oktareset %s: %v\n%s", strings.Join(args, " "), err, out)
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0, string(out)
	case errors.As(err, &exit):
		return exit.ExitCode(), string(out)
	}
	w.t.Fatal(err)
	return 0, ""
}

// console is a program on a terminal, which wine makes its console.
type console struct {
	cmd     *exec.Cmd
	control *os.File
	mu      sync.Mutex
	shown   bytes.Buffer
	read    chan struct{} // closed when everything is
}

// start runs the program on a terminal.
func (w *wine) start(args ...string) *console {
	w.t.Helper()
	control, terminal, err := ontty.Open()
	if err != nil {
		w.t.Fatal(err)
	}
	c := &console{cmd: w.tool("wine", append([]string{w.exe}, args...)...), control: control, read: make(chan struct{})}
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = terminal, terminal, terminal
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := c.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	_ = terminal.Close()
	go func() {
		defer close(c.read)
		b := make([]byte, 4096)
		for {
			n, err := control.Read(b)
			c.mu.Lock()
			c.shown.Write(b[:n])
			c.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return c
}

// await waits until the terminal shows a text.
func (c *console) await(t *testing.T, text string) {
	t.Helper()
	for range 600 {
		c.mu.Lock()
		ok := bytes.Contains(c.shown.Bytes(), []byte(text))
		c.mu.Unlock()
		if ok {
			return
		}
		<-time.After(100 * time.Millisecond)
	}
	t.Fatalf("the terminal never shows %q:\n%s", text, &c.shown)
}

// press types on the terminal.
func (c *console) press(keys string) { _, _ = c.control.WriteString(keys) }

// wait returns the exit code and what the terminal has shown.
func (c *console) wait(t *testing.T) (int, string) {
	t.Helper()
	_ = c.cmd.Wait()
	_ = c.control.Close()
	<-c.read
	t.Logf("on a terminal: %v\n%s", c.cmd.ProcessState, &c.shown)
	return c.cmd.ProcessState.ExitCode(), c.shown.String()
}

func (w *wine) want(code, got int, out string, texts ...string) {
	w.t.Helper()
	if got != code {
		w.t.Errorf("exit code %d, want %d", got, code)
	}
	for _, text := range texts {
		if !strings.Contains(out, text) {
			w.t.Errorf("it doesn't say %q:\n%s", text, out)
		}
	}
}

// wantFiles fails the test unless exactly these are there.
func (w *wine) wantFiles(want ...string) {
	w.t.Helper()
	var got []string
	entries, err := os.ReadDir(w.dir)
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if slices.Sort(want); err != nil || !slices.Equal(got, want) {
		w.t.Errorf("there are %q, %v, want %q", got, err, want)
	}
}

// The whole main job on Windows, as far as wine is Windows: a rehearsal, a plan with its page, a
// reset that is allowed on the terminal, Ctrl-C, a second run meanwhile, a kill, resumes, an audit.
func TestWine(t *testing.T) {
	const users = 200
	org := &endingOrg{Org: standin.New(standin.Config{TokenShare: 100, Limits: map[string]int{standin.BucketUsers: 100_000}, Latency: 20 * time.Millisecond})}
	server := httptest.NewServer(org)
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	w := newWine(t, "OKTA_CLIENT_ORGURL="+server.URL, "OKTA_CLIENT_TOKEN="+org.Token())
	input := org.fill(1, users)
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("users.csv", strings.ReplaceAll(input, "\n", "\r\n"))

	code, out := w.run("reset", "--sandbox", "--dry-run", "users.csv")
	w.want(0, code, out, "200 would_reset")
	code, out = w.run("reset", "--sandbox", "users.csv")
	w.want(0, code, out, "200 reset")
	w.wantFiles("users.csv", "users.sandbox.plan.csv", "users.sandbox.plan.json", "users.sandbox.results.csv", "users.sandbox.results.json")
	for _, name := range []string{"plan.csv", "plan.json", "results.csv", "results.json"} {
		_ = os.Remove(filepath.Join(w.dir, "users.sandbox."+name))
	}
	code, out = w.run("whoami")
	w.want(0, code, out, host)
	code, out = w.run("reset", "--dry-run", "-o", `.\users.plan.csv`, "users.csv")
	w.want(0, code, out, "200 would_reset")
	code, out = w.run("report", "users.plan.csv")
	w.want(0, code, out, "users.plan.html")

	// allowed on the terminal; another run is refused meanwhile; Ctrl-C
	var c *console
	org.at, org.ends = 20, func() {
		code, out := w.run("reset", "--resume", "-o", "users.results.csv", "--confirm", host+":0-200")
		w.want(2, code, out, "users.results.csv")
		c.press("\x03")
		c.await(t, "stopping: ")
	}
	c = w.start("reset", "-o", "users.results.csv", "users.csv")
	c.await(t, "type the number of users (200):")
	c.press("200\r")
	code, out = c.wait(t)
	w.want(130, code, out, "not_attempted", "to continue: oktareset reset --resume")
	w.wantFiles("users.csv", "users.plan.csv", "users.plan.html", "users.plan.json", "users.results.csv", "users.results.input.csv", "users.results.journal", "users.results.json")

	// a job needs a consent of its own; on a terminal the recorded one counts; a kill
	code, out = w.run("reset", "--resume", "-o", "users.results.csv")
	w.want(3, code, out, "--confirm "+host)
	org.at, org.ended, org.held = org.Stats().ResetsApplied+20, false, 0
	org.journal, org.stop, org.goOn = filepath.Join(w.dir, "users.results.journal"), func() {}, func() {}
	org.ends = func() {
		if out, err := w.tool("wine", "taskkill", "/F", "/IM", "oktareset.exe").CombinedOutput(); err != nil {
			t.Errorf("taskkill: %v\n%s", err, out)
		}
	}
	c = w.start("reset", "--resume", "-o", "users.results.csv")
	_, out = c.wait(t)
	if !org.ended || strings.Contains(out, " rows in ") {
		t.Error("it wasn't killed")
	}
	code, out = w.run("reset", "--resume", "-o", "users.results.csv", "--confirm", host+":0-200")
	w.want(0, code, out, "200 rows in", "200 reset")
	w.wantFiles("users.csv", "users.plan.csv", "users.plan.html", "users.plan.json", "users.results.csv", "users.results.json")

	code, out = w.run("audit", "users.results.csv")
	w.want(0, code, out, "users.audit.csv")
	code, out = w.run("report", "users.results.csv")
	w.want(0, code, out, "users.results.html")
	code, out = w.run("after", "users.results.csv")
	w.want(1, code, out)

	// the job of the topic: the second start of the day has nothing to do
	write("token.txt", org.Token()+"\r\n")
	write("leavers.csv", "userId\r\n00u00000001000000001\r\n")
	if err := os.Mkdir(filepath.Join(w.dir, "results"), 0o700); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		code, out = w.run("reset", "-q", "--resume", "--allow-empty", "--max-duration", "2h", "--org-url", server.URL, "--token-file", "token.txt",
			"--confirm", host+":0-500", "-o", `results\%Y-%m-%d.results.csv`, "leavers.csv")
		if w.want(0, code, out); out != "" {
			t.Errorf("with -q it says %q", out)
		}
	}
	if s := org.Stats(); s.ResetsApplied != users+1 || s.UsersResetTwice != 1 || len(s.Surprises) > 0 {
		t.Errorf("%+v, want %d resets, one of them of a user whom the job names again", s, users+1)
	}
}
