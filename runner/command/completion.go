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

// completionScripts has one for each shell, named after it. All they do is ask the program, by
// the hidden command __complete, and show what it says: so what is completed is always what
// this program takes.
//
//go:embed completion
var completionScripts embed.FS

// shells have a script.
var shells = []string{"bash", "zsh", "fish", "pwsh"}

const completionExamples = `   source <(oktareset completion bash)                                       in ~/.bashrc
   source <(oktareset completion zsh)                                        in ~/.zshrc, behind compinit
   oktareset completion fish > ~/.config/fish/completions/oktareset.fish     once
   oktareset completion pwsh | Out-String | Invoke-Expression                in $PROFILE, of PowerShell
`

// printExitCodes ends the help of commands that only print what they know.
const printExitCodes = `EXIT CODES:
   0    it is printed
   2    usage, or stdout can't be written
`

func (a *app) completionCommand() *cli.Command {
	return &cli.Command{
		Name: "completion", Usage: "print a script that completes the command line in a shell", ArgsUsage: "SHELL", Description: completionExamples,
		CustomHelpTemplate: printExitCodes,
		Action: func(c *cli.Context) error {
			shell := c.Args().First()
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

// fileNames is the line that stands where the shell shall complete the names of files, which it
// does better; "" where it shall not.
type fileNames string

const (
	noFiles  fileNames = ""
	anyFiles fileNames = ":files"
)

// inputFiles are files that may name users. The endings behind it are those of files that this
// program writes and never takes as a list.
var inputFiles = anyFiles + fileNames(" "+strings.Join(results.OwnEndings, " "))

// resultsFiles are files that may be results or a plan.
var resultsFiles = anyFiles + fileNames(" .json .html .journal .input.csv .audit.csv .after.csv")

// completeCommand answers the scripts: __complete SHELL =WORD …, with the words behind the
// program's name up to the cursor. Each has a = in front: none is empty then, which PowerShell
// would drop, and none is a flag of this command. It prints a line for each word that the last
// one may become, with a tab and what it means behind it.
func (a *app) completeCommand() *cli.Command {
	return &cli.Command{
		Name: "__complete", Usage: "answer a shell's completion", Hidden: true,
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

// joinWords undoes what bash does, which takes =, : and @ for words of their own. It also returns
// what of the last word stands before the piece that bash completes.
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
