package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
	"oktareset/runner"
	"oktareset/testdata/mailserver"
	"oktareset/testdata/ontty"
	"oktareset/testdata/relay"
	"oktareset/testdata/scripting"
)

// The scripts run this program as a process of its own, against a stand-in org that the test
// serves. Each asserts stdout and stderr, and what was done to each user.

// programs are what the scripts may execute.
var programs = map[string]func(){"oktareset": main, "ontty": ontty.Run}

func TestMain(m *testing.M) {
	testscript.Main(m, programs)
}

func TestScripts(t *testing.T) {
	t.Parallel()
	repo, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE") != "",
		Setup: func(env *testscript.Env) error {
			script := strings.TrimPrefix(filepath.Base(env.WorkDir), "script-") + ".txtar"
			text, err := os.ReadFile(filepath.Join("testdata/script", script))
			if err != nil || regexp.MustCompile(`(?m)^(\[.*\] )?ttyin `).Match(text) {
				return errors.Join(err, errors.New("what ttyin types before the question is thrown away: use exec ontty"))
			}
			home := env.WorkDir + "/home"
			env.Setenv("HOME", home)
			env.Setenv("USER", "operator")
			env.Setenv("REPO", repo)
			return os.Mkdir(home, 0o700)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"org": startOrg, "revoke": revoke, "replace": replaceIn, "nosecrets": noSecrets, "did": did, "deeds": deeds, "passcode": passcode,
			"stats": stats, "match": match, "mode": mode, "shown": scripting.RunShown, "notrun": scripting.NotRun,
			"resetby": resetBy, "clearfaults": clearFaults, "relay": relay.Start, "relayed": relay.Asked,
			"scan": scripting.Scan, "smtp": mailserver.Start, "mailed": mailserver.Mailed,
		},
	})
}

// A limit that was set earlier, by GOMEMLIMIT or otherwise, stays.
func TestLimitMemory(t *testing.T) {
	before := debug.SetMemoryLimit(math.MaxInt64)
	defer debug.SetMemoryLimit(before)
	for _, bytes := range []int64{1 << 40, 1 << 41} {
		limitMemory(bytes)
		if got := debug.SetMemoryLimit(-1); got != 1<<40 {
			t.Errorf("the limit after %d is %d, want the first one", bytes, got)
		}
	}
}

