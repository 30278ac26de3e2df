package access

import (
	"errors"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"mvdan.cc/sh/v3/syntax"

	"oktareset/runner/console"
	"oktareset/runner/fault"
)

// This file reads a token command as people write it: words with a shell's quotes, but nothing
// else that a shell does. Anything else that only a shell understands is refused, because it
// would mean something different without one. No error repeats the text: an argument may be a
// secret.

// hintNoShell says how to use a shell nevertheless.
const hintNoShell = "no shell runs it: quote what belongs to a word, or put it into a script of your own"

// splitCommand splits a command into words, as a POSIX shell does if nothing has to be expanded.
// source names the setting.
func splitCommand(text, source string) ([]string, error) {
	if strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && r != '\t' && console.NotPrintable(r) }) {
		return nil, fault.Usage("type it again", "%s contains an invisible character", source)
	}
	if assignment.MatchString(text) {
		return nil, fault.Usage("give the command alone; to set a variable for it: env NAME=value COMMAND", "%s begins with NAME=value", source)
	}
	if strings.TrimSpace(text) == "" {
		return nil, fault.Usage("as op read op://Private/okta/token", "%s is blank", source)
	}
	p := syntax.NewParser(syntax.Variant(syntax.LangPOSIX), syntax.KeepComments(true))
	file, err := p.Parse(strings.NewReader(strings.TrimSpace(text)), "")
	if err != nil && syntax.IsIncomplete(err) {
		return nil, fault.Usage("close it, or put a \\ before it", "%s has a quote that isn't closed", source)
	}
	refused := fault.Usage(hintNoShell, "%s contains more than a program and its arguments", source)
	if err != nil || len(file.Stmts) != 1 || len(file.Last) > 0 {
		return nil, refused
	}
	statement := file.Stmts[0]
	call, ok := statement.Cmd.(*syntax.CallExpr)
	if !ok || statement.Negated || statement.Background || statement.Semicolon.IsValid() || len(statement.Redirs)+len(statement.Comments)+len(call.Assigns) > 0 {
		return nil, refused
	}
	var words []string
	for _, w := range call.Args {
		word, ok := plainWord(w)
		if !ok {
			return nil, refused
		}
		words = append(words, word)
	}
	return words, nil
}

// The backslashes that quote a character: outside quotes all of them, inside double quotes a few.
var (
	bareEscape   = regexp.MustCompile(`(?s)\\(.)`)
	quotedEscape = regexp.MustCompile("(?s)\\\\([$`\"\\\\])")
)

// plainWord returns a word without its quotes; ok is false if a shell would expand it.
func plainWord(w *syntax.Word) (word string, ok bool) {
	var b strings.Builder
	for _, part := range w.Parts {
		switch part := part.(type) {
		case *syntax.Lit:
			if rest := bareEscape.ReplaceAllString(part.Value, ""); strings.ContainsAny(rest, `\$`) { // at the end, or as in $'x'
				return "", false
			}
			b.WriteString(bareEscape.ReplaceAllString(part.Value, "$1"))
		case *syntax.SglQuoted:
			b.WriteString(part.Value)
		case *syntax.DblQuoted:
			for _, inner := range part.Parts {
				text, plain := inner.(*syntax.Lit)
				if !plain {
					return "", false
				}
				b.WriteString(quotedEscape.ReplaceAllString(text.Value, "$1"))
			}
		default:
			return "", false
		}
	}
	return b.String(), true
}

// findProgram returns the absolute path of a program. It refuses one from the current folder: a
// program in a downloaded folder must not run because of its name.
func findProgram(word, source string) (string, error) {
	const hintPath = "give its whole path, as /usr/local/bin/op, or have its folder in PATH"
	if filepath.Base(word) != word && !filepath.IsAbs(word) {
		return "", fault.Usage(hintPath+"; ~ and $HOME aren't expanded", "%s: the program's path doesn't begin at the root", source)
	}
	path, err := exec.LookPath(word)
	switch {
	case errors.Is(err, exec.ErrDot), err == nil && !filepath.IsAbs(path):
		return "", fault.Usage(hintPath, "%s: %s would come from the current folder, and nothing there is run", source, filepath.Base(path))
	case err != nil && wordSecret.MatchString(word):
		return "", fault.Usage("give the token by OKTA_CLIENT_TOKEN, or --token-file", "%s wants a command that prints the token, not the token itself", source)
	case err != nil && strings.ContainsAny(word, " \t"):
		return "", fault.Usage("give it without quotes around it: a shell removes them, but docker --env-file and many .env files keep them",
			"%s: the whole command is in quotes", source)
	case err != nil && plainName.MatchString(filepath.Base(word)):
		return "", fault.Usage(hintPath, "%s: there is no program %s", source, filepath.Base(word))
	case err != nil:
		return "", fault.Usage(hintPath, "%s: its first word isn't a program", source)
	}
	return path, nil
}

// plainName matches a program's name that may be shown although there is no such program:
// anything else may be a secret in the wrong place.
var plainName = regexp.MustCompile(`^[a-z][A-Za-z0-9._+-]{0,19}$`)
