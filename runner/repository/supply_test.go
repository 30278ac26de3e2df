package repository

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// fakeGo replaces the go command in recipes. A command that matches the variable BREAK fails.
const fakeGo = `#!/bin/bash
set -euo pipefail
echo "go $*" >>"$CALLS"
if [ -n "${BREAK:-}" ] && [[ "$*" =~ $BREAK ]]; then echo "broken: $*" >&2; exit 3; fi
case "$*" in
"mod download"*) printf '{\n"Version": "v1",\n"Dir": "/nowhere"\n}\n' ;;
"install"*cyclonedx*) mkdir -p "$GOBIN"; printf '#!/bin/bash\nwhile [ "$1" != -output ]; do shift; done; cp "${@: -1}" "$2"\n' >"$GOBIN/cyclonedx-gomod"; chmod +x "$GOBIN/cyclonedx-gomod" ;;
"install"*nfpm*) cp "$(dirname "$0")/nfpm" "$GOBIN" ;;
"build"*) while [ "$1" != -o ]; do shift; done; echo "$GOOS $GOARCH" >"$2" ;;
"list"*) printf 'example.com/one@v1 %s/one\nexample.com/two@v2 %s/two\n' "$MODULES" "$MODULES" ;;
"run"*" . completion "*) echo "completion ${@: -1}" ;;
"env GOROOT") echo "$MODULES/one" ;;
esac
`

// house is a copy of the files that build the program, with a go command that builds nothing.
type house struct {
	t   *testing.T
	dir string
	env []string
}

// buildFiles are those that make needs to build and to pack.
var buildFiles = []string{
	"Makefile", "go.mod", ".ci/licences", ".ci/package", ".ci/nfpm.yaml", ".ci/copyright", ".ci/readme.sed", "testdata/users.csv",
	"testdata/recipes/systemd/oktareset.service", "testdata/recipes/systemd/oktareset.timer", "testdata/recipes/systemd/oktareset-resume.service",
	"testdata/recipes/cron/crontab", "testdata/recipes/cron/reset-leavers", "testdata/recipes/night/reset-all",
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir()}
	h.env = append(os.Environ(), "PATH="+h.path("bin")+":"+os.Getenv("PATH"), "CALLS="+h.path("calls"), "MODULES="+h.path("modules"), "SSL_CERT_FILE="+h.path("ca.pem"),
		"MAKEFLAGS=")
	for _, name := range buildFiles {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		h.write(name, string(text))
	}
	h.write("bin/go", fakeGo)
	h.write("bin/nfpm", fakeNfpm)
	h.write("ca.pem", "")
	h.write("README.md", "[a](runner/command/help/topic.md) [b](#part)")
	h.write("runner/command/help/topic.md", "# topic")
	h.write("modules/one/LICENSE", "MIT")
	h.write("modules/two/COPYING.md", "BSD")
	h.write("modules/two/NOTICE", "by them")
	return h
}

func (h *house) path(name string) string { return filepath.Join(h.dir, name) }

