//go:build unix

package command_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"go.yaml.in/yaml/v3"

	"oktareset/oktaclient/standin"
)

// actionStep is a step of the workflow of the topic actions, with what it uses of their language.
type actionStep struct {
	ID   string
	Uses string
	If   string
	With map[string]string
	Env  map[string]string
	Run  string
}

// actions is what GitHub has and does for the workflow.
type actions struct {
	t      *testing.T
	steps  []actionStep
	values map[string]string // of expressions
	repo   string            // what checkout gets
	kept   string            // the folder of the artifacts that attempts have left
	bin    string
	pid    string // the file that names the process of a step
}

// attempt runs the job on a fresh machine, and returns the exit code of the step that failed, or 0.
// As at GitHub, a failed step skips the others except if they always run, and an artifact keeps no
// modes of files.
func (a *actions) attempt(number string) (code int) {
	a.t.Helper()
	a.values["github.run_attempt"] = number
	machine := a.t.TempDir()
	work := filepath.Join(machine, "work")
	for _, s := range a.steps {
		if s.If == "github.run_attempt > 1" && number == "1" || code != 0 && s.If != "always()" {
			continue
		}
		results := filepath.Join(work, "results")
		switch s.Uses {
		case "actions/checkout@v4":
			a.copy(work, a.repo)
		case "actions/download-artifact@v4":
			// Without these two, it finds the artifacts of its own attempt only.
			if a.fill(s.With["run-id"]) != a.values["github.run_id"] || a.fill(s.With["github-token"]) != a.values["github.token"] || s.With["path"] != "results" {
				a.t.Fatalf("the download is %v", s.With)
			}
			from := filepath.Join(a.kept, a.fill(s.With["name"]))
			if _, err := os.Stat(from); err != nil {
				code = 1
				continue
			}
			a.copy(results, from)
		case "actions/upload-artifact@v4":
			to := filepath.Join(a.kept, a.fill(s.With["name"]))
			if err := os.RemoveAll(to); err != nil || s.With["path"] != "results" {
				a.t.Fatalf("the upload is %v, %v", s.With, err)
			}
			if files, _ := filepath.Glob(results + "/*"); len(files) > 0 {
				a.copy(to, results)
			}
		case "":
			code = a.shell(machine, work, s)
		default:
			a.t.Fatalf("the workflow uses %s", s.Uses)
		}
	}
	return code
}

var actionExpression = regexp.MustCompile(`\$\{\{ (\S+) \}\}`)

// shell runs a step as GitHub does: by bash -e, with the values of the expressions in its environment.
// A signal goes to the shell alone.
func (a *actions) shell(machine, work string, s actionStep) int {
	script := filepath.Join(machine, "step.sh")
	if err := os.WriteFile(script, []byte(s.Run), 0o600); err != nil {
		a.t.Fatal(err)
	}
	cmd := exec.CommandContext(a.t.Context(), "bash", "-e", script)
	cmd.Dir = work
	output := filepath.Join(machine, "output")
	cmd.Env = []string{"PATH=" + a.bin + ":" + os.Getenv("PATH"), "HOME=" + machine, "RUNNER_TEMP=" + machine, "GITHUB_OUTPUT=" + output}
	for name, value := range s.Env {
		cmd.Env = append(cmd.Env, name+"="+a.fill(value))
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Start()
	if err == nil {
		err = os.WriteFile(a.pid, []byte(strconv.Itoa(cmd.Process.Pid)), 0o600)
	}
	if err != nil {
		a.t.Fatal(err)
	}
	err = cmd.Wait()
	a.t.Logf("attempt %s: %v\n%s", a.values["github.run_attempt"], err, &out)
	if said, err := os.ReadFile(output); err == nil && s.ID != "" {
		name, value, _ := strings.Cut(strings.TrimSpace(string(said)), "=")
		a.values["steps."+s.ID+".outputs."+name] = value
	}
	return cmd.ProcessState.ExitCode()
}

// fill puts values in the place of their expressions.
func (a *actions) fill(text string) string {
	return actionExpression.ReplaceAllStringFunc(text, func(x string) string {
		v, ok := a.values[actionExpression.FindStringSubmatch(x)[1]]
		if !ok {
			a.t.Fatalf("nobody sets %s", x)
		}
		return v
	})
}

func (a *actions) copy(to, from string) {
	a.t.Helper()
	entries, err := os.ReadDir(from)
	if err != nil {
		a.t.Fatal(err)
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		a.t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") { // the upload leaves hidden files out
			continue
		}
		b, err := os.ReadFile(filepath.Join(from, e.Name()))
		if err == nil {
			err = os.WriteFile(filepath.Join(to, e.Name()), b, 0o644)
		}
		if err == nil {
			err = os.Chmod(filepath.Join(to, e.Name()), 0o644)
		}
		if err != nil {
			a.t.Fatal(err)
		}
	}
}