// startOrg serves a stand-in org: org [fill=FILE] [limit=N] [fault=SPEC] [engine=classic]
// [people=N] [group=NAME:LOGIN,…] [stays=TYPE,…] [loglag=D] [id=ID] [app=KEYFILE [dpop]
// [scopes=A,B]]. It sets the environment as an admin would, and HOST.
func startOrg(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("org can't be negated")
	}
	cfg := standin.Config{TokenShare: 100, Token: "00scriptsecret"}
	var fill []string
	var people []standin.User
	var groups []standin.Group
	var faults []standin.Fault
	var app serviceApp
	chatty, secure := "", ""
	for _, arg := range args {
		key, value, _ := strings.Cut(arg, "=")
		switch key {
		case "fill":
			fill = append(fill, cellsOf(ts.ReadFile(value))...)
		case "limit":
			cfg.Limits = map[string]int{standin.BucketUsers: number(ts, value)}
		case "people":
			cfg.Users = number(ts, value)
		case "latency":
			d, err := time.ParseDuration(value)
			ts.Check(err)
			cfg.Latency = d
		case "engine":
			cfg.Engine = standin.Classic
		case "events":
			cfg.ResetEvents = map[string]standin.Events{"none": standin.NoEvents, "deactivate": standin.DeactivateOnly}[value]
		case "deprovisioned":
			people = append(people, standin.User{ID: value, Status: standin.StatusDeprovisioned})
		case "admin":
			people = append(people, standin.User{ID: value, Roles: []string{"HELP_DESK_ADMIN"}})
		case "groupadmin":
			people = append(people, standin.User{ID: value, GroupRoles: []string{"Tier 2"}})
		case "factors", "rejects": // as alice@example.com=push:OKTA,sms:OKTA
			people = append(people, userWith(value, key))
		case "policy": // as alice@example.com=sms:OKTA,call:OKTA
			login, list, _ := strings.Cut(value, "=")
			people = append(people, standin.User{Login: login, Policy: strings.Split(list, ",")})
		case "login":
			people = append(people, standin.User{Login: value})
		case "user": // ID,LOGIN[,EMAIL]
			parts := append(strings.Split(value, ","), "")
			people = append(people, standin.User{ID: parts[0], Login: parts[1], Email: parts[2]})
		case "group": // NAME:MEMBER,MEMBER
			name, members, _ := strings.Cut(value, ":")
			groups = append(groups, standin.Group{Name: name, Type: standin.GroupApp, Members: strings.Split(members, ",")})
		case "stays": // types of factors that resets leave
			cfg.Stays = strings.Split(value, ",")
		case "back": // of 100 users, so many come back at once: REENROLLED,STRANGERS
			back, strangers, _ := strings.Cut(value, ",")
			cfg.Reenroll, cfg.Absent, cfg.Strangers = time.Millisecond, 100-number(ts, back)-number(ts, strangers), number(ts, strangers)
		case "loglag":
			d, err := time.ParseDuration(value)
			ts.Check(err)
			cfg.LogLag = d
		case "id": // the org's own
			cfg.ID = value
		case "fault":
			f, err := standin.ParseFault(value)
			ts.Check(err)
			faults = append(faults, f)
		case "app":
			app.keyFile = value
		case "dpop":
			app.DPoP = true
		case "chatty":
			chatty = value
		case "tls": // the kind of its certificate
			secure = value
		case "scopes":
			app.Scopes = strings.Split(value, ",")
		default:
			ts.Fatalf("org: unknown %q", arg)
		}
	}
	org := standin.New(cfg)
	for _, u := range people {
		org.Add(u)
	}
	org.AddIdentifiers(func(yield func(string) bool) {
		for _, id := range fill {
			if !yield(id) {
				return
			}
		}
	})
	for _, g := range groups {
		org.AddGroup(g)
	}
	org.Script(faults...)
	var handler http.Handler = org
	if chatty != "" {
		handler = chatter{org, chatty}
	}
	var server *httptest.Server
	if secure != "" {
		server = scripting.ServeTLS(ts, handler, secure)
	} else {
		server = httptest.NewServer(handler)
	}
	ts.Defer(server.Close)
	u, err := url.Parse(server.URL)
	ts.Check(err)
	ts.Setenv("OKTA_CLIENT_ORGURL", server.URL)
	ts.Setenv("OKTA_CLIENT_TOKEN", org.Token())
	ts.Setenv("HOST", u.Host)
	if secure == "proxied" {
		scripting.ServeProxy(ts, server)
	}
	app.signIn(ts, org)
	setOrg(ts, org)
}

// chatter answers like the org, and then sends more than it was asked for on each connection that
// is kept.
type chatter struct {
	org *standin.Org
	say string
}

func (c chatter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := httptest.NewRecorder()
	c.org.ServeHTTP(answer, r)
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	result := answer.Result()
	result.ContentLength = int64(answer.Body.Len())
	if result.Write(conn) == nil {
		_, _ = io.WriteString(conn, c.say+"\x1b[31m\r\n")
	}
	_, _ = io.Copy(io.Discard, conn) // until the client has had enough
}

// orgs are stored by a script's working folder: testscript passes no values from one command to
// the next.
var orgs = make(chan map[string]*standin.Org, 1)

func init() { orgs <- make(map[string]*standin.Org) }

func setOrg(ts *testscript.TestScript, org *standin.Org) {
	m := <-orgs
	m[ts.Getenv("WORK")] = org
	orgs <- m
}

func theOrg(ts *testscript.TestScript) *standin.Org {
	m := <-orgs
	defer func() { orgs <- m }()
	return m[ts.Getenv("WORK")]
}

func number(ts *testscript.TestScript, s string) int {
	n, err := strconv.Atoi(s)
	ts.Check(err)
	return n
}

// cellsOf returns the cells of a file that may name users, whatever its form.
func cellsOf(file string) []string {
	var ids []string
	for _, cell := range regexp.MustCompile(`[^,;\t\n\r"]+`).FindAllString(file, -1) {
		if id, reason := runner.ParseIdentifier(cell); reason == "" && (id.Kind == runner.KindID || strings.Contains(cell, "@")) {
			ids = append(ids, id.Value)
		}
	}
	return ids
}

