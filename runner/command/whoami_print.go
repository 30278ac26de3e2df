package command

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"oktareset/oktaclient"
	"oktareset/runner/access"
	"oktareset/runner/console"
)

// printIdentity prints what whoami found out, on stdout.
func (a *app) printIdentity(id identity, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(console.Printer(a.Stdout))
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(id)
	}
	_, err := io.WriteString(a.Stdout, id.text())
	return err
}

// text is the identity as a person reads it.
func (id identity) text() string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-13s%s\n", name, console.Printable(fmt.Sprintf(format, args...)))
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
	}
	b.WriteString("\nsettings\n")
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, s := range id.Settings {
		_, _ = fmt.Fprintf(table, "  %s\t%s\t%s\n", s.Name, console.Printable(s.Value), console.Printable(s.Source))
	}
	_ = table.Flush() // b takes everything
	return b.String()
}

// String says how requests are signed.
func (m identityMode) String() string {
	switch {
	case m.Mode == access.ModeToken:
		return "API token (SSWS)"
	case m.DPoP != nil && *m.DPoP:
		return "OAuth 2.0 service app (private_key_jwt), with DPoP"
	}
	return "OAuth 2.0 service app (private_key_jwt)"
}