func (h *house) write(name, text string) {
	h.t.Helper()
	err := os.MkdirAll(filepath.Dir(h.path(name)), 0o700)
	if err == nil {
		err = os.WriteFile(h.path(name), []byte(text), 0o700)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// make runs a target, in which go commands that match broken fail; "" breaks nothing.
func (h *house) make(broken string, args ...string) (string, error) {
	cmd := exec.CommandContext(h.t.Context(), "make", args...)
	cmd.Dir, cmd.Env = h.dir, append(slices.Clone(h.env), "BREAK="+broken)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// The program is built with exactly the Go that go.mod names, whichever one is installed.
func TestGoIsNamedToThePatch(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`(?m)^toolchain (go\d+\.\d+\.\d+)$`).FindSubmatch(mod)
	if named == nil {
		t.Fatal("go.mod names no toolchain to the patch")
	}
	h.write("bin/go", "#!/bin/sh\necho \"$GOTOOLCHAIN\" >>\"$CALLS\"\n")
	if out, err := h.make("", "build"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if calls, err := os.ReadFile(h.path("calls")); err != nil || string(bytes.TrimSpace(calls)) != string(named[1]) {
		t.Errorf("make build has GOTOOLCHAIN=%s (%v), want %s", calls, err, named[1])
	}
}

// A known vulnerability fails make lint, and so does an unreachable database.
func TestVulnerabilitiesFailLint(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, broken := range []string{"^mod download", "indexdb@", "govulncheck@.*-db"} {
		for _, target := range []string{"vuln", "lint", "check"} {
			if out, err := h.make(broken, target); err == nil || !strings.Contains(out, "broken: ") {
				t.Errorf("make %s passes though %q fails:\n%s", target, broken, out)
			}
		}
	}
	if out, err := h.make("", "vuln"); err != nil {
		t.Errorf("make vuln fails: %v\n%s", err, out)
	}
}

// make dist makes, for each platform, a program with a list of its contents, all their licences,
// the texts that explain it, and sums of each file. If one of them is missing, it makes nothing.
func TestDistIsWhole(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if out, err := h.make("", "dist"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	sums, err := os.ReadFile(h.path("dist/SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	for _, platform := range []string{"linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64", "windows-amd64", "windows-arm64"} {
		system, arch, _ := strings.Cut(platform, "-")
		program, list := "oktareset-"+platform, "oktareset-"+platform+".cdx.json"
		if system == "windows" {
			program += ".exe"
		}
		for _, name := range []string{program, list} {
			if b, err := os.ReadFile(h.path("dist/" + name)); err != nil || string(b) != system+" "+arch+"\n" {
				t.Errorf("%s is %q, %v", name, b, err)
			}
			if !strings.Contains(string(sums), "  "+name+"\n") {
				t.Errorf("SHA256SUMS has no %s:\n%s", name, sums)
			}
		}
	}
	for name, want := range map[string]string{"README.md": "[a](help/topic.md) [b](#part)", "help/topic.md": "# topic", "users.csv": h.read("testdata/users.csv")} {
		if b, err := os.ReadFile(h.path("dist/" + name)); err != nil || string(b) != want {
			t.Errorf("%s is %q, %v", name, b, err)
		}
		if !strings.Contains(string(sums), "  "+name+"\n") {
			t.Errorf("SHA256SUMS has no %s:\n%s", name, sums)
		}
	}
	for name, want := range map[string]string{
		"example.com/one@v1/LICENSE": "MIT", "example.com/two@v2/COPYING.md": "BSD", "example.com/two@v2/NOTICE": "by them", "go/LICENSE": "MIT",
	} {
		if b, err := os.ReadFile(h.path("dist/licences/" + name)); err != nil || string(b) != want {
			t.Errorf("licences/%s is %q, %v", name, b, err)
		}
	}
	for _, broken := range []string{"^install", "^build.*arm64", "^list"} {
		if out, err := h.make(broken, "dist"); err == nil {
			t.Errorf("make dist passes though %q fails:\n%s", broken, out)
		}
	}
	if err := os.Remove(h.path("modules/two/COPYING.md")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(h.path("modules/two/NOTICE")); err != nil {
		t.Fatal(err)
	}
	if out, err := h.make("", "dist"); err == nil || !strings.Contains(out, "example.com/two@v2 has no licence text") {
		t.Errorf("a module without a licence: %v\n%s", err, out)
	}
}

// The README of the packages is for people without a checkout. Its first command finds its file.
func TestReadmeNeedsNoCheckout(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "sed", "-f", ".ci/readme.sed", "README.md").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"go run", "make build", "make dist", "make test", "testdata", "runner/", "From a checkout", "#install"} {
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, word) {
				t.Errorf("it says %q: %s", word, line)
			}
		}
	}
	for _, want := range []string{"$ oktareset reset --sandbox users.csv\n", "\n## Quick start\n", "](help/jobs.md)"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("it doesn't say %q:\n%s", want, out)
		}
	}
}

// The same commit gives the same program, in any folder and with any settings of its builder.
func TestSameProgramEverywhere(t *testing.T) {
	t.Parallel()
	installed, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	var programs [2][]byte
	for i, settings := range [][]string{nil, {"GOFLAGS=-gcflags=-N", "GOAMD64=v3", "CGO_ENABLED=1", "GOFIPS140=latest"}} {
		h := newHouse(t)
		for _, folder := range []string{"oktaclient", "runner"} {
			if err := os.CopyFS(h.path("elsewhere/"+folder), os.DirFS(folder)); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range append([]string{"main.go", "go.sum", "README.md"}, buildFiles...) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			h.write("elsewhere/"+name, string(text))
		}
		h.write("bin/go", strings.Replace(fakeGo, "case", `if [ "$1" = build ]; then exec `+installed+` "$@"; fi`+"\ncase", 1))
		h.env = append(h.env, settings...)
		if out, err := h.make("", "-C", h.path("elsewhere"), "dist", "PLATFORMS=linux/amd64", "VERSION=v1", "COMMIT=abc"); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if programs[i], err = os.ReadFile(h.path("elsewhere/dist/oktareset-linux-amd64")); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(programs[0], programs[1]) {
		t.Errorf("%d bytes and %d bytes, and not the same", len(programs[0]), len(programs[1]))
	}
}

// The image contains the program and nothing else that could be attacked, and its user has no
// rights.
func TestImageIsBare(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(".ci/Containerfile")
	if err != nil {
		t.Fatal(err)
	}
	var from, user []string
	for line := range strings.Lines(string(text)) {
		switch fields := strings.Fields(line); {
		case len(fields) < 2:
		case strings.EqualFold(fields[0], "FROM"):
			from = append(from, strings.Join(fields[1:], " "))
		case strings.EqualFold(fields[0], "USER"):
			user = append(user, fields[1])
		case strings.EqualFold(fields[0], "RUN"), strings.EqualFold(fields[0], "ADD"):
			t.Errorf("the image is made by %q", line)
		}
	}
	if fmt.Sprint(from) != "[scratch]" || fmt.Sprint(user) != "[65534:65534]" {
		t.Errorf("from %q, for user %q", from, user)
	}
}
