package command

import (
	"io"

	"github.com/urfave/cli/v2"

	"oktareset/runner/fault"
)

const versionExamples = `   oktareset version                                                      the same as oktareset --version
`

func (a *app) versionCommand() *cli.Command {
	return &cli.Command{
		Name: "version", Usage: "print the version", Description: versionExamples, CustomHelpTemplate: printExitCodes,
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return fault.Usage("see oktareset version --help", "version takes no argument, not %q", c.Args().First())
			}
			_, err := io.WriteString(a.Stdout, "oktareset version "+a.Build()+"\n")
			return err
		},
	}
}
