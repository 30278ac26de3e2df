package console

import "strings"

// ShellQuote quotes a path for a POSIX shell if necessary.
func ShellQuote(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("@%+=:,./_-", r)
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// ShellFlag is a flag with its value for a POSIX shell, in the form in which it is taken back.
func ShellFlag(flag, value string) string {
	if strings.HasPrefix(value, "-") { // behind a space, it would be a flag
		return flag + "=" + ShellQuote(value)
	}
	return flag + " " + ShellQuote(value)
}

// ShellFile is [ShellQuote] for the name of a file as an argument of its own: it never looks like
// a flag.
func ShellFile(name string) string {
	if strings.HasPrefix(name, "-") {
		name = "./" + name
	}
	return ShellQuote(name)
}
