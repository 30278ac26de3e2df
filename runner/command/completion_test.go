package command

import (
	"slices"
	"strings"
	"testing"

	"oktareset/runner/desk"
	"oktareset/runner/export"
	"oktareset/runner/steps"

	"github.com/urfave/cli/v2"
)

func words(found []suggestion) string {
	var list []string
	for _, f := range found {
		list = append(list, f.word)
	}
	return strings.Join(list, " ")
}

func TestComplete(t *testing.T) {
	tests := []struct {
		line  string // the last word is the one at the cursor
		want  string // words that are offered
		not   string // words that aren't
		files fileNames
	}{
		{line: "", want: "reset users help --help --version", not: "__complete"},
		{line: "help ", want: "reset whoami jobs exit-codes factors", not: "--version __complete"},
		{line: "help reset "},
		{line: "reset ", files: inputFiles},
		{line: "reset --dry-run ", files: inputFiles},
		{line: "reset -- ", files: inputFiles},
		{line: "reset -- --", files: inputFiles},
		{line: "report ", files: resultsFiles},
		{line: "reset users.csv ", want: "--dry-run --help"},
		{line: "reset users.csv x"},
		{line: "reset users.csv -- -"},
		{line: "reset -n --user a --output=x -", want: "--user --resume", not: "--dry-run --output"},
		{line: "reset -o ", files: anyFiles},
		{line: "reset users.csv --output x --exclude ", files: inputFiles},
		{line: "reset --output=", files: anyFiles},
		{line: "audit users.results.csv --tickets ", files: inputFiles},
		{line: "audit ", files: resultsFiles},
		{line: "sandbox --fill ", files: inputFiles},
		{line: "reset --ticket "},
		{line: "reset --confirm --dry-run --log-format ", want: "text json"}, // --confirm has no value
		{line: "reset --dry-run=t"},
		{line: "reset --log-format ", want: "text json"},
		{line: "reset --log-format=", want: "--log-format=text --log-format=json"},
		{line: "reset --retry failed,", want: "failed,forbidden failed,unknown", not: "failed,failed failed"},
		{line: "users --status=ACTIVE,", want: "--status=ACTIVE,STAGED", not: "--status=ACTIVE,ACTIVE"},
		{line: "reset --enroll ", want: "sms:OKTA", not: "token:RSA"},
		{line: "factors ", want: "list unenroll"},
		{line: "factors verify "},
		{line: "factors verify alice ", want: "sms push"},
		{line: "factors enroll alice ", want: "sms:OKTA token:RSA"},
		{line: "factors verify alice sms -", want: "--no-challenge --json", not: "--phone --confirm"},
		{line: "factors list alice ", want: "--json", not: "--no-challenge"},
		{line: "factors -", want: "--phone --no-challenge"},
		{line: "completion ", want: "bash zsh fish pwsh"},
		{line: "whoami ", want: "--json --help"},
		{line: "nonsense "},
	}
	for _, tt := range tests {
		found, files := complete(strings.Split(tt.line, " "))
		offered := strings.Fields(words(found))
		if files != tt.files || tt.want == "" && len(found) > 0 {
			t.Errorf("complete(%q) = %q, %q; want files: %q", tt.line, offered, files, tt.files)
		}
		for _, w := range strings.Fields(tt.want) {
			if !slices.Contains(offered, w) {
				t.Errorf("complete(%q) = %q, without %q", tt.line, offered, w)
			}
		}
		for _, w := range strings.Fields(tt.not) {
			if slices.Contains(offered, w) {
				t.Errorf("complete(%q) = %q, with %q", tt.line, offered, w)
			}
		}
	}
}

