package report

import (
	"cmp"
	"regexp"
	"strings"

	"oktareset/runner"
)

// words is how the page speaks of a status.
type words struct {
	label  string
	means  string
	advice string // what a person can do; "" when nobody has to do anything
}

// resultWords are those of a result: what was done.
var resultWords = map[runner.Status]words{
	runner.StatusReset:      {"Reset", "Okta said so, or its System Log proves it.", ""},
	runner.StatusWouldReset: {"Would be reset", "The reset would be sent.", ""},
	runner.StatusSkipped:    {"Skipped", "Left alone on purpose.", ""},
	runner.StatusPartial: {
		"Partly done", "The change began; a later step is not done.",
		"Run again with --resume: it does only the steps that are open.",
	},
	runner.StatusInvalid: {
		"Invalid", "The row names nobody, or lacks what the new factor needs. Nothing was changed.",
		"Correct the cell: a user ID or the whole login, or what the error names. Then run the corrected rows as a file of their own.",
	},
	runner.StatusNotFound: {
		"Not found", "The org has no such user.",
		"Look for a login that was mistyped or renamed, or a user who was deleted. Then run the corrected rows as a file of their own.",
	},
	runner.StatusForbidden: {
		"Forbidden", "Okta doesn't let this account reset this user. The user wasn't reset.",
		"Use an account that may: only a super admin can reset a super admin. Then run again with --retry forbidden.",
	},
	runner.StatusFailed: {
		"Failed", "Okta refused, or it couldn't be sent. The user wasn't reset.",
		"Read the error, remove its cause, then run again with --retry failed.",
	},
	runner.StatusUnknown: {
		"Unknown", "Sent, the answer was lost, and nothing proves either way. Where it is incomplete, Okta did a part of the reset.",
		"Don't simply repeat it: a second reset takes what the person has enrolled since. --resume looks for proof again. Else look at the user " +
			"and the System Log by hand; only then run again with --retry unknown, which asks for consent again.",
	},
	runner.StatusNotAttempted: {
		"Not attempted", "The run stopped first. Nothing was changed.",
		"Run again with --resume: it goes on where the run stopped.",
	},
}

// planWords are those of a plan, where they differ: nothing was changed, and it can be made
// again at will.
var planWords = map[runner.Status]words{
	runner.StatusWouldReset: {"Would be reset", "The reset would be sent.", ""},
	runner.StatusSkipped:    {"Left alone", "On purpose.", ""},
	runner.StatusInvalid: {
		"Invalid", "The row names nobody, or lacks what the new factor needs. It would be left alone.",
		"Correct the cell: a user ID or the whole login, or what the error names. Then make the plan again.",
	},
	runner.StatusNotFound: {
		"Not found", "The org has no such user. The row would be left alone.",
		"Look for a login that was mistyped or renamed, or a user who was deleted. Then make the plan again.",
	},
	runner.StatusForbidden: {
		"Forbidden", "Okta doesn't let this account look at this user.",
		"Use an account that may, then make the plan again.",
	},
	runner.StatusFailed: {
		"Failed", "The user couldn't be looked up: the plan isn't whole.",
		"Read the error, remove its cause, then complete the plan with --dry-run and --retry failed.",
	},
	runner.StatusNotAttempted: {
		"Not attempted", "The dry run stopped first: nothing is known of the user, and the plan isn't whole.",
		"Complete the plan with --dry-run and --resume.",
	},
}

// wordsFor returns how a page of this kind speaks of a status.
func wordsFor(s runner.Status, plan bool) words {
	if w, ok := planWords[s]; ok && plan {
		return w
	}
	return resultWords[s]
}

// piece is a part of a text: a flag, which isn't broken into two lines, or what stands between
// flags.
type piece struct {
	Text string
	Flag bool
}

var flagPattern = regexp.MustCompile(`--[a-z-]+( (forbidden|failed|unknown))?`)

// pieces takes a text of this file, or a command, apart at its flags.
func pieces(text string) []piece {
	var all []piece
	end := 0
	for _, at := range flagPattern.FindAllStringIndex(text, -1) {
		all = append(all, piece{Text: text[end:at[0]]}, piece{Text: text[at[0]:at[1]], Flag: true})
		end = at[1]
	}
	return append(all, piece{Text: text[end:]})
}

// stepsText is as "identify the user, leave protected users alone, reset all MFA factors".
func stepsText(names []string) string {
	steps := make([]string, len(names))
	for i, name := range names {
		steps[i] = cmp.Or(runner.StepNamed(name).Words, cell(name))
	}
	return strings.Join(steps, ", ")
}

func capital(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
