package results

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"oktareset/runner"
	"oktareset/runner/console"
)

// This file makes commands from a manifest, so that the terminal, the page and every hint show
// the same command for the same plan. The author of the manifest chose the texts in it: each is
// quoted.

// isSwitch reports whether a flag has no value. In the options, a switch that is on has the value
// "true"; other flags may have that word as a value too.
func isSwitch(name string) bool {
	return slices.Contains([]string{"record-factors", "no-header", "allow-empty", "remove-recovery", "activate", "update-phone", "skip-admins"}, name) ||
		slices.ContainsFunc(runner.LaterSteps(), func(s runner.Step) bool { return s.Flag == name })
}

// recordedFlags returns those of the named flags that the last run had, quoted for a shell.
func recordedFlags(m *Manifest, names ...string) []string {
	return optionFlags(m.Run().Options, names...)
}

// optionFlags is [recordedFlags] for the options of any run.
func optionFlags(options map[string]string, names ...string) []string {
	var args []string
	for _, name := range names {
		switch value, ok := options[name]; {
		case !ok:
		case isSwitch(name):
			if value == "true" {
				args = append(args, "--"+name)
			}
		case name == "factor", name == "user": // may be repeated
			for _, v := range strings.Split(value, ", ") {
				args = append(args, console.ShellFlag("--"+name, v))
			}
		default:
			args = append(args, console.ShellFlag("--"+name, value))
		}
	}
	return args
}

// orgFlags returns the flags by which a printed command reaches the org: those of this execution,
// else those of the last run.
func orgFlags(m *Manifest) console.OrgFlags {
	if m.Reach != (console.OrgFlags{}) {
		return m.Reach
	}
	options := m.Run().Options
	f := console.OrgFlags{URL: options["org-url"], TokenFile: options["token-file"]}
	if !isOrg(f.URL, m.Org) {
		f.URL = ""
	}
	return f
}

// isOrg reports whether a URL is that of the org with this host. If a manifest had another org's
// URL, the printed command would send the user's credentials there.
func isOrg(raw, host string) bool {
	u, err := url.Parse(raw)
	if err != nil {
		return false
	}
	spelled := strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(u.Host), ":443"), ".")
	return spelled == host || spelled == strings.TrimSuffix(host, ":443")
}

// recordedWhat returns the flags that say what is done to each user, in the order of a printed
// command.
func recordedWhat(m *Manifest) []string {
	names := []string{"verify", "factor", "remove-recovery"}
	for _, s := range runner.LaterSteps() {
		names = append(names, s.Flag)
	}
	return recordedFlags(m, append(names, "enroll", "send", "activate", "update-phone")...)
}

// droppedFlags are flags of earlier versions that changed what is done to each user. This version has
// no command that does the same.
var droppedFlags = []string{"template-id", "token-lifetime"}

// DroppedFlag returns a flag of one of the manifest's runs that this version no longer has, or "".
func DroppedFlag(m *Manifest) string {
	for _, run := range m.Runs {
		for _, name := range droppedFlags {
			if _, ok := run.Options[name]; ok {
				return "--" + name
			}
		}
	}
	return ""
}

// recordedProtection returns the flags that leave users alone.
func recordedProtection(m *Manifest) []string {
	var args []string
	column := ""
	for _, x := range m.Exclusions() {
		args, column = append(args, console.ShellFlag("--exclude", x.Path)), x.Column
	}
	if column != "" {
		args = append(args, console.ShellFlag("--exclude-column", column))
	}
	args = append(args, recordedFlags(m, "skip-admins")...)
	for _, run := range slices.Backward(m.Runs) { // a resume keeps it without a flag
		if period, ok := run.Options["skip-reset-since"]; ok {
			return append(args, console.ShellFlag("--skip-reset-since", period))
		}
	}
	return args
}

// recordedTicket returns the flag of the ticket, if there is one.
func recordedTicket(m *Manifest) []string {
	if m.Ticket == "" {
		return nil
	}
	return []string{console.ShellFlag("--ticket", m.Ticket)}
}

// PlanCommand returns the command that does what a plan shows, without a question, and leaves
// alone the same users. further are flags of that run only. It returns "" if there is nobody to
// reset.
func PlanCommand(m *Manifest, plan string, further ...string) string {
	consent := console.ShellFlag("--confirm", fmt.Sprintf("%s:%d", m.Org, m.Counts[runner.StatusWouldReset]))
	return planCommand(m, plan, []string{consent}, further)
}

// AskingPlanCommand is [PlanCommand] for a terminal: its command asks.
func AskingPlanCommand(m *Manifest, plan string, further ...string) string {
	return planCommand(m, plan, nil, further)
}

