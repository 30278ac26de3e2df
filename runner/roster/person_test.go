package roster

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The columns of the usual exporters say who a person is and whom to write to.
func TestPeople(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		columns, cells string
		want           Person
	}{
		{"Team|First Name|lastName", "x|Ann|Lee", Person{Name: "Ann Lee"}},
		{"First Name [Required]|Last Name [Required]|Email Address [Required]", "Ann|Lee|a@x", Person{Name: "Ann Lee", Mail: "a@x"}},
		{"name.givenName|name.familyName", "Ann|Lee", Person{Name: "Ann Lee"}},
		{"profile.firstName|profile.lastName|profile.login|profile.email", "Ann|Lee|a@x|m@x", Person{Name: "Ann Lee", Login: "a@x", Mail: "m@x"}},
		{"displayName|givenName|surname", "Lee, Ann (Sales)|Ann|Lee", Person{Name: "Ann Lee"}},
		{"displayName|givenName|surname", "Ann Lee|Ann|", Person{Name: "Ann Lee"}},
		{"displayName|givenName|surname", "||Lee", Person{Name: "Lee"}},
		{"input.name", " Ann ", Person{Name: "Ann"}},
		{"displayName|name", "|Ann", Person{Name: "Ann"}},
		{"email|input.login|username", "m@x||short", Person{Login: "short", Mail: "m@x"}},
		{"manager", "Bob Ray", Person{Manager: Manager{Name: "Bob Ray"}}},
		{"manager", "bob@x", Person{Manager: Manager{Mail: "bob@x"}}},
		{"manager", "Bob <bob@x>", Person{Manager: Manager{Name: "Bob <bob@x>"}}},
		{"manager", idA, Person{Manager: Manager{ID: idA}}},
		{"manager|Manager Email|managerId", "bob@y|bob@x|1001", Person{Manager: Manager{Mail: "bob@x", ID: "1001"}}},
		{"profile.manager|profile.managerId|managerName", "Bob|" + idA + "|Bob Ray", Person{Manager: Manager{Name: "Bob Ray", ID: idA}}},
		{"firstName|manager", "", Person{}},
		{"Team|firstNames|userId", "x|Ann|" + idA, Person{}},
	} {
		if diff := cmp.Diff(tt.want, People(strings.Split(tt.columns, "|"))(strings.Split(tt.cells, "|"))); diff != "" {
			t.Errorf("%s of %s: %s", tt.cells, tt.columns, diff)
		}
	}
	for column, want := range map[string]bool{"User ID": true, "profile.email": true, "input.login": true, "Surname": true, "manager": false, "team": false} {
		if IsPersonal(column) != want {
			t.Errorf("%s: personal %v, want %v", column, !want, want)
		}
	}
}
