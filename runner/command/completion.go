package command

import (
	"embed"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"oktareset/runner/fault"
	"oktareset/runner/results"
)

// completionScripts contains one script for each shell, named after it. A script only asks the
// program, by the hidden command __complete, and shows the answer. So the shell always offers what
// this program accepts.
//
//go:embed completion
var completionScripts embed.FS

// shells are those that have a script.
var shells = []string{"bash", "zsh", "fish", "pwsh"}

const completionExamples = `   source <(oktareset completion bash)                                       in ~/.bashrc
   source <(oktareset completion zsh)                                        in ~/.zshrc, behind compinit
   oktareset completion fish > ~/.config/fish/completions/oktareset.fish     once
   oktareset completion pwsh | Out-String | Invoke-Expression                in $PROFILE, of PowerShell
`

// printExitCodes is the end of the help of commands that only print something.
const printExitCodes = `EXIT CODES:
   0    it is printed
   2    usage, or stdout can't be written
`

func (a *app) completionCommand() *cli.Command {
	return &cli.Command{
		Name: "completion", Usage: "print a script that completes the command line in a shell", ArgsUsage: "SHELL", Description: completionExamples,
		UsageText: printExitCodes,
		Action: func(c *cli.Context) error {
			shell := c.Args().First()
			if shell == "" {
				return fault.Usage("one of "+strings.Join(shells, ", "), "which shell? SHELL is missing")
			}
			if c.NArg() != 1 || !slices.Contains(shells, shell) {
				return fault.Usage("one of "+strings.Join(shells, ", "), "completion has no script for %q", c.Args().Slice())
			}
			script, err := completionScripts.ReadFile("completion/oktareset." + shell)
			if err != nil {
				return err
			}
			_, err = a.Stdout.Write(script)
			return err
		},
	}
}

// fileNames is the line that asks the shell to complete the names of files, because the shell does
// that better. "" asks for no files.
type fileNames string

const (
	noFiles  fileNames = ""
	anyFiles fileNames = ":files"
)

// inputFiles asks for files that may name users. After the word follow the endings of files that
// this program writes and never accepts as a list.
var inputFiles = anyFiles + fileNames(" "+strings.Join(results.OwnEndings, " "))

// resultsFiles asks for files that may be results or a plan.
var resultsFiles = anyFiles + fileNames(" .json .html .journal .input.csv .audit.csv .after.csv")

// completeCommand answers the scripts: __complete SHELL =WORD …, with the words from the program's
// name to the cursor. Each word begins with =. So no word is empty, which PowerShell would drop,
// and no word is a flag of this command. The command prints one line for each word that the last
// word may become, then a tab and what the word means.
func (a *app) completeCommand() *cli.Command {
	return &cli.Command{
		Name: "__complete", Usage: "answer a shell's completion", UsageText: printExitCodes, Hidden: true,
		Action: func(c *cli.Context) error {
			if c.NArg() < 2 {
				return fault.Usage("it is for the scripts of oktareset completion", "SHELL and words are expected")
			}
			shell, words := c.Args().First(), []string(nil)
			for _, w := range c.Args().Tail() {
				words = append(words, strings.TrimPrefix(w, "="))
			}
			shown := ""
			if shell == "bash" {
				words, shown = joinWords(words)
			}
			found, names := complete(words)
			if names != noFiles {
				_, err := fmt.Fprintln(a.Stdout, names)
				return err
			}
			var b strings.Builder
			for _, f := range found {
				if strings.HasPrefix(f.word, words[len(words)-1]) {
					fmt.Fprintf(&b, "%s\t%s\n", strings.TrimPrefix(f.word, shown), oneLine(f.about))
				}
			}
			_, err := io.WriteString(a.Stdout, b.String())
			return err
		},
	}
}

// joinWords joins what bash splits: bash makes separate words of =, : and @. It also returns the
// part of the last word before the piece that bash completes.
func joinWords(pieces []string) (words []string, shown string) {
	broken := func(piece string) bool { return piece != "" && strings.Trim(piece, "=:@") == "" }
	for i, p := range pieces {
		last := len(words) - 1
		if i == 0 || p == "" || !broken(p) && !broken(pieces[i-1]) {
			words, shown = append(words, p), ""
			continue
		}
		shown = words[last]
		words[last] += p
	}
	if last := len(words) - 1; broken(pieces[len(pieces)-1]) {
		shown = words[last]
	}
	return words, shown
}
