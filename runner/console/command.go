package console

import (
	"slices"
	"strings"
)

// This file makes what every printed command has in common: how it reaches the org, and whom it
// is about.

// OrgFlags are the flags that name an org and its credentials. Every printed command that asks the
// org has those of the command that printed it: without them it asks no org, or another one.
type OrgFlags struct{ URL, TokenFile string }

// Args returns the flags for a shell.
func (f OrgFlags) Args() (args []string) {
	if f.URL != "" {
		args = append(args, ShellFlag("--org-url", f.URL))
	}
	if f.TokenFile != "" {
		args = append(args, ShellFlag("--token-file", f.TokenFile))
	}
	return args
}

// Command returns a command that asks the org. args are ready for a shell.
func (f OrgFlags) Command(name string, args ...string) string {
	return strings.Join(slices.Concat([]string{"oktareset", name}, f.Args(), args), " ")
}

// Factors returns a command for one user's factors. user is ready for a shell: see [ShellUser].
func (f OrgFlags) Factors(verb, user string, args ...string) string {
	words := slices.Concat([]string{"oktareset", "factors", verb}, f.Args(), []string{user})
	for _, a := range args {
		words = append(words, ShellQuote(a))
	}
	return strings.Join(words, " ")
}

// ShellUser names a user for a shell: by the login, which people can read, unless it looks like a
// flag. In many orgs, users choose their logins themselves.
func ShellUser(login, id string) string {
	if login == "" || strings.HasPrefix(login, "-") {
		return ShellQuote(id)
	}
	return ShellQuote(login)
}