// The help of a flag that takes a value says of which kind, and completion asks for it.
func TestFlagsWithValue(t *testing.T) {
	for _, c := range blankApp().cli().Commands {
		for _, e := range flagEntries(c.Flags) {
			if e.takesValue != (e.value != "") {
				t.Errorf("%s --%s takes a value: %v, but its help says %q", c.Name, e.names[0], e.takesValue, e.value)
			}
		}
	}
	cmd := &cli.Command{Flags: []cli.Flag{&cli.StringFlag{Name: "named", Usage: "without a kind"}}}
	if l := readLine(cmd, []string{"--named"}); l.open() == nil {
		t.Error("the value of a flag isn't expected")
	}
	if l := readLine(cmd, []string{"--named", "value", "arg"}); l.open() != nil || len(l.args) != 1 {
		t.Errorf("%+v", l)
	}
}

// Completion knows every argument that the help names, or its files would never be completed.
func TestCompleteArguments(t *testing.T) {
	free := []string{"USER", "TRANSACTION"} // only the user knows them
	for _, c := range blankApp().cli().Commands {
		if found, files := complete([]string{c.Name, ""}); len(found) == 0 && files == noFiles && !c.Hidden {
			t.Errorf("nothing is known of the argument %s of %s", c.ArgsUsage, c.Name)
		}
	}
	for _, v := range desk.Verbs() {
		for i, kind := range v.Args {
			line := append([]string{"factors", v.Name}, make([]string, i+1)...)
			if found, _ := complete(line); len(found) == 0 != slices.Contains(free, kind) {
				t.Errorf("complete(%q) = %q for %s", line, words(found), kind)
			}
		}
	}
}

// Completion offers for a flag what the flag's command accepts.
func TestCompleteTaken(t *testing.T) {
	offered := func(words ...string) []suggestion {
		found, _ := complete(words)
		if len(found) == 0 {
			t.Errorf("complete(%q) offers nothing", words)
		}
		return found
	}
	for _, flag := range []string{"--log-format", "--retry", "--factor", "--enroll", "--send", "--delimiter"} {
		for _, s := range offered("reset", flag, "") {
			args := []string{"users.csv", flag, s.word}
			switch {
			case flag == "--send":
				args = append(args, "--enroll", "push:OKTA")
			case s.word == "push:OKTA":
				args = append(args, "--send", "email")
			}
			if _, err := parse(t, args...); err != nil {
				t.Errorf("%s %s is offered: %v", flag, s.word, err)
			}
		}
	}
	for _, s := range offered("users", "--columns", "") {
		if _, err := export.ParseColumns(s.word); err != nil {
			t.Error(err)
		}
	}
	for _, s := range offered("users", "--status", "") {
		if _, err := parseStatuses(s.word); err != nil {
			t.Error(err)
		}
	}
	for _, s := range offered("factors", "enroll", "alice", "") {
		if f, err := steps.ParseFactorType(s.word); err != nil || f.Provider == "" {
			t.Errorf("TYPE:PROVIDER %s is offered: %v", s.word, err)
		}
	}
	if got := words(offered("sandbox", "--engine", "")); got != "identity classic" {
		t.Errorf("--engine %s", got)
	}
}

func TestJoinWords(t *testing.T) {
	t.Parallel()
	tests := []struct{ pieces, words, shown string }{
		{"reset us", "reset us", ""},
		{"reset --log-format = js", "reset --log-format=js", "--log-format="},
		{"reset --log-format =", "reset --log-format=", "--log-format="},
		{"reset --log-format = json ", "reset --log-format=json ", ""},
		{"reset --factor token : software : t", "reset --factor token:software:t", "token:software:"},
		{"reset --enroll = sms : OKTA x", "reset --enroll=sms:OKTA x", ""},
		{"factors verify bob @ example.com p", "factors verify bob@example.com p", ""},
		{"factors list bob @ ex", "factors list bob@ex", "bob@"},
		{"= =", "==", "=="},
		{"", "", ""},
	}
	for _, tt := range tests {
		words, shown := joinWords(strings.Split(tt.pieces, " "))
		if got := strings.Join(words, " "); got != tt.words || shown != tt.shown {
			t.Errorf("joinWords(%q) = %q, %q; want %q, %q", tt.pieces, got, shown, tt.words, tt.shown)
		}
	}
}