// newActions has the workflow, with a key for the org.
func newActions(t *testing.T, org *endingOrg) *actions {
	t.Helper()
	server := httptest.NewServer(org)
	t.Cleanup(server.Close)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	app := org.AddApp(standin.App{Key: key.Public(), Scopes: []string{"okta.users.manage", "okta.users.read", "okta.logs.read"}})
	text, err := os.ReadFile("../../testdata/recipes/actions/reset.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var workflow struct {
		Jobs map[string]struct{ Steps []actionStep }
	}
	if err := yaml.Unmarshal([]byte(strings.NewReplacer("https://acme.okta.com", server.URL, "acme.okta.com", strings.TrimPrefix(server.URL, "http://")).Replace(string(text))), &workflow); err != nil {
		t.Fatal(err)
	}
	a := &actions{t: t, pid: filepath.Join(t.TempDir(), "pid"), steps: workflow.Jobs["reset"].Steps, repo: t.TempDir(), bin: t.TempDir(), kept: t.TempDir()}
	a.values = map[string]string{
		"github.run_id": "7", "github.token": "ghs_1",
		"secrets.OKTA_PRIVATEKEY": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"vars.OKTA_CLIENTID":      app.ClientID, "inputs.file": "leavers.csv", "inputs.users": "40",
	}
	org.ends = signalTo(a.pid, syscall.SIGINT)
	err = os.Link(program(t), filepath.Join(a.bin, "oktareset"))
	if err == nil {
		err = os.WriteFile(filepath.Join(a.repo, "leavers.csv"), []byte(org.fill(1, 40)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// The steps of the workflow, in order. An attempt with another number of users changes nothing. Each
// attempt continues what the one before it left, cancelled or refused, and never what an older one
// left. One that follows an attempt without results stops before it resets anybody.
func TestActionsSteps(t *testing.T) {
	t.Parallel()
	org := &endingOrg{Org: standin.New(standin.Config{TokenShare: 100, Unlimited: true}), at: 15}
	a := newActions(t, org)
	if code := a.attempt("2"); code != 1 {
		t.Errorf("an attempt without the results of the first: %d", code)
	}
	a.values["inputs.users"] = "39"
	if code := a.attempt("1"); code != 3 || org.Stats().ResetsApplied != 0 {
		t.Errorf("another number of users: %d, %+v", code, org.Stats())
	}
	a.values["inputs.users"] = "40"
	if code := a.attempt("1"); code != 130 || !org.ended {
		t.Errorf("the cancelled attempt: %d", code)
	}
	a.values["inputs.users"] = "0-1"
	if code := a.attempt("2"); code != 3 {
		t.Errorf("a second attempt for fewer users than are left: %d", code)
	}
	a.values["inputs.users"] = "40"
	if code := a.attempt("4"); code != 1 {
		t.Errorf("an attempt whose predecessor left nothing, though older ones did: %d", code)
	}
	if code := a.attempt("3"); code != 0 {
		t.Errorf("the third attempt: %d", code)
	}
	if s := org.Stats(); s.ResetsApplied != 40 || s.UsersResetTwice != 0 || len(s.Surprises) > 0 {
		t.Errorf("%+v", s)
	}
}
