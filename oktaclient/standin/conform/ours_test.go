package conform

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// filled are the logins that each org has beside its own people, a few for every part of the test.
func filled(part string, n int) []string {
	var logins []string
	for i := range n {
		logins = append(logins, fmt.Sprintf("%s%d@example.com", part, i))
	}
	return logins
}

// betweenEmails is how long Okta waits before it sends an email to the same address again.
const betweenEmails = 5100 * time.Millisecond

// longest is how long a command may take. One that waits for a user who does nothing is stopped.
const longest = 20 * time.Second

// desk runs oktareset against an org, in a folder of its own.
type desk struct {
	t    *testing.T
	o    *org
	r    *result
	dir  string
	exit int // the exit code that the next commands end with
}

// run runs a command and returns what it writes to stdout.
func (d *desk) run(stdin string, args ...string) string {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), longest)
	defer cancel()
	cmd := exec.CommandContext(ctx, program(d.t), args...)
	cmd.Dir, cmd.Env, cmd.Stdin = d.dir, []string{"HOME=" + d.dir}, strings.NewReader(stdin)
	for name, value := range d.o.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	d.r.calls++
	if cmd.ProcessState == nil {
		d.t.Fatal(err)
	}
	if cmd.ProcessState.ExitCode() != d.exit {
		d.r.add("oktareset", "%s: %v: %s", strings.Join(args, " "), cmd.ProcessState, lastLine(stderr.String()))
	}
	return string(out)
}

// fails runs a command that has to end with this exit code.
func (d *desk) fails(exit int, args ...string) {
	d.t.Helper()
	d.exit = exit
	d.run("", args...)
	d.exit = 0
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-2):], "; ")
}

// file writes a CSV of one column for users and, if it has a number, one for it.
func (d *desk) file(name, column string, users []string, number string) string {
	d.t.Helper()
	var text strings.Builder
	fmt.Fprintf(&text, "%s,phoneNumber\n", column)
	for i, u := range users {
		fmt.Fprintf(&text, "%s,%s\n", u, strings.ReplaceAll(number, "N", fmt.Sprint(i)))
	}
	if err := os.WriteFile(filepath.Join(d.dir, name), []byte(text.String()), 0o600); err != nil {
		d.t.Fatal(err)
	}
	return name
}

// confirm allows a change of n users.
func (d *desk) confirm(n int) string {
	return fmt.Sprintf("--confirm=%s:%d", strings.TrimPrefix(d.o.url, "http://"), n)
}

// ids returns the user IDs that a file of oktareset users has for logins.
func (d *desk) ids(file string, logins []string) []string {
	d.t.Helper()
	f, err := os.Open(filepath.Join(d.dir, file))
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		d.t.Fatal(err)
	}
	var ids []string
	for _, row := range rows {
		if slices.Contains(logins, row[1]) {
			ids = append(ids, row[0])
		}
	}
	if len(ids) != len(logins) {
		d.t.Fatalf("%s has %d of %d users", file, len(ids), len(logins))
	}
	return ids
}

// ours runs the commands of oktareset.
func ours(t *testing.T, o *org, r *result) {
	d := &desk{t: t, o: o, r: r, dir: t.TempDir()}
	d.run("", "whoami", "--json")
	d.exports()
	d.resets()
	d.enrollments()
	d.verifications()
}

func (d *desk) exports() {
	d.run("", "users", "-o", "all.csv")
	for _, args := range [][]string{
		{"--search", `profile.department eq "Sales" and status eq "ACTIVE"`},
		{"--search", `lastUpdated gt "2020-01-01T00:00:00.000Z"`, "--status", "LOCKED_OUT"},
		{"--filter", `status eq "LOCKED_OUT"`},
		{"--filter", `lastUpdated gt "2020-01-01T00:00:00.000Z"`, "--status", "ACTIVE"},
		{"--status", "ACTIVE,SUSPENDED"},
		{"--group", "Sales"},
		{"--group", "Sales", "--status", "ACTIVE"},
		{"--search", `profile.login sw "desk"`, "--has-factor", "sms", "--has-factor", "call:OKTA"},
		{"--search", `profile.login sw "desk"`, "--no-factors"},
		{"--columns", "login,status,created,department,manager"},
	} {
		d.run("", append([]string{"users"}, args...)...)
	}
}

