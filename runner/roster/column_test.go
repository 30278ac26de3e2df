package roster

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestColumn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		header string
		o      Options
		want   string
		others []string
	}{
		{header: "userId", want: "userId"},
		{header: "User ID,x", want: "User ID", others: []string{"x"}},
		{header: "x,User Id", want: "User Id", others: []string{"x"}},
		{header: "user.Id", want: "user.Id"},
		{header: "user_id", want: "user_id"},
		{header: " USER-ID ", want: " USER-ID "},
		{header: "Okta ID", want: "Okta ID"},
		{header: "Login", want: "Login"},
		{header: "user.login", want: "user.login"},
		{header: "profile.login", want: "profile.login"},
		{header: "Username", want: "Username"},
		{header: "email", want: "email"},
		{header: "\ufeff\"login\"", want: "login"},
		{header: "email,login,id", want: "id", others: []string{"email", "input.login"}},
		{header: "id,userId", want: "userId", others: []string{"id"}},
		{header: "username,Login", want: "Login", others: []string{"username"}},
		{header: "email,user_name", want: "user_name", others: []string{"email"}},
		{header: "userId,,", want: "userId", others: []string{"column2", "column3"}},
		{header: "Status,id,status", want: "id", others: []string{"input.Status", "input.status.2"}},
		{header: "id,dept,Dept, dept ,dept.2", want: "id", others: []string{"dept", "Dept.2", "dept.3", "dept.2.2"}},
		{header: "login,employee", o: Options{Column: "employee"}, want: "employee", others: []string{"input.login"}},
		{header: "login,Login", o: Options{Column: "Login"}, want: "Login", others: []string{"input.login"}},
		{header: "Work e-mail,id", o: Options{Column: "work email"}, want: "Work e-mail", others: []string{"id"}},
		{header: idA + ",name", o: Options{NoHeader: true}, want: "column1", others: []string{"column2"}},
		{header: "name," + idA, o: Options{NoHeader: true, Column: "2"}, want: "column2", others: []string{"column1"}},
		{header: "id|x,y", o: Options{Delimiter: '|'}, want: "id", others: []string{"x,y"}},
	} {
		f := open(t, tt.header+"\n", tt.o)
		if got := f.Column(); got != tt.want {
			t.Errorf("Column() of %q with %+v = %q, want %q", tt.header, tt.o, got, tt.want)
		}
		if diff := cmp.Diff(tt.others, f.Columns(), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("Columns() of %q differ (-want +got):\n%s", tt.header, diff)
		}
	}
}

func TestOpenRefusesTheHeader(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text          string
		o             Options
		message, hint string // parts of them
	}{
		{text: "name,dept\n", message: `no column names the users: the header has "name", "dept"`, hint: "--column"},
		{text: strings.Repeat("x,", 30) + "x\n", message: `"x" and 11 more`, hint: "--column"},
		{text: strings.Repeat("x", 100) + "\n", message: strings.Repeat("x", 60) + "…", hint: "--column"},
		{text: "login,Login\n", message: `columns 1 and 2 may both name the users: "login" and "Login"`, hint: "--column"},
		{text: "userId,x,userId\n", message: "columns 1 and 3", hint: "rename"},
		{text: "x,x\n", o: Options{Column: "x"}, message: "columns 1 and 2", hint: "rename"},
		{text: "name\n", o: Options{Column: "nam"}, message: `no column "nam": the header has "name"`, hint: "--column"},
		{text: idA + "\n" + idB + "\n", message: idA, hint: "--no-header"},
		{text: "isaac@example.com,Isaac\n", message: "isaac@example.com", hint: "--no-header"},
		{text: "Login,x\n", o: Options{NoHeader: true}, message: `the file has a header: "Login"`, hint: "--no-header"},
		{text: "a,b\n", o: Options{NoHeader: true, Column: "3"}, message: `no column "3"`, hint: "number"},
		{text: "a,b\n", o: Options{NoHeader: true, Column: "0"}, message: "from 1 to 2", hint: "number"},
		{text: "a,b\n", o: Options{NoHeader: true, Column: "b"}, message: `no column "b"`, hint: "number"},
		{text: planHeader, o: Options{Column: "input"}, message: "a plan", hint: "--column"},
		{text: planHeader, o: Options{NoHeader: true}, message: "a plan", hint: "--no-header"},
	} {
		_, err := Open(write(t, "\n"+tt.text), tt.o)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("Open(%q, %+v) = %v, want an Error", tt.text, tt.o, err)
			continue
		}
		if !strings.Contains(e.Message, tt.message) || !strings.Contains(e.Hint, tt.hint) || e.Line != 2 {
			t.Errorf("Open(%q, %+v) = line %d, %q, hint %q, want line 2, %q, %q",
				tt.text, tt.o, e.Line, e.Message, e.Hint, tt.message, tt.hint)
		}
	}
}

// A header that a machine made may have more columns of one name than could be compared with
// each other.
func TestManyColumnsOfOneName(t *testing.T) {
	t.Parallel()
	f := open(t, "id"+strings.Repeat(",a", 200_000)+"\n", Options{})
	names := slices.Clone(f.Columns())
	slices.Sort(names)
	if got := len(slices.Compact(names)); got != 200_000 {
		t.Errorf("%d distinct names, want 200000", got)
	}
}
