package access

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/progress"
)

// A command line is split as a shell splits one without expansions; anything that only a shell
// understands is refused, because it would mean something else.
func TestSplitCommand(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want []string // nil: refused
	}{
		{"op", []string{"op"}},
		{" op\tread  op://Private/okta/token\n", []string{"op", "read", "op://Private/okta/token"}},
		{`op read "op://My Vault/okta"`, []string{"op", "read", "op://My Vault/okta"}},
		{`a 'b "c" \d' "e 'f' \"g\" \$h \i \\"`, []string{"a", `b "c" \d`, `e 'f' "g" $h \i \`}},
		{`a b\ c d\'e \\ "" ''`, []string{"a", "b c", "d'e", `\`, "", ""}},
		{`'a'b"c"\d`, []string{"abcd"}},
		{`"C:\Program Files\op.exe" read`, []string{`C:\Program Files\op.exe`, "read"}},
		{`sh -c 'pass show okta | head -1'`, []string{"sh", "-c", "pass show okta | head -1"}},
		{"a ~/x * ? [b] {c,d} e=f g#h %i% é", []string{"a", "~/x", "*", "?", "[b]", "{c,d}", "e=f", "g#h", "%i%", "é"}},
		{"a \\\n b", []string{"a", "b"}},
		{"", nil},
		{" \t\n", nil},
		{"a 'b", nil},
		{`a "b`, nil},
		{`a "b\"`, nil},
		{`a b\`, nil},
		{"a | b", nil},
		{"a; b", nil},
		{"a;", nil},
		{"a &", nil},
		{"a && b", nil},
		{"a > b", nil},
		{"a < b", nil},
		{"a 2>b", nil},
		{"a $HOME", nil},
		{`a "$HOME"`, nil},
		{"a ${HOME}", nil},
		{`a $'b'`, nil},
		{`a $"b"`, nil},
		{"a$", nil},
		{"a $(b)", nil},
		{`a "$(b)"`, nil},
		{"a `b`", nil},
		{"a $((1+1))", nil},
		{"a # b", nil},
		{"# a", nil},
		{"a\nb", nil},
		{"A=b c", nil},
		{"(a)", nil},
		{"! a", nil},
		{"{ a; }", nil},
		{"if a; then b; fi", nil},
		{"a() { b; }", nil},
		{"a \x00b", nil},
		{"a \x1b[31m", nil},
		{"a \xff", nil},
		{"a \u202eb", nil},
	}
	for _, tt := range tests {
		got, err := splitCommand(tt.text, "SETTING")
		if !slices.Equal(got, tt.want) || (err == nil) != (tt.want != nil) || err != nil && (fault.Code(err) != fault.ExitUsage || fault.Hint(err) == "") {
			t.Errorf("splitCommand(%q) = %q, %v; want %q", tt.text, got, err, tt.want)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "SETTING ") {
			t.Errorf("splitCommand(%q): %v", tt.text, err)
		}
	}
}

// The words are those that a shell would pass on.
func TestSplitCommandAsAShell(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("sh")
	if err != nil || runtime.GOOS == "windows" {
		shell = ""
	}
	for _, text := range []string{
		`a 'b "c" \d' "e 'f' \"g\" \$h \i \\ \` + "`" + `"`, `a b\ c d\'e \\ "" ''`, `'a'b"c"\d`, `"C:\Program Files\op.exe" C:\x`, "a \\\n b\\\nc \"d\\\ne\"", `\a\b\"`, "e=f g#h %i%",
		`a '$b' "\$c" \$'d'`, `a "b$"`,
	} {
		words, err := splitCommand("x "+text, "SETTING")
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if shell == "" {
			continue
		}
		out, err := exec.CommandContext(t.Context(), shell, "-c", `set -f; printf '<%s>' `+text).Output()
		if got := "<" + strings.Join(words[1:], "><") + ">"; err != nil || got != string(out) {
			t.Errorf("%q: %s, a shell has %s, %v", text, got, out, err)
		}
	}
}

// sh is a program that runs a shell script.
func sh(t *testing.T, script string) program {
	t.Helper()
	path, err := exec.LookPath("sh")
	if err != nil || runtime.GOOS == "windows" {
		t.Skip("no shell")
	}
	return program{name: "op", path: path, args: []string{"-c", script}, env: os.Environ(), limit: time.Minute}
}

// A command that waits for somebody who isn't there ends together with all processes that it
// started, even those that resist.
func TestTokenCommandEnds(t *testing.T) {
	t.Parallel()
	for _, trap := range []string{"", `trap "" TERM;`} {
		pids := filepath.Join(t.TempDir(), "pids")
		p := sh(t, trap+`sh -c '`+trap+`echo $$ >>"$PIDS"; exec sleep 60' & echo $$ >>"$PIDS"; echo 00token; sleep 60 & wait; sleep 60`)
		p.env, p.limit = append(p.env, "PIDS="+pids), 2*time.Second
		start := time.Now()
		_, err := p.run(t.Context())
		if err == nil || fault.Code(err) != fault.ExitUsage || !strings.Contains(err.Error(), "the token command op didn't end within 2s") {
			t.Errorf("%q: %v", trap, err)
		}
		if took := time.Since(start); took > 30*time.Second {
			t.Errorf("%q: it took %s", trap, took)
		}
		b, err := os.ReadFile(pids)
		if err != nil {
			t.Fatal(err)
		}
		for _, pid := range strings.Fields(string(b)) {
			for gone := false; !gone; { // a killed process takes a moment to end
				out, _ := exec.CommandContext(t.Context(), "ps", "-o", "stat=", "-p", pid).Output()
				gone = len(bytes.TrimSpace(out)) == 0 || out[0] == 'Z'
				if !gone && time.Since(start) > 30*time.Second {
					t.Fatalf("%q: process %s is still there: %s", trap, pid, out)
				}
			}
		}
	}
}

// A command is asked to end before it is forced to: it may have to clean up.
func TestTokenCommandIsAskedToEnd(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "away")
	p := sh(t, `trap 'echo away >"$FILE"; exit' TERM; sleep 60 & wait`)
	p.env, p.limit = append(p.env, "FILE="+file), 2*time.Second
	if _, err := p.run(t.Context()); err == nil || !strings.Contains(err.Error(), "didn't end within 2s") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}

// A signal that ends the program ends the wait for a token command too.
func TestTokenCommandStops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	p := sh(t, "sleep 60")
	time.AfterFunc(100*time.Millisecond, func() { cancel(fault.Signal{Signal: os.Interrupt}) })
	if _, err := p.run(ctx); fault.Code(err) != 130 {
		t.Errorf("%v", err)
	}
}

