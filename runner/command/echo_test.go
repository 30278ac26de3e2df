package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/progress"
)

// parrot is an org that repeats all secrets that it has got in each text that it sends. Every
// character of them is escaped.
type parrot struct {
	mu      sync.Mutex
	secrets []string
	instead bool // replaces a text, instead of following it
}

func (p *parrot) learn(secret string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if secret != "" && !slices.Contains(p.secrets, secret) {
		p.secrets = append(p.secrets, secret)
	}
}

var (
	typedMember   = regexp.MustCompile(`"(?:passCode|nextPassCode|answer|sharedSecret)":"([^"]+)"`)
	assertionSent = regexp.MustCompile(`client_assertion=([^&]+)`)
	tokenGiven    = regexp.MustCompile(`"access_token":"([^"]+)"`)
)

func (p *parrot) answer(r *http.Request, next http.RoundTripper) (*http.Response, error) {
	if _, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok {
		p.learn(token)
	}
	p.learn(r.Header.Get("Dpop"))
	if r.Body != nil {
		sent, _ := io.ReadAll(r.Body)
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(sent))
		for _, pattern := range []*regexp.Regexp{typedMember, assertionSent} {
			if m := pattern.FindSubmatch(sent); m != nil {
				p.learn(string(m[1]))
			}
		}
	}
	resp, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, _ := io.ReadAll(resp.Body)
	if m := tokenGiven.FindSubmatch(body); m != nil {
		p.learn(string(m[1]))
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var doc any
	if d.Decode(&doc) == nil {
		p.mu.Lock()
		body = p.write(nil, "", doc)
		p.mu.Unlock()
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

func (p *parrot) write(b []byte, name string, v any) []byte {
	switch v := v.(type) {
	case map[string]any:
		b = append(b, '{')
		for i, name := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				b = append(b, ',')
			}
			b = p.write(append(strconv.AppendQuote(b, name), ':'), name, v[name])
		}
		return append(b, '}')
	case []any:
		b = append(b, '[')
		for i, item := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = p.write(b, name, item)
		}
		return append(b, ']')
	case string:
		switch name {
		case "id", "uuid", "href", "errorCode", "factorType", "provider", "status", "factorResult", "created", "lastUpdated", "published",
			"expiresAt", "eventType", "result", "type", "access_token", "token_type", "error", "login", "email":
		default:
			all := strings.Join(p.secrets, " ")
			if p.instead && len(p.secrets) > 0 && name != "scope" { // without scopes an app begins nothing
				v, all = "", p.secrets[len(p.secrets)-1]
			}
			b = append(b, '"')
			for _, r := range strings.TrimSpace(v + " " + all) {
				b = fmt.Appendf(b, `\u%04x`, r)
			}
			return append(b, '"')
		}
	}
	text, _ := json.Marshal(v)
	return append(b, text...)
}

// prints runs a command line and returns all that it wrote to stdout and stderr.
func (v *virtual) prints(typed string, terminal bool, args ...string) string {
	v.t.Helper()
	args, err := permute(append([]string{"oktareset"}, args...))
	if err != nil {
		v.t.Fatal(err)
	}
	env := map[string]string{"OKTA_CLIENT_ORGURL": "https://acme.okta.com", "OKTA_CLIENT_TOKEN": v.org.Token()}
	maps.Copy(env, v.env)
	var out bytes.Buffer
	a := appOf(access.Process{
		Stdin: strings.NewReader(typed + "\n"), Stdout: &out, Stderr: &out, Getenv: func(k string) string { return env[k] }, Version: "test",
		TerminalOut: terminal,
	})
	a.Console, a.Transport = console.New(progress.NewScreen(&out), console.Options{}), v
	a.Console.Fail(a.cli().RunContext(v.t.Context(), args))
	return out.String()
}

var escapedUnit = regexp.MustCompile(`\\+u[0-9a-f]{4}`)

// decoded undoes the escapes of JSON in what was written.
func decoded(s string) string {
	return escapedUnit.ReplaceAllStringFunc(s, func(u string) string {
		n, _ := strconv.ParseUint(u[len(u)-4:], 16, 16)
		return string(rune(n))
	})
}

