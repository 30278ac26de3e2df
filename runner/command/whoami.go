package command

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"oktareset/oktaclient"
	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/job"
)

const whoamiExamples = `   oktareset whoami                                           which org, by whose authority, and where each setting came from
   oktareset whoami --json | jq -r .actor.id                  the same for a program
   oktareset whoami --token-file /run/secrets/okta            is this token good?
`

// whoamiOptions is what the flags of whoami ask for.
type whoamiOptions struct {
	org     access.Flags
	timeout time.Duration
	json    bool
	console console.Options
}

const whoamiExitCodes = `EXIT CODES:
   0    Okta accepts the credentials; what they may not do is said
   2    usage or configuration, or the org can't be reached
   4    Okta refused the credentials
   5    an outage or a rate limit that lasted
   129, 130, 143    SIGHUP, SIGINT, SIGTERM
`

func (a *app) whoamiCommand() *cli.Command {
	const output, org = "OUTPUT", "ORG"
	flags := []cli.Flag{
		&cli.BoolFlag{Name: "json", Category: output, Usage: "print JSON"},
	}
	flags = append(flags, consoleFlags()...)
	flags = append(append(flags, orgFlags("")...),
		periodFlag("timeout", org, oktaclient.DefaultTimeout, "wait `D` for the answer to a request"),
	)
	return &cli.Command{
		Name: "whoami", Usage: "show org, account, permissions, limits and settings", Description: whoamiExamples, Flags: flags, CustomHelpTemplate: whoamiExitCodes,
		Action: func(c *cli.Context) error {
			o := whoamiOptions{
				json: c.Bool("json"), timeout: c.Duration("timeout"),
			}
			var err error
			if o.console, err = parseConsole(c); err != nil {
				return err
			}
			if o.org, _, err = parseOrg(c); err != nil {
				return err
			}
			if arg, err := oneArgument(c); err != nil || arg != "" {
				return fault.Usage("see oktareset whoami --help", "whoami takes no argument")
			}
			if o.timeout < time.Second {
				return fault.Usage("at least 1s", "--timeout %s", o.timeout)
			}
			return a.run(o.console, func(ctx context.Context) error { return a.whoami(ctx, o) })(c)
		},
	}
}

// identity is what whoami finds out, in the form of its JSON.
type identity struct {
	Org         string          `json:"org"`
	OrgID       string          `json:"org_id,omitempty"`
	Engine      string          `json:"engine,omitempty"`
	Actor       *identityActor  `json:"actor,omitempty"` // nil: Okta didn't say
	Credentials identityMode    `json:"credentials"`
	Roles       []identityRole  `json:"roles,omitempty"` // of a user; none if they can't be read
	SystemLog   *bool           `json:"system_log_readable,omitempty"`
	Limit       *identityLimit  `json:"limit,omitempty"`
	Settings    []identityValue `json:"settings"`
}

type identityActor struct {
	Kind  string `json:"kind"` // user, service_app
	ID    string `json:"id"`
	Login string `json:"login,omitempty"`
}

type identityMode struct {
	Mode   string   `json:"mode"`             // SSWS, PrivateKey
	Scopes []string `json:"scopes,omitempty"` // of a service app's access token
	DPoP   *bool    `json:"dpop,omitempty"`   // the same
}

type identityRole struct {
	Type  string `json:"type"`
	Label string `json:"label"`
}

type identityLimit struct {
	Bucket string `json:"bucket"` // that resets count in
	Limit  int    `json:"calls_a_minute"`
	Usable int    `json:"used_by_default"`
}

type identityValue struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Source string `json:"source"`
}

// whoami asks who the credentials belong to, by reads only, and prints it. What it did find out
// is printed even if Okta refuses something.
func (a *app) whoami(ctx context.Context, o whoamiOptions) error {
	c, err := a.Connect(ctx, access.Way{
		Flags: o.org, Scopes: access.ResetScopes, Product: "whoami", Verbose: o.console.Verbose, Client: oktaclient.Options{Timeout: o.timeout},
	})
	if err != nil {
		return err
	}
	id := newIdentity(c.Config)
	err = a.ask(ctx, c.Client, &id)
	if ctx.Err() != nil {
		return fault.Stopped(context.Cause(ctx))
	}
	if printErr := a.printIdentity(id, o.json); printErr != nil {
		return fault.Also(err, fmt.Errorf("print who it is: %w", printErr))
	}
	return err
}

// newIdentity is what is known before anything is asked.
func newIdentity(cfg access.Config) identity {
	id := identity{Org: cfg.URL.Host(), Credentials: identityMode{Mode: access.ModeToken}}
	if cfg.App != nil {
		id.Credentials.Mode = access.ModeApp
	}
	for _, s := range cfg.Settings {
		id.Settings = append(id.Settings, identityValue{s.Name, s.Value, s.Source})
	}
	return id
}

// ask fills in what Okta says. Only what nothing can be done without is an error.
func (a *app) ask(ctx context.Context, c *oktaclient.Client, id *identity) error {
	actor, err := c.GetActor(ctx)
	if err != nil {
		return fault.CannotBegin(c, err, job.AskWho)
	}
	id.Actor = &identityActor{"user", actor.ID, actor.Login}
	if scopes, proved, ok := c.Grant(); ok {
		id.Actor.Kind, id.Credentials.Scopes, id.Credentials.DPoP = "service_app", scopes, &proved
	}
	org, err := c.GetOrg(ctx)
	if err != nil {
		a.Console.Warn("the org doesn't tell its engine: %v", err)
	}
	id.OrgID, id.Engine = org.ID, org.Engine
	if err := a.askPermissions(ctx, c, actor, id); err != nil {
		return err
	}
	if err := c.Trustworthy(); err != nil {
		return fault.CannotBegin(c, err, job.AskWho)
	}
	if limit, usable, ok := c.Allowance(oktaclient.BucketUsers); ok {
		id.Limit = &identityLimit{string(oktaclient.BucketUsers), limit, usable}
	} else {
		a.Console.Warn("the org doesn't tell its limit")
	}
	return nil
}

// askPermissions makes calls that show what the credentials allow. One of them counts in the
// bucket of resets, and so tells its limit.
func (a *app) askPermissions(ctx context.Context, c *oktaclient.Client, actor oktaclient.Actor, id *identity) error {
	if actor.Login == "" {
		if _, _, err := c.ListUsers(ctx, "", 1); err != nil {
			if known := fault.Of(c, err, fault.Before, "list users"); known != nil && oktaclient.FateOf(err) != oktaclient.Forbidden && !oktaclient.LacksScope(err) {
				return known
			}
			a.Console.Warn("users can't be listed: %v", err)
		}
	} else {
		roles, _, err := c.ListRoles(ctx, actor.ID)
		if err != nil {
			a.Console.Warn("the account's admin roles can't be read: %v", err)
		}
		for _, r := range roles {
			id.Roles = append(id.Roles, identityRole{r.Type, r.Label})
		}
	}
	readable := true
	now := c.Now()
	for _, err := range c.ListFactorEvents(ctx, []string{actor.ID}, now.Add(-time.Minute), now) {
		if err != nil {
			readable = false
			a.Console.Warn("the System Log can't be read, so nothing can be proved about lost answers: %v", err)
		}
	}
	id.SystemLog = &readable
	if lacking := access.ResetScopes.Lacking(c); len(lacking) > 0 {
		a.Console.Warn("without the scope %s nobody can be reset", strings.Join(lacking, " "))
	}
	return nil
}
