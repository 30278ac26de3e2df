package console

import (
	"runtime"
	"strings"
)

// ShellQuote quotes a path, if necessary, for a POSIX shell; on Windows for PowerShell.
func ShellQuote(s string) string {
	if runtime.GOOS == "windows" {
		return powerShellQuote(s)
	}
	return posixQuote(s)
}

func posixQuote(s string) string {
	if plain(s, "@%+=:,./_-") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// powerShellQuote uses what cmd understands, too, unless PowerShell would replace something in it.
// PowerShell takes typographic quotes for quotes.
func powerShellQuote(s string) string {
	switch {
	case plain(s, `+=:./\_-`):
		return s
	case !strings.ContainsAny(s, "\"“”„$`%"):
		if strings.HasSuffix(s, `\`) { // else it would escape the quote
			s += `\`
		}
		return `"` + s + `"`
	}
	return "'" + strings.NewReplacer("'", "''", "‘", "‘‘", "’", "’’", "‚", "‚‚", "‛", "‛‛").Replace(s) + "'"
}

// plain reports whether a text has only letters, digits and the others.
func plain(s, others string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(others, r)
	})
}

// ShellFlag is a flag with its value for the shell, in the form in which it is taken back.
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
