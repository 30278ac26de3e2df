package results

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"oktareset/runner"
	"oktareset/runner/console"
)

// This file makes commands of a manifest, so that the terminal, the page and every hint give the
// same one for the same plan. Whoever wrote the manifest chose the texts: each is quoted.

// recordedExclusion is a file of --exclude as a run's options have it.
type recordedExclusion struct {
	Sha256 string
	Path   string
}

// RecordedExclusions are the files that the runs of a manifest left alone, each content once.
func RecordedExclusions(m *Manifest) []recordedExclusion {
	var all []recordedExclusion
	for _, run := range m.Runs {
		for line := range strings.Lines(run.Options["exclude"]) {
			hash, quoted, _ := strings.Cut(strings.TrimSpace(line), " ")
			path, err := strconv.Unquote(quoted)
			if err != nil {
				path = quoted
			}
			if !slices.ContainsFunc(all, func(x recordedExclusion) bool { return x.Sha256 == hash }) {
				all = append(all, recordedExclusion{hash, path})
			}
		}
	}
	return all
}

// LastOptions are the flags of the run that wrote last.
func LastOptions(m *Manifest) map[string]string {
	if len(m.Runs) == 0 {
		return nil
	}
	return m.Runs[len(m.Runs)-1].Options
}

// isSwitch reports whether a flag has no value on a command line. Its option is "true" where it is
// on; the value of another flag may be that word, too.
func isSwitch(name string) bool {
	return slices.Contains([]string{"record-factors", "no-header", "allow-empty", "remove-recovery", "activate", "update-phone", "skip-admins"}, name) ||
		slices.ContainsFunc(runner.LaterSteps(), func(s runner.Step) bool { return s.Flag == name })
}

// recordedFlags are those of the named flags that the last run had, for a shell.
func recordedFlags(m *Manifest, names ...string) []string {
	return optionFlags(m, LastOptions(m), names...)
}

// optionFlags is [recordedFlags] of the options of any run.
func optionFlags(m *Manifest, options map[string]string, names ...string) []string {
	var args []string
	for _, name := range names {
		switch value, ok := options[name]; {
		case !ok, name == "org-url" && !isOrg(value, m.Org):
		case isSwitch(name):
			if value == "true" {
				args = append(args, "--"+name)
			}
		case name == "factor", name == "user": // may be repeated
			for _, v := range strings.Split(value, ", ") {
				args = append(args, "--"+name, console.ShellQuote(v))
			}
		default:
			args = append(args, "--"+name, console.ShellQuote(value))
		}
	}
	return args
}

// isOrg reports whether a URL is that of the org with this host. What a manifest has as the flag
// of another one would send the credentials of whoever takes the command there.
func isOrg(raw, host string) bool {
	u, err := url.Parse(raw)
	if err != nil {
		return false
	}
	spelled := strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(u.Host), ":443"), ".")
	return spelled == host || spelled == strings.TrimSuffix(host, ":443")
}

// recordedWhat are the flags that say what is done to each user, in the order in which a command
// that is shown has them.
func recordedWhat(m *Manifest) []string {
	names := []string{"factor", "remove-recovery"}
	for _, s := range runner.LaterSteps() {
		names = append(names, s.Flag)
	}
	return recordedFlags(m, append(names, "enroll", "activate", "update-phone")...)
}

// droppedFlags are flags of earlier versions that changed what is done to each user. No command of
// this version does the same.
var droppedFlags = []string{"template-id", "token-lifetime"}

// DroppedFlag is a flag that a run of the manifest had and this version hasn't, as it is written, or
// "".
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

// recordedProtection are the flags that leave users alone.
func recordedProtection(m *Manifest) []string {
	var args []string
	for _, x := range RecordedExclusions(m) {
		args = append(args, "--exclude", console.ShellQuote(x.Path))
	}
	args = append(args, recordedFlags(m, "exclude-column", "skip-admins")...)
	for _, run := range slices.Backward(m.Runs) { // a run that goes on takes it over without a flag
		if period, ok := run.Options["skip-reset-since"]; ok {
			return append(args, "--skip-reset-since", console.ShellQuote(period))
		}
	}
	return args
}

// recordedTicket is the flag of the ticket, if there is one.
func recordedTicket(m *Manifest) []string {
	if m.Ticket == "" {
		return nil
	}
	if strings.HasPrefix(m.Ticket, "-") { // else it would be a flag
		return []string{"--ticket=" + console.ShellQuote(m.Ticket)}
	}
	return []string{"--ticket", console.ShellQuote(m.Ticket)}
}

// PlanCommand is the command that does what a plan shows, unasked, and leaves alone whom it leaves
// alone. "" where there is nobody to reset.
func PlanCommand(m *Manifest, plan string) string {
	return planCommand(m, plan, "--confirm", console.ShellQuote(fmt.Sprintf("%s:%d", m.Org, m.Counts[runner.StatusWouldReset])))
}

