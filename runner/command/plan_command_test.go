package command

import (
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"oktareset/runner"
	"oktareset/runner/results"
)

// The command of a plan has every flag that says what is done and who is left alone, as its run
// would print it. If a new flag were forgotten here, the command on the page would do something
// else than was approved.
func TestPlanCommandHasEveryFlag(t *testing.T) {
	values := map[string][]string{
		"factor": {"sms:OKTA", "push"}, "enroll": {"sms:OKTA"}, "exclude": {"it's.csv"},
		"exclude-column": {"Benutzer"}, "verify": {"email"}, "skip-reset-since": {"2d"},
	}
	flags := append(whatFlags("WHAT"), resetFlags()...)
	var args, names []string
	for _, f := range flags {
		name := f.Names()[0]
		category := f.(cli.CategorizableFlag).GetCategory() //nolint:errcheck,forcetypeassert // all of them are
		if category != "WHAT" && category != "PROTECT" || name == "dry-run" || name == "send" || name == "record-factors" || slices.Contains(names, name) {
			continue
		}
		names = append(names, name)
		if _, ok := f.(*cli.BoolFlag); ok {
			args = append(args, "--"+name)
			continue
		}
		for _, v := range values[name] {
			args = append(args, "--"+name, v)
		}
		if values[name] == nil {
			t.Errorf("--%s: give this test a value for it", name)
		}
	}
	o, err := parse(t, append(args, "users.csv", "--ticket", "CHG 1", "--token-file", "my token")...)
	if err != nil {
		t.Fatal(err)
	}
	m := results.Manifest{
		DryRun: true, Org: "acme.okta.com", Ticket: o.Ticket, Counts: runner.Counts{runner.StatusWouldReset: 7}, Runs: []results.Run{{Options: o.Set}},
	}
	m.Runs[0].Options["exclude"] = `abc "it's.csv"`
	got := results.PlanCommand(&m, "users.plan.csv")
	for _, name := range names {
		if !strings.Contains(got, " --"+name+" ") {
			t.Errorf("%s\nhas no --%s", got, name)
		}
	}
	o, err = parse(t, "users.csv", "--enroll", "push:OKTA", "--send", "email") // it goes with another factor
	if err != nil {
		t.Fatal(err)
	}
	m.Runs[0].Options = o.Set
	if got := results.PlanCommand(&m, "users.plan.csv"); !strings.Contains(got, " --enroll push:OKTA --send email ") {
		t.Errorf("%s\nhas no --send", got)
	}
	for _, part := range []string{"--factor sms:OKTA --factor push", `--exclude 'it'\''s.csv'`, "--ticket 'CHG 1' --confirm acme.okta.com:7", "--token-file 'my token'"} {
		if !strings.Contains(got, part) {
			t.Errorf("%s\nhas no %s", got, part)
		}
	}
}

// A command that continues results names their input, wherever it came from.
func TestGoOnCommand(t *testing.T) {
	run := func(options map[string]string) []results.Run { return []results.Run{{Options: options}} }
	for _, tt := range []struct {
		m       results.Manifest
		results string
		want    string
	}{
		{results.Manifest{Input: results.Input{File: "users.csv"}, Runs: run(nil)}, "users.results.csv", "oktareset reset --resume users.csv"},
		{results.Manifest{Input: results.Input{File: "users.csv"}, DryRun: true, Runs: run(nil)}, "users.plan.csv", "oktareset reset --dry-run --resume users.csv"},
		{
			results.Manifest{Input: results.Input{File: "$(id).csv"}, Runs: run(map[string]string{"column": "a b", "workers": "2"})},
			"out.csv",
			"oktareset reset --resume --column 'a b' --workers 2 --output out.csv '$(id).csv'",
		},
		{
			results.Manifest{Input: results.Input{File: "users.csv"}, Runs: run(map[string]string{"column": "true", "no-header": "true", "allow-empty": "false"})},
			"users.results.csv",
			"oktareset reset --resume --column true --no-header users.csv",
		},
		{
			results.Manifest{Input: results.Input{File: "stdin"}, Runs: run(nil)}, "stdin.results.csv", "oktareset reset --resume -",
		},
		{
			results.Manifest{Input: results.Input{File: "x.input.csv"}, Runs: run(map[string]string{"user": "a@x, b@x"})},
			"user-a@x-and-1-more.results.csv",
			"oktareset reset --resume --user a@x --user b@x",
		},
	} {
		if got := results.GoOnCommand(&tt.m, tt.results, "--resume"); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
}

// A proposed command names every switch without a value.
func TestProposedSwitches(t *testing.T) {
	options := make(map[string]string)
	for _, f := range resetFlags() {
		if _, ok := f.(*cli.BoolFlag); ok {
			options[f.Names()[0]] = "true"
		}
	}
	m := results.Manifest{
		DryRun: true, Org: "acme.okta.com", Input: results.Input{File: "users.csv"}, Counts: runner.Counts{runner.StatusWouldReset: 1},
		Runs: []results.Run{{Options: options}},
	}
	for _, got := range []string{results.GoOnCommand(&m, "users.plan.csv", "--resume"), results.PlanCommand(&m, "users.plan.csv")} {
		if strings.Contains(got, " true") {
			t.Errorf("a switch has a value: %s", got)
		}
	}
}

// A command that is proposed is taken as it stands, also if a value in it looks like a flag.
func TestProposedCommandsAreTaken(t *testing.T) {
	m := results.Manifest{
		DryRun: true, Org: "acme.okta.com", Ticket: "-t", Input: results.Input{File: "-users.csv"}, Counts: runner.Counts{runner.StatusWouldReset: 1},
		Runs: []results.Run{{Options: map[string]string{
			"column": "--dry-run", "token-file": "-token", "exclude": `abc "--confirm"`, "exclude-column": "-n", "factor": "sms, push",
		}}},
	}
	for _, command := range []string{
		results.PlanCommand(&m, "-users.plan.csv"), results.GoOnCommand(&m, "-users.plan.csv", "--resume"), results.GoOnCommand(&m, "-odd.csv", "--resume"),
	} {
		o, err := parse(t, strings.Fields(command)[2:]...)
		if err != nil || o.DryRun != strings.Contains(command, " --dry-run ") || !slices.Equal(o.Protect.Exclude, []string{"--confirm"}) || o.Protect.Column != "-n" ||
			o.Org.TokenFile != "-token" || o.File != "./-users.csv" && o.File != "./-users.plan.csv" || len(o.What.Factors) != 2 {
			t.Errorf("%s: %v, %+v", command, err, o)
		}
		if strings.Contains(command, "--ticket") && o.Ticket != m.Ticket || strings.Contains(command, "--column") && o.Input.Column != "--dry-run" {
			t.Errorf("%s: %+v", command, o)
		}
	}
}