// did asserts how often a user was reset: did USER N.
func did(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: did USER N")
	}
	if got, want := theOrg(ts).Did(args[0]).Resets, number(ts, args[1]); got != want {
		ts.Fatalf("%s was reset %d times, want %d", args[0], got, want)
	}
}

// userWith is a user with these factors only, who rejects pushes or approves them.
func userWith(spec, how string) standin.User {
	login, list, _ := strings.Cut(spec, "=")
	u := standin.User{Login: login}
	for _, s := range strings.Split(list, ",") {
		i := strings.LastIndexByte(s, ':')
		u.Factors = append(u.Factors, standin.Factor{Type: s[:i], Provider: s[i+1:]})
	}
	if how == "rejects" {
		u.Push = "REJECTED"
	}
	return u
}

// deeds asserts what was done to a user: deeds USER NAME=N …, with the names of standin.Deeds.
// Anything not named must not have been done.
func deeds(ts *testscript.TestScript, _ bool, args []string) {
	want := make(map[string]int)
	for _, arg := range args[1:] {
		name, value, _ := strings.Cut(arg, "=")
		want[name] = number(ts, value)
	}
	b, err := json.Marshal(theOrg(ts).Did(args[0]))
	ts.Check(err)
	got := make(map[string]int)
	ts.Check(json.Unmarshal(b, &got))
	for name, n := range got {
		if n != want[name] {
			ts.Fatalf("%s of %s: %d, want %d (%s)", name, args[0], n, want[name], b)
		}
	}
}

// passcode writes what a user's phone or app shows for a factor to a file: passcode USER
// TYPE[:PROVIDER] FILE. It sets FACTOR to the factor's ID.
func passcode(ts *testscript.TestScript, _ bool, args []string) {
	u, _ := theOrg(ts).User(args[0])
	for _, f := range u.Factors {
		if code, ok := theOrg(ts).Passcode(u.ID, f.ID); ok && (f.Type == args[1] || f.Type+":"+f.Provider == args[1]) {
			ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(code+"\n"), 0o600))
			ts.Setenv("FACTOR", f.ID)
			return
		}
	}
	ts.Fatalf("%s has no passcode for %s", args[0], args[1])
}

// resetBy lets another admin reset a user in the Admin Console: resetby ADMIN USER. With the same
// user twice, they remove their own factors.
func resetBy(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: resetby ADMIN USER")
	}
	if !theOrg(ts).ResetBy(args[0], args[1]) {
		ts.Fatalf("resetby: one of %q doesn't exist", args)
	}
}

// clearFaults ends all faults.
func clearFaults(ts *testscript.TestScript, _ bool, _ []string) { theOrg(ts).Clear() }

// stats asserts what the org has seen: stats NAME=N …, where NAME is resets, twice, 429s,
// requests or an operation. It also fails for faults that nobody met and for requests that no
// careful client sends.
func stats(ts *testscript.TestScript, _ bool, args []string) {
	org := theOrg(ts)
	s := org.Stats()
	for _, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		got := map[string]int{"resets": s.ResetsApplied, "twice": s.UsersResetTwice, "429s": s.TooMany, "requests": s.Requests}
		n, ok := got[name]
		if !ok {
			n = s.ByOp[name]
		}
		if n != number(ts, value) {
			ts.Fatalf("%s: %d, want %s (%+v)", name, n, value, s)
		}
	}
	if len(s.Surprises) > 0 {
		ts.Fatalf("surprises: %q", s.Surprises)
	}
	if unused := org.Unused(); len(unused) > 0 {
		ts.Fatalf("faults that nobody met: %+v", unused)
	}
}

// match compares a file (or stdout, stderr) with another one that has a regular expression for
// each line.
func match(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: match FILE PATTERNS")
	}
	got := strings.SplitAfter(ts.ReadFile(args[0]), "\n")
	want := strings.SplitAfter(ts.ReadFile(args[1]), "\n")
	for i, line := range got {
		if i >= len(want) {
			ts.Fatalf("%s has more lines than %s: %q", args[0], args[1], line)
		}
		pattern := os.Expand(strings.TrimSuffix(want[i], "\n"), func(name string) string { return regexp.QuoteMeta(ts.Getenv(name)) })
		if !regexp.MustCompile("^(?:" + pattern + ")$").MatchString(strings.TrimSuffix(line, "\n")) {
			ts.Fatalf("%s line %d:\n%s\ndoesn't match\n%s", args[0], i+1, line, pattern)
		}
	}
	if len(got) < len(want) {
		ts.Fatalf("%s has %d lines, want %d", args[0], len(got)-1, len(want)-1)
	}
}

