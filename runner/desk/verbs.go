package desk

import (
	"context"
	"slices"
	"strings"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner/access"
	"oktareset/runner/console"
)

// Options are the arguments and flags of factors.
type Options struct {
	Verb Verb
	User string
	// an ID or TYPE[:PROVIDER]; for enroll, what to enroll; "" if the verb has no factor
	Factor  string
	TransID string // for poll

	Enroll         oktaclient.Enrollment
	NumberMatching bool
	NoChallenge    bool
	RemoveRecovery bool

	Confirm console.Confirmation
	Timeout time.Duration
	JSON    bool
	Sandbox bool
	Org     access.Flags
}

// Verb is one thing to do to a user's factors.
type Verb struct {
	Name    string
	Args    []string // names of the arguments, in order
	Usage   string
	flags   []string // besides those of all verbs
	reads   bool     // changes and sends nothing, so the user may be the caller
	changes bool     // asks for consent
	noApp   bool     // Okta lets no service app do it, whatever its scopes
	do      func(*task, context.Context) error
}

// Verbs returns the operations of Okta's User Factors API, in the order in which people use them.
func Verbs() []Verb {
	message := []string{"template-id", "token-lifetime", "language"}
	return []Verb{
		{Name: "list", Args: []string{"USER"}, Usage: "list the factors that are enrolled", do: (*task).list, reads: true},
		{Name: "catalog", Args: []string{"USER"}, Usage: "list what the user may enroll", do: (*task).catalog, reads: true},
		{Name: "questions", Args: []string{"USER"}, Usage: "list the security questions to choose from", do: (*task).questions, reads: true, noApp: true},
		{Name: "get", Args: []string{"USER", "FACTOR"}, Usage: "show one factor", do: (*task).get, reads: true},
		{
			Name: "enroll", Args: []string{"USER", "TYPE:PROVIDER"}, Usage: "enroll a factor, after asking",
			do: (*task).enroll, changes: true,
			flags: append([]string{
				"phone", "extension", "email", "question", "credential-id", "factor-profile-id", "profile", "activate", "update-phone", "confirm",
			}, message...),
		},
		{
			Name: "activate", Args: []string{"USER", "FACTOR"}, Usage: "activate a factor by its passcode, or wait for its app",
			do: (*task).activate,
		},
		{
			Name: "resend", Args: []string{"USER", "FACTOR"}, Usage: "send the passcode of an enrollment again", do: (*task).resend,
			flags: []string{"template-id"},
		},
		{
			Name: "verify", Args: []string{"USER", "FACTOR"}, Usage: "check that the caller is the user", do: (*task).verify,
			flags: append([]string{"number-matching", "no-challenge"}, message...),
		},
		{
			Name: "poll", Args: []string{"USER", "FACTOR", "TRANSACTION"}, Usage: "continue to wait for the answer to a push",
			do: (*task).poll,
		},
		{
			Name: "unenroll", Args: []string{"USER", "FACTOR"}, Usage: "take a factor away, after asking",
			do: (*task).unenroll, changes: true,
			flags: []string{"remove-recovery", "confirm"},
		},
	}
}

// FindVerb returns the verb of a name.
func FindVerb(name string) (Verb, bool) {
	verbs := Verbs()
	if i := slices.IndexFunc(verbs, func(v Verb) bool { return v.Name == name }); i >= 0 {
		return verbs[i], true
	}
	return Verb{}, false
}

// everyVerb are the flags of all verbs.
var everyVerb = []string{"json", "log-format", "verbose", "quiet", "timeout", "org-url", "token-file", "sandbox"}

// Takes reports whether the verb has a flag.
func (v Verb) Takes(flag string) bool {
	return slices.Contains(everyVerb, flag) || slices.Contains(v.flags, flag)
}

// ReadsMe reports whether the user is the caller, by Okta's word "me", and the verb only reads.
func (o *Options) ReadsMe() bool {
	return strings.EqualFold(o.User, "me") && o.Verb.reads
}