// A token is available when the command has ended, even if one of its processes keeps its output
// open, as a password manager's agent may.
func TestTokenCommandLeavesAnAgent(t *testing.T) {
	t.Parallel()
	p := sh(t, "printf '\\357\\273\\277 00token \\r\\nmore\\n'; sleep 20 &")
	start := time.Now()
	got, err := p.run(t.Context())
	if err != nil || string(got.token) != "00token" || time.Since(start) > 15*time.Second {
		t.Errorf("%q after %s: %v", string(got.token), time.Since(start), err)
	}
}

// The output of a token command is limited, on stdout and stderr.
func TestTokenCommandIsBounded(t *testing.T) {
	t.Parallel()
	got, err := sh(t, "yes").run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "printed more than 65536 bytes") || len(got.token) > 10 {
		t.Errorf("%v", err)
	}
	got, err = sh(t, "echo 00token; yes | head -c 200000 >&2").run(t.Context())
	if err != nil || len(got.said) != maxCommandOutput {
		t.Errorf("%d bytes, %v", len(got.said), err)
	}
}

// Our own secrets aren't passed on, whatever the case of their names.
func TestTokenCommandEnvironment(t *testing.T) {
	t.Parallel()
	e := &Env{Process: Process{Environ: func() []string {
		return []string{
			"PATH=/bin", "OKTA_CLIENT_TOKEN=1", "OKTA_API_TOKEN=2", "OKTA_CLIENT_PRIVATEKEY=3", "Okta_Client_Token=4", "OKTA_CLIENT_TOKEN_COMMAND=5",
			"OKTA_CLIENT_ORGURL=https://acme.okta.com", "OP_SESSION=6", "ODD", "OKTARESET_SMTP_PASSWORD=7",
		}
	}}}
	if got, want := e.ProgramEnv(), []string{"PATH=/bin", "OKTA_CLIENT_ORGURL=https://acme.okta.com", "OP_SESSION=6", "ODD"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := (&Env{}).ProgramEnv(); got == nil { // os/exec would pass on the whole environment
		t.Error("no environment is all of it")
	}
}

// Output of a token command before it failed isn't a token, not at the next try either.
func TestTokenCommandThatFails(t *testing.T) {
	t.Parallel()
	p := sh(t, "")
	var stderr bytes.Buffer
	e := &Env{Process: Process{Stderr: &stderr, Getenv: func(string) string { return "" }}, Console: console.New(progress.NewScreen(&stderr), console.Options{Quiet: true})}
	c := configuration{Env: e}
	s := setting{Name: tokenCommandName, Value: p.path + " -c 'echo 00token; exit 3'", Source: tokenCommandVariable}
	for range 2 {
		if got, err := c.commandToken(t.Context(), new(Config), s); err == nil || !strings.Contains(err.Error(), "failed (exit status 3)") {
			t.Errorf("%q, %v", got.Value, err)
		}
	}
}
