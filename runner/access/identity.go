package access

import (
	"context"
	"fmt"
	"strings"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner/console"
	"oktareset/runner/fault"
)

// Text returns the identity for people, on a terminal of this many columns; 0: no terminal.
func (id Identity) Text(columns int) string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		prefix, text := fmt.Sprintf("%-13s", name), console.Printable(fmt.Sprintf(format, args...))
		if columns > 0 {
			b.WriteString(console.WrapBehind(prefix, text, columns) + "\n")
		} else {
			b.WriteString(prefix + text + "\n")
		}
	}
	org := id.Org
	if id.Engine != "" {
		org += " (" + id.Engine + ")"
	}
	line("org", "%s", org)
	if id.Actor != nil {
		actor := oktaclient.Actor{ID: id.Actor.ID, Login: id.Actor.Login}.String()
		if id.Actor.Login != "" {
			actor += " (" + id.Actor.ID + ")"
		}
		line("actor", "%s", actor)
	}
	line("credentials", "%s", id.Credentials)
	if len(id.Credentials.Scopes) > 0 {
		line("scopes", "%s", strings.Join(id.Credentials.Scopes, " "))
	}
	if len(id.Roles) > 0 {
		var labels []string
		for _, r := range id.Roles {
			labels = append(labels, r.Label)
		}
		line("roles", "%s", strings.Join(labels, ", "))
	}
	switch {
	case id.SystemLog == nil:
	case *id.SystemLog:
		line("System Log", "readable: lost answers can be proved")
	default:
		line("System Log", "not readable")
	}
	if id.Limit != nil {
		line("limit", "%d resets a minute, of which a run uses %d", id.Limit.Limit, id.Limit.Usable)
		line("", "%s", id.Limit.Share)
	}
	b.WriteString("\nsettings\n")
	table := console.Table{Indent: "  "}
	for _, s := range id.Settings {
		table.Row(s.Name, s.Value, s.Source)
	}
	return b.String() + table.Text(columns)
}

// String says how requests are signed.
func (m identityMode) String() string {
	switch {
	case m.Mode == ModeToken:
		return "API token (SSWS)"
	case m.DPoP != nil && *m.DPoP:
		return "OAuth 2.0 service app (private_key_jwt), with DPoP"
	}
	return "OAuth 2.0 service app (private_key_jwt)"
}

// Identity is what whoami finds out, in the form of its JSON.
type Identity struct {
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
	Mode   string   `json:"mode"`             // SSWS or PrivateKey
	Scopes []string `json:"scopes,omitempty"` // of a service app's access token
	DPoP   *bool    `json:"dpop,omitempty"`   // the same
}

type identityRole struct {
	Type  string `json:"type"`
	Label string `json:"label"`
}

type identityLimit struct {
	Bucket string `json:"bucket"` // the bucket of resets
	Limit  int    `json:"calls_a_minute"`
	Usable int    `json:"used_by_default"`
	Share  string `json:"-"` // of the org's limit
}

type identityValue struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Source string `json:"source"`
}

// NewIdentity returns what is known before any request.
func NewIdentity(cfg Config) Identity {
	id := Identity{Org: cfg.URL.Host(), Credentials: identityMode{Mode: ModeToken}}
	if cfg.App != nil {
		id.Credentials.Mode = ModeApp
	}
	for _, s := range cfg.Settings {
		id.Settings = append(id.Settings, identityValue{s.Name, s.Value, s.Source})
	}
	return id
}

// AskIdentity fills in what Okta says. It fails only if something indispensable fails.
func AskIdentity(ctx context.Context, a *Env, c *oktaclient.Client, id *Identity) error {
	actor, err := c.GetActor(ctx)
	if err != nil {
		return fault.CannotBegin(c, err, AskWho)
	}
	id.Actor = &identityActor{"user", actor.ID, actor.Login}
	if scopes, proved, ok := c.Grant(); ok {
		id.Actor.Kind, id.Credentials.Scopes, id.Credentials.DPoP = "service_app", scopes, &proved
	}
	org, err := c.GetOrg(ctx)
	if err != nil {
		a.Console.Warn("the org doesn't report its engine: %v", err)
	}
	id.OrgID, id.Engine = org.ID, org.Engine
	if err := askPermissions(ctx, a, c, actor, id); err != nil {
		return err
	}
	if err := c.Trustworthy(); err != nil {
		return fault.CannotBegin(c, err, AskWho)
	}
	if limit, usable, ok := c.Allowance(oktaclient.BucketUsers); ok {
		id.Limit = &identityLimit{string(oktaclient.BucketUsers), limit, usable, wholeLimit(c, usable)}
	} else {
		a.Console.Warn("the org doesn't report its limit")
	}
	return nil
}

// askPermissions makes calls that show what the credentials allow. One of them counts in the
// bucket of resets, and so shows its limit.
func askPermissions(ctx context.Context, a *Env, c *oktaclient.Client, actor oktaclient.Actor, id *Identity) error {
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
	if lacking := ResetScopes.Lacking(c); len(lacking) > 0 {
		a.Console.Warn("without the scope %s nobody can be reset", strings.Join(lacking, " "))
	}
	return nil
}
