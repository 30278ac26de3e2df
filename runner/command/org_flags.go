package command

import (
	"github.com/urfave/cli/v2"

	"oktareset/runner/access"
	"oktareset/runner/fault"
)

// orgFlags are the flags that name the org. sandbox is the help of --sandbox, "" for a command
// without.
func orgFlags(sandbox string) []cli.Flag {
	const category = "ORG"
	flags := []cli.Flag{
		&cli.StringFlag{Name: "org-url", Category: category, Usage: "`URL` of the org (default: OKTA_CLIENT_ORGURL, .okta.yaml)"},
		&cli.StringFlag{Name: "token-file", Category: category, Usage: "`FILE` that holds the API token (default: OKTA_CLIENT_TOKEN, OKTA_CLIENT_TOKEN_COMMAND, .okta.yaml)"},
	}
	if sandbox != "" {
		flags = append(flags, &cli.BoolFlag{Name: "sandbox", Category: category, Usage: sandbox})
	}
	return flags
}

// parseOrg reads the flags of [orgFlags].
func parseOrg(c *cli.Context) (f access.Flags, sandbox bool, err error) {
	f, sandbox = access.Flags{URL: c.String("org-url"), TokenFile: c.String("token-file")}, c.Bool("sandbox")
	if sandbox && f != (access.Flags{}) {
		return f, sandbox, fault.Usage("leave out one of them", "--sandbox takes no --org-url and no --token-file")
	}
	return f, sandbox, nil
}