// AskingPlanCommand is [PlanCommand] for a terminal: it asks.
func AskingPlanCommand(m *Manifest, plan string) string { return planCommand(m, plan) }

func planCommand(m *Manifest, plan string, consent ...string) string {
	if !m.DryRun || m.Counts[runner.StatusWouldReset] == 0 {
		return ""
	}
	then := []string{"--sandbox"}
	if !m.Sandbox {
		then = slices.Concat(recordedFlags(m, "org-url", "token-file"), recordedTicket(m), consent)
	}
	return command(m, nil, then, console.ShellFile(plan))
}

// ReportCommand is the command that makes a page of results or of a plan.
func ReportCommand(path string) string { return "oktareset report " + console.ShellFile(path) }

// AuditCommand is the command that compares results with the System Log of their org.
func AuditCommand(m *Manifest, path string) string {
	flags := recordedFlags(m, "org-url", "token-file")
	return strings.Join(slices.Concat([]string{"oktareset", "audit"}, flags, []string{console.ShellFile(path)}), " ")
}

// GoOnCommand is the command that goes on with results, or completes a plan, with the flags of its
// last run. first are the flags that say so.
func GoOnCommand(m *Manifest, path string, first ...string) string {
	return GoOnCommandOf(m, path, "", first...)
}

// GoOnCommandOf is [GoOnCommand] where somebody knows the file of the input; "" looks for it.
func GoOnCommandOf(m *Manifest, path, file string, first ...string) string {
	if m.DryRun {
		first = append([]string{"--dry-run"}, first...)
	}
	then := recordedFlags(m, "record-factors", "workers", "rate", "max-api-capacity", "timeout", "halt", "org-url", "token-file")
	output := []string{"--output", console.ShellQuote(PlainPattern(path))}
	var input []string
	if _, err := os.Lstat(CopyPath(path)); err != nil { // with the copy of the input, nothing else is needed
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

// inputOf names the input of results for a shell, and says what the results are named after. The
// manifest has the name of a file alone: unless file is known, it is looked for beside the results.
func inputOf(m *Manifest, path, file string) (args []string, base string) {
	for _, run := range slices.Backward(m.Runs) { // a run that goes on names them no more
		if users := run.Options["user"]; users != "" {
			return optionFlags(m, run.Options, "user"), FileName(strings.Split(users, ", "))
		}
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

// NotPlanned says why a plan isn't whole, and with which command it is completed; both are "" for
// one that is. A dry run of the stand-in org can't be gone on with: it is made again.
func NotPlanned(m *Manifest, plan string) (why, command string) {
	unseen, failed := m.Counts[runner.StatusNotAttempted], m.Counts[runner.StatusFailed]
	stopped := ""
	if len(m.Runs) > 0 {
		stopped = m.Runs[len(m.Runs)-1].Stopped
	}
	first := []string{"--resume"}
	switch {
	case !m.Finished:
		why = "its dry run is still going on, or broke off"
	case unseen > 0 && failed > 0:
		why = fmt.Sprintf("%s and %s couldn't be looked up", notLookedAt(unseen, m), console.Plural(failed, "row"))
	case unseen > 0:
		why = notLookedAt(unseen, m)
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

// DryRunCommand is the command that looks at an input as the last run of a manifest read it, in a
// real org. input is ready for a shell.
func DryRunCommand(m *Manifest, input string) string {
	return command(m, nil, append(recordedFlags(m, "column", "delimiter", "no-header"), "--dry-run"), input)
}

// RehearseCommand is the command that does to an input in the stand-in org what the last run of a
// manifest would do. input is ready for a shell.
func RehearseCommand(m *Manifest, input string) string {
	flags := append(recordedFlags(m, "column", "delimiter", "no-header"), "--sandbox")
	if m.DryRun {
		flags = append(flags, "--dry-run")
	}
	return command(m, nil, flags, input)
}

// ResetCommand is the command that does to all of an input what a dry run has shown. consent is as
// --confirm takes it; with "", the command asks. input is ready for a shell.
func ResetCommand(m *Manifest, consent, input string) string {
	flags := append(recordedFlags(m, "column", "delimiter", "no-header", "org-url", "token-file"), recordedTicket(m)...)
	if consent != "" {
		flags = append(flags, "--confirm", consent)
	}
	return command(m, nil, flags, input)
}

// command is a command that does the same to each user as a manifest says, and leaves the same
// alone: without these flags it would reset others.
func command(m *Manifest, first, then []string, input ...string) string {
	return strings.Join(slices.Concat([]string{"oktareset", "reset"}, first, recordedWhat(m), then, recordedProtection(m), input), " ")
}
