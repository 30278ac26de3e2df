package roster

import (
	"strings"
	"testing"
)

// A row that names its user by ID keeps what the file calls that user; nothing else does, and
// nothing that can't be a login.
func TestLoginBesideID(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, want string }{
		"an export":                     {"userId,login\n" + idA + ",a@x\n", "a@x"},
		"spaces":                        {"userId,login\n" + idA + ", a@x \n", "a@x"},
		"another name":                  {"User ID,Profile.Login\n" + idA + ",a@x\n", "a@x"},
		"the surest of two":             {"id,username,login\n" + idA + ",short,a@x\n", "a@x"},
		"an email address is no login":  {"id,email\n" + idA + ",a@x\n", ""},
		"a login names itself":          {"login,username\na@x,b@x\n", ""},
		"a login in a column of IDs":    {"id,login\na@x,b@x\n", ""},
		"an ID in the column of logins": {"id,login\n" + idA + "," + idB + "\n", ""},
		"a reserved word":               {"id,login\n" + idA + ",me\n", ""},
		"an empty cell":                 {"id,login\n" + idA + ",\n", ""},
		"control characters":            {"id,login\n" + idA + ",a\x1b[2J@x\n", ""},
		"longer than any login":         {"id,login\n" + idA + "," + strings.Repeat("a", 101) + "\n", ""},
		"no header":                     {idA + "\n", ""},
		"a plan":                        {planHeader + planRow(t, "1", idA, "would_reset"), "1@example.com"},
		"a formula, escaped by us":      {"userId,login\n" + idA + ",'=x@example.com\n", "=x@example.com"},
	} {
		f, _ := survey(t, tt.text, Options{NoHeader: name == "no header"})
		if rows, err := collect(f); err != nil || len(rows) != 1 || rows[0].Login != tt.want {
			t.Errorf("%s: %+v, %v, want the login %q", name, rows, err, tt.want)
		}
	}
}