// Nothing that any command prints or writes contains a secret that a server sends back: not stdout
// and stderr, not results, manifests, exports, cursors and pages.
func TestNoEchoComesOut(t *testing.T) {
	t.Parallel()
	const user = "user1@example.com"
	for _, tt := range []struct {
		who     string
		app     *standin.App
		instead bool
		fault   standin.Kind
	}{
		{"token", nil, false, standin.WrongStatus},
		{"token", nil, true, ""},
		{"app", &standin.App{}, true, standin.WrongStatus},
		{"DPoP", &standin.App{DPoP: true}, false, ""},
	} {
		t.Run(fmt.Sprintf("%s/%v/%s", tt.who, tt.instead, tt.fault), func(t *testing.T) {
			virtually(t, 3, standin.Config{Token: "00aTokenOfTheOrgThatIsQuiteLong_0123456789"}, func(v *virtual) {
				v.org.AddGroup(standin.Group{ID: "00g1234567890abcdEFG", Name: "Staff", Members: []string{user}})
				v.org.Enroll(v.ids[1], standin.Factor{Type: "question", Provider: "OKTA"})
				v.org.Enroll(v.ids[1], standin.Factor{Type: "token:software:totp", Provider: "GOOGLE"})
				if tt.app != nil {
					v.asApp(*tt.app)
				}
				v.prints("", false, "whoami") // signs in, in time and in peace
				p := &parrot{instead: tt.instead}
				v.tampered = p.answer
				if tt.fault != "" {
					v.org.Script(standin.Fault{Kind: tt.fault, Op: standin.OpResetFactors, Skip: 1}, standin.Fault{Kind: tt.fault, Op: standin.OpVerify})
				}
				var printed string
				var ever []string
				look := func(where, text string, secrets []string) {
					text = decoded(text)
					printed += text
					for _, secret := range secrets {
						if i := strings.Index(text, secret); i >= 0 {
							t.Errorf("%s: %q came out: %q", where, secret, text[max(i-200, 0):i+len(secret)])
						}
					}
				}
				for _, c := range []struct{ typed, line string }{
					{"", "whoami -v"},
					{"", "whoami --json"},
					{"", "users"},
					{"", "users -o DIR/out.csv --columns login,status,firstName,profile,credentials --log-format json"},
					{"", "users --group Staff --has-factor sms"},
					{"", "factors list " + user},
					{"", "factors list --json " + user},
					{"", "factors catalog --json " + user},
					{"", "factors questions --json " + user},
					{"123456", "factors verify --json --no-challenge " + user + " sms"},
					{"Rome12", "factors verify --no-challenge " + user + " question"},
					{"thecatsmaidenname", "factors enroll --json --confirm acme.okta.com:1 user2@example.com question --question disliked_food"},
					{"", "factors enroll --confirm acme.okta.com:1 user2@example.com token:software:totp:GOOGLE"},
					{"654321", "factors activate --json user2@example.com token:software:totp"},
					{"", "reset --dry-run -v --record-factors DIR/users.csv -o DIR/plan.csv"},
					{"", "reset --dry-run --json --skip-admins DIR/users.csv -o DIR/plan2.csv"},
					{"", "report DIR/plan.csv -o DIR/plan.html"},
					{"", "reset -v --confirm acme.okta.com:3 DIR/users.csv -o DIR/results.csv --log-format json"},
					{"", "reset -v --resume --clear-sessions -o DIR/results.csv"},
					{"", "audit DIR/results.csv --wait 0 -v -o DIR/audit.csv"},
					{"", "audit DIR/results.csv --wait 0 --json"},
					{"", "report DIR/results.csv -o DIR/page.html"},
					{"", "watch --once --since 2h --all -v --cursor DIR/cursor.json --runs DIR"},
				} {
					for _, terminal := range []bool{false, true} {
						args := strings.Fields(strings.ReplaceAll(c.line, "DIR", v.dir))
						p.secrets = nil // a process only knows its own
						text := v.prints(c.typed, terminal, args...)
						if strings.Contains(text, "not defined") || text == "" {
							t.Errorf("%s: %s", c.line, text)
						}
						look(c.line, text, p.secrets)
						ever = append(ever, p.secrets...)
						<-time.After(time.Minute)
					}
				}
				v.eachFile(func(name string) {
					b, err := os.ReadFile(v.path(name))
					if err != nil {
						t.Fatal(err)
					}
					look(name, string(b), ever)
				})
				if n := strings.Count(printed, "REDACTED"); n < 20 || len(ever) < 4 {
					t.Errorf("%d secrets, taken out %d times", len(ever), n)
				}
				for _, name := range []string{"out.csv", "plan.html", "results.csv", "results.json", "audit.csv", "page.html", "cursor.json"} {
					if _, err := os.Stat(v.path(name)); err != nil {
						t.Errorf("nothing was looked for in %s: %v", name, err)
					}
				}
			})
		})
	}
}