func (d *desk) resets() {
	logins := func(from, to int) []string { return filled("desk", 30)[from:to] }
	d.run("", "reset", d.file("dry.csv", "login", logins(0, 3), ""), "--dry-run", "--record-factors")
	d.run("", "reset", "dry.plan.csv", d.confirm(3))
	d.run("", "reset", d.file("ids.csv", "userId", d.ids("all.csv", logins(3, 6)), ""), "--record-factors", d.confirm(3))
	d.run("", "reset", "--user", logins(6, 7)[0], "--ticket", "INC-7", "-o", "one.csv", d.confirm(1))
	d.run("", "reset", d.file("more.csv", "login", logins(7, 10), ""), "--clear-sessions", "--expire-password", d.confirm(3))
	d.run("", "reset", d.file("enroll.csv", "login", logins(10, 13), "+1555000111N"), "--enroll", "sms:OKTA", "--activate", "--update-phone", d.confirm(3))
	d.run("", "reset", d.file("factor.csv", "login", logins(10, 13), ""), "--factor", "sms", "--factor", "push:OKTA", "--remove-recovery", d.confirm(3))
	d.run("", "reset", d.file("call.csv", "login", logins(10, 13), "+1555000222N"), "--enroll", "call:OKTA", "--update-phone", d.confirm(3))
	d.run("", "reset", d.file("skip.csv", "login", append([]string{"okta.admin@example.com"}, logins(7, 14)...), ""),
		"--skip-admins", "--skip-reset-since", "24h", "--json", d.confirm(8))
	d.run("", "reset", d.file("mailed.csv", "login", logins(14, 16), ""), "--enroll", "push:OKTA", "--send", "email", d.confirm(2))
	d.run("", "reset", d.file("texted.csv", "login", logins(16, 18), "+1555000555N"), "--enroll", "push:OKTA", "--send", "sms", d.confirm(2))
	d.fails(1, "audit", "ids.results.csv", "--json", "--wait", "0") // it finds the resets of the other runs
	d.fails(1, "after", "ids.results.csv", "--json")                // nobody is back
	d.run("", "watch", "--once", "--since", "1h", "--all")
	d.run("", "watch", "--once", "--since", "1h", "--cursor", "watch.json")
}

// factors runs a verb of factors and returns the IDs in what it shows.
func (d *desk) factors(stdin string, args ...string) string {
	d.t.Helper()
	var shown struct {
		ID string `json:"id"`
	}
	out := d.run(stdin, append([]string{"factors"}, args...)...)
	_ = json.Unmarshal([]byte(out), &shown) // a list has none
	return shown.ID
}

func (d *desk) enrollments() {
	user := filled("desk", 30)[20]
	d.run("", "reset", "--user", user, "-o", "clean.csv", d.confirm(1))
	d.factors("", "list", user)
	d.factors("", "catalog", user)
	d.questions(user)
	yes := d.confirm(1)
	sms := d.factors("", "enroll", user, "sms:OKTA", "--phone", "+15550003330", "--update-phone", "--language", "fr", "--token-lifetime", "5m", yes)
	d.factors(d.o.passcode(d.t, user, sms), "activate", user, sms)
	call := d.factors("", "enroll", user, "call:OKTA", "--phone", "+15550003330", "--extension", "12", yes)
	d.factors(d.o.passcode(d.t, user, call), "activate", user, call)
	google := d.factors("", "enroll", user, "token:software:totp:GOOGLE", yes)
	d.factors(d.o.passcode(d.t, user, google), "activate", user, google)
	if !d.o.classic {
		d.factors("", "unenroll", user, "question", yes)
	}
	d.factors("mayonnaise", "enroll", user, "question:OKTA", "--question", "disliked_food", yes)
	d.factors("", "enroll", user, "push:OKTA", yes)
	d.factors("", "get", user, "push")
	d.activatePush(user)
	d.factors("", "list", user)
	if d.o.classic { // elsewhere it enrolls itself
		email := d.factors("", "enroll", user, "email:OKTA", yes)
		time.Sleep(betweenEmails)
		d.factors("", "resend", user, email)
		d.factors(d.o.passcode(d.t, user, email), "activate", user, email)
	}
	d.factors("", "verify", user, "push")
	d.factors("", "verify", user, "push", "--number-matching")
	if transaction := d.o.challenge(); transaction != "" {
		d.factors("", "poll", user, "push", transaction)
	}
	d.factors("mayonnaise", "verify", user, "question")
	d.factors("", "unenroll", user, "sms", "--remove-recovery", yes)
	d.factors("", "unenroll", user, "push", yes)
}

// questions lists the security questions. Okta answers that to an API token alone, so oktareset
// doesn't ask as a service app.
func (d *desk) questions(user string) {
	if !d.o.app {
		d.factors("", "questions", user)
		return
	}
	before := d.o.count()
	d.fails(2, "factors", "questions", user)
	if n := d.o.count() - before; n > 0 {
		d.r.add("oktareset", "factors questions: sends %d requests as a service app", n)
	}
}

// activatePush has oktareset wait for the user's app, and the user scan the QR code meanwhile.
func (d *desk) activatePush(user string) {
	ctx, cancel := context.WithTimeout(d.t.Context(), longest)
	defer cancel()
	scanned := make(chan error, 1)
	go func() { scanned <- d.o.scanWhenAwaited(ctx) }()
	d.factors("", "activate", user, "push")
	if err := <-scanned; err != nil {
		d.r.add("oktareset", "factors activate: nobody scanned the code of the push: %v", err)
	}
}

func (d *desk) verifications() {
	user := filled("desk", 30)[22]
	d.run("", "reset", "--user", user, "-o", "third.csv", d.confirm(1))
	yes := d.confirm(1)
	sms := d.factors("", "enroll", user, "sms:OKTA", "--phone", "+15550004440", "--update-phone", "--activate", yes)
	d.exit = 1 // the passcode is sent, and an empty line is none
	d.run("\n", "factors", "verify", user, sms)
	d.exit = 0
	d.factors(d.o.passcode(d.t, user, sms), "verify", user, sms, "--no-challenge")
	totp := d.factors("", "enroll", user, "token:software:totp:OKTA", yes)
	d.factors(d.o.passcode(d.t, user, totp), "activate", user, totp)
	d.exit = 1 // a passcode counts once
	d.factors(d.o.passcode(d.t, user, totp), "verify", user, totp)
	d.exit = 0
}