func planCommand(m *Manifest, plan string, consent, further []string) string {
	if !m.DryRun || m.Counts[runner.StatusWouldReset] == 0 {
		return ""
	}
	then := []string{"--sandbox"}
	if !m.Sandbox {
		then = slices.Concat(recordedFlags(m, "rate"), orgFlags(m).Args(), recordedTicket(m), consent)
	}
	return command(m, nil, append(then, further...), console.ShellFile(plan))
}

// ReportCommand returns the command that makes a page of results or of a plan.
func ReportCommand(path string) string { return "oktareset report " + console.ShellFile(path) }

// AuditCommand returns the command that compares results with the System Log of their org.
func AuditCommand(m *Manifest, path string) string {
	return orgFlags(m).Command("audit", console.ShellFile(path))
}

// AfterCommand returns the command that says who is back in. first are flags for it.
func AfterCommand(m *Manifest, path string, first ...string) string {
	return strings.Join(slices.Concat([]string{"oktareset", "after"}, first, orgFlags(m).Args(), []string{console.ShellFile(path)}), " ")
}

// RemindCommand returns the command that reminds those who aren't back, by the list of who is. Once
// there were reminders, it resumes.
func RemindCommand(m *Manifest, path, list string) string {
	var flags []string
	if taken(MailRecordPath(Unlinked(path), Reminder)) {
		flags = []string{"--resume"}
	}
	flags = slices.Concat(flags, []string{"--remind", console.ShellFile(list)}, orgFlags(m).Args())
	return NotifyCommand(path, flags...) + " --from ADDRESS --contact TEXT"
}

// ResetAgainCommand returns the command that resets one user again and ends the sessions. Its
// results get a free name: the usual one may have those of an earlier reset of the user.
func ResetAgainCommand(m *Manifest, user string) string {
	var output []string
	usual := Beside(FileName([]string{user}), false, false)
	if free := Free(usual); free != usual {
		output = []string{outputFlag(free)}
	}
	return resetAgain(m, console.ShellFlag("--user", user), output...)
}

// ResetAnyAgainCommand is [ResetAgainCommand] for people who put in the user and the file.
func ResetAnyAgainCommand(m *Manifest) string { return resetAgain(m, "--user LOGIN", "-o FILE") }

// ResetSeveralAgainCommand is [ResetAgainCommand] for a file of users, which people make.
func ResetSeveralAgainCommand(m *Manifest) string { return resetAgain(m, "", "FILE") }

func resetAgain(m *Manifest, user string, last ...string) string {
	args := slices.Concat([]string{"oktareset", "reset", user, "--clear-sessions"}, orgFlags(m).Args(), last)
	return strings.Join(slices.DeleteFunc(args, func(s string) bool { return s == "" }), " ")
}

// onceMoreCommand returns the command that does the same to given users once more, into a free file.
func onceMoreCommand(m *Manifest, path string) string {
	users, _ := inputOf(m, path, "")
	protection := slices.DeleteFunc(recordedProtection(m), func(arg string) bool { return strings.HasPrefix(arg, "--skip-reset-since") })
	return strings.Join(slices.Concat([]string{"oktareset", "reset"}, recordedWhat(m), orgFlags(m).Args(), protection, users, []string{outputFlag(Free(path))}), " ")
}

func outputFlag(path string) string { return "-o " + console.ShellFile(PlainPattern(path)) }

// FactorsCommand is [console.OrgFlags.Factors] for the org of the manifest.
func FactorsCommand(m *Manifest, verb, user string, args ...string) string {
	return orgFlags(m).Factors(verb, user, args...)
}

// GoOnCommand returns the command that resumes results, or completes a plan, with the flags of
// the last run. first are the flags --resume or --retry.
func GoOnCommand(m *Manifest, path string, first ...string) string {
	return GoOnCommandOf(m, path, "", first...)
}

// GoOnCommandOf is [GoOnCommand] for a known input file; with "" it looks for the file.
func GoOnCommandOf(m *Manifest, path, file string, first ...string) string {
	if m.DryRun {
		first = append([]string{"--dry-run"}, first...)
	}
	then := append(recordedFlags(m, "record-factors", "workers", "rate", "max-api-capacity", "timeout", "halt"), orgFlags(m).Args()...)
	output := []string{console.ShellFlag("--output", PlainPattern(path))}
	var input []string
	// with the copy of the input, no file is needed
	if _, err := os.Lstat(CopyPath(path)); err != nil {
		var base string
		input, base = inputOf(m, path, file)
		then = append(recordedFlags(m, "column", "delimiter", "no-header", "allow-empty"), then...)
		if filepath.Clean(Beside(base, m.DryRun, false)) == filepath.Clean(path) {
			output = nil
		}
	}
	then = append(then, output...)
	return command(m, first, then, input...)
}

