package export

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/fault"
	"oktareset/runner/table"
)

// DefaultColumns are those of an export that names none.
const DefaultColumns = table.ExportColumn + ",login,status,email,firstName,lastName"

// Column is an attribute of a user that becomes a column of the export.
type Column struct {
	Name string   // as it was asked for, and as it stands in the header
	Path []string // of the attribute
}

// userAttributes are the attributes that a user has beside the profile: any other name is one
// of the profile.
var userAttributes = []string{
	"id", "status", "created", "activated", "statusChanged", "lastLogin", "lastUpdated", "passwordChanged", "transitioningToStatus",
	"realmId", "type", "credentials", "profile",
}

// notAttributes are what people look for among the attributes, and where it is.
var notAttributes = map[string]string{
	"factors": "choose users by factors with --has-factor or --no-factors, or see one user's: oktareset factors list USER",
	"groups":  "choose the members of a group with --group",
	"roles":   "a list of users has no roles; oktareset reset --skip-admins leaves admins alone",
}

// columnName is what Okta's schema allows as a variable name, with dots between the parts of a
// path.
var columnName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*$`)

// ParseColumns reads NAME,NAME. The ID isn't among those returned: it always comes first, so
// that reset finds every user by it.
func ParseColumns(s string) ([]Column, error) {
	var columns []Column
	for name := range strings.SplitSeq(s, ",") {
		name = strings.TrimSpace(name)
		switch {
		case name == table.ExportColumn:
			continue
		case !columnName.MatchString(name):
			return nil, fault.Usage("as --columns login,email,department", "--columns: %q is no name of an attribute", name)
		case notAttributes[strings.ToLower(name)] != "":
			return nil, fault.Usage(notAttributes[strings.ToLower(name)]+"; for an attribute of that name, write profile."+name, "--columns: %q is no attribute of a user", name)
		case strings.EqualFold(strings.ReplaceAll(name, "_", ""), table.ExportColumn):
			return nil, fault.Usage("for an attribute of that name, write profile."+name, "--columns: reset would take %q for the user's ID", name)
		case slices.ContainsFunc(columns, func(c Column) bool { return strings.EqualFold(c.Name, name) }):
			return nil, fault.Usage("", "--columns names %q twice", name)
		}
		path := strings.Split(name, ".")
		if !slices.Contains(userAttributes, path[0]) {
			path = append([]string{"profile"}, path...)
		}
		columns = append(columns, Column{name, path})
	}
	return columns, nil
}

func columnNames(columns []Column) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return names
}

// cells are the user's values of the columns.
func cells(u oktaclient.UserRecord, columns []Column) []string {
	texts := make([]string, len(columns))
	for i, c := range columns {
		texts[i] = cellText(u.Attribute(c.Path...))
	}
	return texts
}

// cellText writes a value as a person expects it in a cell: a list with semicolons, an object
// as JSON.
func cellText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	case []any:
		if !slices.ContainsFunc(v, isObject) {
			texts := make([]string, len(v))
			for i, item := range v {
				texts[i] = cellText(item)
			}
			return strings.Join(texts, ";")
		}
	}
	text, _ := runner.JSONText(v, "") // it was decoded from JSON
	return strings.TrimSuffix(text, "\n")
}

// isObject reports whether a value has an inside of its own.
func isObject(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

// meant asks whether a name of which no user has a value was meant so.
func meant(name string) string {
	for _, attribute := range userAttributes {
		if attribute != name && strings.EqualFold(attribute, name) {
			return fmt.Sprintf("did you mean %s? case counts", attribute)
		}
	}
	return "is that its variable name? case counts"
}