// swell makes the texts of some members very long.
type swell []string

func (w swell) answer(r *http.Request, next http.RoundTripper) (*http.Response, error) {
	resp, err := next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, _ := io.ReadAll(resp.Body)
	var doc any
	if json.Unmarshal(body, &doc) == nil {
		body, _ = json.Marshal(w.swollen(doc))
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

func (w swell) swollen(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, item := range v {
			if s, ok := item.(string); ok && slices.Contains(w, name) {
				item = s + strings.Repeat(" x", 450<<10)
			}
			v[name] = w.swollen(item)
		}
	case []any:
		for i, item := range v {
			v[i] = w.swollen(item)
		}
	}
	return v
}

// However long an org's texts are, the program shows and keeps a limited part of them: of the
// login, the roles, the engine, scopes and errors.
func TestLongTextsStaySmall(t *testing.T) {
	t.Parallel()
	for member, app := range map[string]*standin.App{
		"login": nil, "label": nil, "type": nil, "pipeline": nil, "errorSummary": nil, "errorId": nil, "scope": {}, "error_description": {DPoP: true},
	} {
		t.Run(member, func(t *testing.T) {
			virtually(t, 3, standin.Config{}, func(v *virtual) {
				if app != nil {
					v.asApp(*app)
				}
				v.tampered = swell{member}.answer
				for _, line := range []string{"whoami", "whoami --json", "reset --confirm acme.okta.com:3 DIR/users.csv -v"} {
					if member == "errorSummary" || member == "errorId" {
						v.org.Script(standin.Fault{Kind: standin.WrongStatus, Skip: 2})
					}
					out := v.prints("", false, strings.Fields(strings.ReplaceAll(line, "DIR", v.dir))...)
					if len(out) > 30<<10 || len(out) < 100 {
						t.Errorf("%s prints %d bytes: %.300s", line, len(out), out)
					}
				}
				v.eachFile(func(name string) {
					if info, err := os.Stat(v.path(name)); err != nil || info.Size() > 30<<10 {
						t.Errorf("%s has %d bytes, %v", name, info.Size(), err)
					}
				})
			})
		})
	}
}

// An export says which values it has cut, and a run accepts it as an input all the same.
func TestExportOfLongValues(t *testing.T) {
	t.Parallel()
	virtually(t, 3, standin.Config{}, func(v *virtual) {
		v.org.Add(standin.User{
			ID: "00uLongValues0000000", Login: "long@example.com",
			Profile: map[string]any{"bio": strings.Repeat("é", 20<<10), "tags": []string{strings.Repeat("a", 20<<10), strings.Repeat("b", 20<<10)}},
		})
		out := v.prints("", false, "users", "-q", "-o", v.path("out.csv"), "--columns", "login,bio,tags")
		if want := `warning: cut after 32 KB: 2 values, the first in column "bio" of user 00uLongValues0000000`; !strings.Contains(out, want) {
			t.Errorf("%s\nwant %s", out, want)
		}
		if n := len(v.read("out.csv")); n < 64<<10 || n > 66<<10 {
			t.Errorf("%d bytes", n)
		}
		if out := v.prints("", false, "reset", "--dry-run", v.path("out.csv")); !strings.Contains(out, "4 would_reset") {
			t.Error(out)
		}
	})
}