// JobCommand returns the command that begins or resumes a job as the manifest's last run began,
// with its own consent and bounds. output is its pattern, and input is ready for a shell, "" if
// there is none.
func JobCommand(m *Manifest, output, input string) string {
	then := slices.Concat(
		recordedFlags(m, "column", "delimiter", "no-header", "allow-empty", "record-factors", "workers", "rate", "max-api-capacity", "timeout", "halt", "limit", "max-duration"),
		orgFlags(m).Args(), recordedFlags(m, "ticket", "confirm"), []string{console.ShellFlag("--output", output)})
	var last []string
	if input != "" {
		last = []string{input}
	}
	return command(m, []string{"--resume"}, then, last...)
}

// inputOf returns the input of results for a shell, and the name that the results are derived
// from. The manifest has only the name of a file without its folder: unless file is known, it is
// looked for beside the results.
func inputOf(m *Manifest, path, file string) (args []string, base string) {
	if users := m.GivenUsers(); users != "" {
		return optionFlags(map[string]string{"user": users}, "user"), FileName(strings.Split(users, ", "))
	}
	if m.Input.File == ShownStdin {
		return []string{"-"}, "stdin"
	}
	if file == "" {
		file = filepath.Join(filepath.Dir(path), m.Input.File)
		if _, err := os.Stat(file); err != nil {
			file = m.Input.File
		}
	}
	return []string{console.ShellFile(file)}, file
}

// NotPlanned says why a plan isn't complete, and which command completes it; both are "" for a
// complete plan. A dry run of the stand-in org can't be resumed: it has to be made again.
func NotPlanned(m *Manifest, plan string) (why, command string) {
	unseen, failed := m.Counts[runner.StatusNotAttempted], m.Counts[runner.StatusFailed]
	stopped := m.Run().Stopped
	first := []string{"--resume"}
	switch {
	case !m.Finished:
		why = "its dry run is still going on, or broke off"
	case unseen > 0 && failed > 0:
		why = fmt.Sprintf("%s and %s couldn't be looked up", notLookedAt(unseen, m), console.Plural(failed, "row"))
	case unseen > 0:
		why = notLookedAt(unseen, m)
	case failed > 0 && m.Run().Options["verify"] != "":
		why = "its user can't be verified so, or couldn't be looked up"
	case failed > 0:
		why = fmt.Sprintf("%d of its %s couldn't be looked up", failed, console.Plural(m.Counts.Total(), "row"))
	case stopped != "":
		why = "its dry run was stopped: " + stopped
	default:
		return "", ""
	}
	if failed > 0 {
		first = []string{"--retry", "failed"}
	}
	if m.Sandbox {
		return why, ""
	}
	return why, GoOnCommand(m, plan, first...)
}

func notLookedAt(n int, m *Manifest) string {
	verb := "weren't"
	if n == 1 {
		verb = "wasn't"
	}
	return fmt.Sprintf("%d of its %s %s looked at", n, console.Plural(m.Counts.Total(), "row"), verb)
}

// DryRunCommand returns the command that makes a dry run over an input, read as in the manifest's
// last run, in a real org. input is ready for a shell.
func DryRunCommand(m *Manifest, input string) string {
	return command(m, nil, append(recordedFlags(m, "column", "delimiter", "no-header"), "--dry-run"), input)
}

// RehearseCommand returns the command that does to an input in the stand-in org what the manifest's
// last run would do. input is ready for a shell.
func RehearseCommand(m *Manifest, input string) string {
	flags := append(recordedFlags(m, "column", "delimiter", "no-header"), "--sandbox")
	if m.DryRun {
		flags = append(flags, "--dry-run")
	}
	return command(m, nil, flags, input)
}

// command returns a command that does the same to each user as the manifest says, and leaves
// alone the same users: without these flags it would reset others.
func command(m *Manifest, first, then []string, input ...string) string {
	return strings.Join(slices.Concat([]string{"oktareset", "reset"}, first, recordedWhat(m), then, recordedProtection(m), input), " ")
}

// NotifyCommand returns the command that sends mails about results, with these flags.
func NotifyCommand(path string, flags ...string) string {
	return strings.Join(slices.Concat([]string{"oktareset", "notify"}, flags, []string{console.ShellFile(path)}), " ")
}
