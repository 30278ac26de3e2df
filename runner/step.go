package runner

import (
	"slices"
	"strings"
)

// Step is a step of a run as all packages know it: manifests, the page, commands, and a resume of
// a row in which it is open. Package steps has what it does.
type Step struct {
	Name    string // in manifests; "" if the name depends on the factors
	Words   string // what it does to one user; "" if the name says it
	Changes bool
	Calls   int // in the resets' own bucket, for each user

	// For a step that changes something:
	Open   Reason // the reason of a partial row in which this is the first undone step
	First  bool   // it is the first change: nothing was done before it
	Repeat bool   // it may be sent again after its answer was lost: twice does no more than once
	Undone string // what Open means, in words

	// For a step after the reset that a flag adds and that needs only the user:
	Flag  string // "" for all others
	Usage string // of the flag
	Then  string // what it does to the users of a run, after the word "then"
}

// Steps are all steps, in the order in which they are done. A later step is declared here and in
// package steps; commands, prompts, plans, the page, the help and resumes use this list.
var Steps = []Step{
	{Name: StepIdentify, Words: "identify the user"},
	{Name: StepProtect, Words: "leave protected users alone"},
	{Name: StepSkipAdmins, Words: "leave admins alone", Calls: 1},
	{Name: StepCheckProfile, Words: "check what the new factor needs"},
	{Name: StepCheckPolicy, Words: "check that the user's policy has the new factor", Calls: 1},
	{Name: StepRecordFactors, Words: "record which factors there are", Calls: 1},
	{Name: StepChooseFactors, Words: "choose the factors to unenroll", Calls: 1},
	{Name: StepVerify, Words: "verify the user by a factor", Calls: 1},
	{Open: ReasonUnenroll, Changes: true, Calls: 1, First: true, Repeat: true, Undone: "a factor to unenroll may still be there"},
	{Name: "reset_factors", Words: "reset all MFA factors", Open: StepReset, Changes: true, Calls: 1, First: true},
	{
		Name: "clear_sessions", Words: "clear the user's sessions", Open: ReasonSessions, Changes: true, Calls: 1, Repeat: true,
		Undone: "the sessions aren't cleared", Flag: "clear-sessions",
		Usage: "then end the user's sessions, forget remembered devices and revoke OAuth tokens; a reset does none of these",
		Then:  "ends their sessions, forgets their remembered devices and revokes their OAuth tokens",
	},
	{
		Name: "expire_password", Words: "expire the password", Open: ReasonPassword, Changes: true, Calls: 1, Repeat: true,
		Undone: "the password isn't expired", Flag: "expire-password",
		Usage: "then have the user choose a new password at the next sign-in: whoever knows the old one could enroll a factor",
		Then:  "expires their passwords",
	},
	{Open: ReasonEnroll, Changes: true, Calls: 1, Undone: "the new factor isn't enrolled"},
	{Open: ReasonSend, Changes: true, Calls: 1, Undone: "the link that activates the new factor isn't sent"},
}

// The names of the steps that change nothing.
const (
	StepIdentify      = "identify"
	StepProtect       = "protect"
	StepSkipAdmins    = "skip_admins"
	StepCheckProfile  = "check_profile"
	StepCheckPolicy   = "check_policy"
	StepRecordFactors = "record_factors"
	StepChooseFactors = "choose_factors"
	StepVerify        = "verify"
)

// StepNamed returns the step with this name, which must exist.
func StepNamed(name string) Step {
	return stepBy(func(s Step) bool { return s.Name == name })
}

// StepOf returns the step with this reason in [Step.Open]. For an unknown one, from another
// version, it returns the zero step.
func StepOf(open Reason) Step {
	return stepBy(func(s Step) bool { return s.Changes && s.Open == open })
}

func stepBy(is func(Step) bool) Step {
	if i := slices.IndexFunc(Steps, is); i >= 0 {
		return Steps[i]
	}
	return Step{}
}

// UpdatePhone is the part of an enrolling step's name that says that a number is replaced.
const UpdatePhone = "update phone"

// KeepingPhone returns the names of steps without it.
func KeepingPhone(names string) string {
	return strings.NewReplacer(" ("+UpdatePhone+")", "", ", "+UpdatePhone, "").Replace(names)
}

// LaterSteps returns the steps that a flag adds, in order.
func LaterSteps() []Step {
	return slices.DeleteFunc(slices.Clone(Steps), func(s Step) bool { return s.Flag == "" })
}

// openReasons returns the reasons of partial rows.
func openReasons() []Reason {
	var reasons []Reason
	for _, s := range Steps {
		if s.Undone != "" {
			reasons = append(reasons, s.Open)
		}
	}
	return reasons
}
