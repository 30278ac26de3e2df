package command

import (
	"io"

	"github.com/urfave/cli/v2"
)

const versionExamples = `   oktareset version                                                      the same as oktareset --version
`

func (a *app) versionCommand() *cli.Command {
	return &cli.Command{
		Name: "version", Usage: "print the version", Description: versionExamples, UsageText: printExitCodes,
		Action: func(c *cli.Context) error {
			if err := noArgument(c); err != nil {
				return err
			}
			_, err := io.WriteString(a.Stdout, "oktareset version "+a.Build()+"\n")
			return err
		},
	}
}
