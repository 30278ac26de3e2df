package export

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oktareset/runner/fault"
)

func TestCellText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`null`: ``, `"text"`: `text`, `true`: `true`, `12345678901234567890`: `12345678901234567890`, `1.50`: `1.50`,
		`["a","b",3,null]`: `a;b;3;`, `[]`: ``, `{"b":1,"a":"<x>"}`: `{"a":"<x>","b":1}`, `[{"a":1},2]`: `[{"a":1},2]`,
		`[["a"],["b"]]`: `[["a"],["b"]]`, `"=cmd()"`: `=cmd()`,
	} {
		d := json.NewDecoder(strings.NewReader(in))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		if got := cellText(v); got != want {
			t.Errorf("cellText(%s) = %q, want %q", in, got, want)
		}
	}
}

func TestParseColumns(t *testing.T) {
	t.Parallel()
	got, err := ParseColumns("login, userId ,status,type.id,profile.status,manager.name,id")
	want := []Column{
		{"login", []string{"profile", "login"}},
		{"status", []string{"status"}},
		{"type.id", []string{"type", "id"}},
		{"profile.status", []string{"profile", "status"}},
		{"manager.name", []string{"profile", "manager", "name"}},
		{"id", []string{"id"}},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Column{})); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

// A name that isn't an attribute is refused, and the hint gives the attribute of that name, which
// can be exported.
func TestNoAttributes(t *testing.T) {
	t.Parallel()
	for name := range notAttributes {
		for _, s := range []string{name, "login," + strings.ToUpper(name)} {
			if _, err := ParseColumns(s); fault.Code(err) != fault.ExitUsage || !strings.Contains(fault.Hint(err), "write profile."+s[len(s)-len(name):]) {
				t.Errorf("%s: %v, hint %q", s, err, fault.Hint(err))
			}
		}
		if got, err := ParseColumns("profile." + name); err != nil || len(got) != 1 {
			t.Errorf("profile.%s: %v, %v", name, got, err)
		}
	}
}