// mode asserts a file's permissions: mode FILE 0600.
func mode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := fmt.Sprintf("%04o", info.Mode().Perm()); got != args[1] {
		ts.Fatalf("%s has mode %s, want %s", args[0], got, args[1])
	}
}

// serviceApp is the service app that a script signs in as; without a key file there is none.
type serviceApp struct {
	standin.App
	keyFile string
}

// clientID is that of every script's app.
const clientID = "0oascriptapp00001x5d7"

// signIn registers the app with the org, with the key in its file, which is created if necessary,
// and sets the environment as an admin would. Without an app it clears those variables.
func (a serviceApp) signIn(ts *testscript.TestScript, org *standin.Org) {
	for _, name := range []string{"AUTHORIZATIONMODE", "CLIENTID", "PRIVATEKEY", "PRIVATEKEYID", "SCOPES"} {
		ts.Setenv("OKTA_CLIENT_"+name, "")
	}
	if a.keyFile == "" {
		return
	}
	path := ts.MkAbs(a.keyFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		key, keyErr := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		ts.Check(keyErr)
		der, keyErr := x509.MarshalPKCS8PrivateKey(key)
		ts.Check(keyErr)
		text = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
		err = os.WriteFile(path, text, 0o600)
	}
	ts.Check(err)
	key, err := oktaclient.ParsePrivateKey(text)
	ts.Check(err)
	a.ClientID, a.Key = clientID, key.Public()
	if a.Scopes == nil {
		a.Scopes = []string{"okta.users.manage", "okta.users.read", "okta.logs.read"}
	}
	org.AddApp(a.App)
	ts.Setenv("OKTA_CLIENT_TOKEN", "")
	ts.Setenv("OKTA_CLIENT_CLIENTID", clientID)
	ts.Setenv("OKTA_CLIENT_PRIVATEKEY", a.keyFile)
	ts.Setenv("KEYTEXT", string(text))
}

// revoke takes something from the script's app: revoke key or revoke tokens.
func revoke(ts *testscript.TestScript, _ bool, args []string) {
	switch strings.Join(args, " ") {
	case "key":
		theOrg(ts).RevokeKey(clientID)
	case "tokens":
		theOrg(ts).RevokeTokens()
	default:
		ts.Fatalf("usage: revoke key|tokens")
	}
}

// replaceIn replaces a text in a file: replace OLD NEW FILE.
func replaceIn(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: replace OLD NEW FILE")
	}
	text := strings.ReplaceAll(ts.ReadFile(args[2]), args[0], args[1])
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(text), 0o600))
}

// noSecrets asserts that files (or stdout, stderr) contain neither the script's token nor a line
// of its private key nor a JWT: nosecrets FILE….
func noSecrets(ts *testscript.TestScript, _ bool, args []string) {
	secrets := []string{"scriptsecret"}
	for line := range strings.Lines(ts.Getenv("KEYTEXT")) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "-----") && line != "" {
			secrets = append(secrets, line)
		}
	}
	for _, file := range args {
		text := ts.ReadFile(file)
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				ts.Fatalf("%s holds a secret", file)
			}
		}
		if jwt := regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}`).FindString(text); jwt != "" {
			ts.Fatalf("%s holds a token: %s", file, jwt)
		}
	}
}

// TestTagRunsNothing builds a checkout whose newest tag is a shell command: the right to push a
// tag must not include running anything on the machine that builds.
func TestTagRunsNothing(t *testing.T) {
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"Makefile": string(makefile), "go.mod": "module x\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	do := func(name string, args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	for _, args := range [][]string{
		{"init", "-q"},
		{"-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "--allow-empty", "-m", "x"},
		{"tag", `v9';touch${IFS}pwned;'`},
	} {
		if out, err := do("git", args...); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
	for _, target := range []string{"build", "dist"} {
		if out, err := do("make", target, "CYCLONEDX=", "PLATFORMS=linux/amd64"); err == nil {
			t.Errorf("make %s took the tag:\n%s", target, out)
		}
		if _, err := os.Stat(filepath.Join(dir, "pwned")); err == nil {
			t.Fatalf("make %s has run the tag", target)
		}
	}
}
