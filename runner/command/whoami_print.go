package command

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

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
	columns := 0
	if a.TerminalOut {
		columns = a.Columns()
	}
	_, err := io.WriteString(a.Stdout, id.text(columns))
	return err
}

// text is the identity as a person reads it, on a terminal of so many columns; 0: it is none.
func (id identity) text(columns int) string {
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
	case m.Mode == access.ModeToken:
		return "API token (SSWS)"
	case m.DPoP != nil && *m.DPoP:
		return "OAuth 2.0 service app (private_key_jwt), with DPoP"
	}
	return "OAuth 2.0 service app (private_key_jwt)"
}
