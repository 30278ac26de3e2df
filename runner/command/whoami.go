package command

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"oktareset/runner/access"
	"oktareset/runner/fault"
)

const whoamiExamples = `   oktareset whoami                                           which org, by whose authority, and where each setting came from
   oktareset whoami --json | jq -r .actor.id                  the same for a program
   oktareset whoami --token-file /run/secrets/okta            is this token good?
`

// whoamiOptions are the options that the flags of whoami set.
type whoamiOptions struct {
	org  access.Flags
	json bool
}

const whoamiExitCodes = `EXIT CODES:
   0    Okta accepts the credentials; what they may not do is said
   2    usage or configuration, or the org can't be reached
   4    Okta refused the credentials
   5    an outage or a rate limit that lasted
   129, 130, 143    SIGHUP, SIGINT, SIGTERM
`

func (a *app) whoamiCommand() *cli.Command {
	flags := []cli.Flag{
		&cli.BoolFlag{Name: "json", Category: "OUTPUT", Usage: "print JSON"},
	}
	flags = append(append(flags, consoleFlags()...), orgFlags("")...)
	return &cli.Command{
		Name: "whoami", Usage: "show org, account, permissions, limits and settings", Description: whoamiExamples, Flags: flags, UsageText: whoamiExitCodes,
		Action: action(a, parseWhoami, whoami),
	}
}

// parseWhoami reads the flags of whoami. Nothing else reads them.
func parseWhoami(c *cli.Context) (o whoamiOptions, err error) {
	o.json = c.Bool("json")
	if o.org, _, err = parseOrg(c); err != nil {
		return o, err
	}
	return o, noArgument(c)
}

// whoami asks Okta who the credentials belong to, and prints the answer. It only reads. If Okta
// refuses one of the questions, it prints the other answers all the same.
func whoami(ctx context.Context, e *access.Env, o whoamiOptions) error {
	c, err := e.Connect(ctx, access.Way{Flags: o.org, Scopes: access.ResetScopes, Product: "whoami"})
	if err != nil {
		return err
	}
	id := access.NewIdentity(c.Config)
	err = access.AskIdentity(ctx, e, c.Client, &id)
	if ctx.Err() != nil {
		return fault.Stopped(context.Cause(ctx))
	}
	if printErr := printIdentity(e, id, o.json); printErr != nil {
		return fault.Also(err, fmt.Errorf("print who it is: %w", printErr))
	}
	return err
}
