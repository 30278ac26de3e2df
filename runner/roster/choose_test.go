package roster

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

const guid = "6f1e3b0a-1c1d-4a7e-9a5f-111111111111"

// The cells decide which column names the users, not the header alone.
func TestSurveyChoosesTheColumn(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text    string
		o       Options
		column  string
		mail    bool
		warning string // part of the only one; "": none
	}{
		"an ID":                   {text: "userId,login\n" + idA + ",a@x\n", column: "userId"},
		"one ID in the last row":  {text: "id,login\n1,a@x\n2,b@x\n" + idA + ",c@x\n", column: "id"},
		"staff numbers":           {text: "ID,Name,Login\n1001,A,a@x\n", column: "Login", warning: `column "ID" has no Okta user ID, so column "Login" names the users`},
		"Entra":                   {text: "userPrincipalName,mail,id\na@x,m@x," + guid + "\n", column: "userPrincipalName", warning: `so column "userPrincipalName" names the users`},
		"two columns of others":   {text: "id,Okta ID,upn\n1," + guid + ",a@x\n", column: "upn", warning: `the columns "id", "Okta ID" have no Okta user ID`},
		"the second ID column":    {text: "id,Okta User ID,login\n1," + idA + ",a@x\n", column: "Okta User ID", warning: `column "id" has no`},
		"an empty login":          {text: "login,mail\n,a@x\n", column: "mail", mail: true, warning: `no column with IDs or logins, so the email addresses in column "mail"`},
		"logins under an ID":      {text: "Okta User ID\na@x\n", column: "Okta User ID", warning: "looked up as logins; --column names another"},
		"the same, empty mails":   {text: "User ID,Email\na@x,\n", column: "User ID", warning: "looked up as logins"},
		"GAM":                     {text: "primaryEmail\na@x\n", column: "primaryEmail", mail: true, warning: "both login and email address"},
		"Google":                  {text: "Email Address [Required]\na@x\n", column: "Email Address [Required]", mail: true, warning: "name the users"},
		"Rockstar":                {text: "Primary email\na@x\n", column: "Primary email", mail: true, warning: "name the users"},
		"Entra's PowerShell":      {text: "userPrincipalName\na@x\n", column: "userPrincipalName"},
		"Active Directory":        {text: "sAMAccountName\nalice\n", column: "sAMAccountName"},
		"a login beside a mail":   {text: "Work Email,user_name\nm@x,a@x\n", column: "user_name"},
		"chosen numbers":          {text: "id,login\n1001,a@x\n", o: Options{Column: "id"}, column: "id", warning: "looked up as logins"},
		"chosen addresses":        {text: "id,E-Mail\n" + idA + ",a@x\n", o: Options{Column: "E-Mail"}, column: "E-Mail", mail: true, warning: "is one of email addresses"},
		"nobody at all":           {text: "login\nme\n..\n", column: "login"},
		"an ID column of nobody":  {text: "id\nme\n", column: "id"},
		"nobody, allowed":         {text: "id,login\n", o: Options{AllowEmpty: true}, column: "id"},
		"twice behind one":        {text: "id,login,Login\n" + idA + ",a@x,b@x\n", column: "id"},
		"a service desk's":        {text: "Ticket ID,Requester Email\n1,a@x\n", o: Options{List: true, Desk: true}, column: "Requester Email"},
		"names of people":         {text: "key,Reporter,Caller\n1,Ann Lee,a@x\n", o: Options{List: true, Desk: true}, column: "Caller"},
		"a desk's, with a login":  {text: "caller,login\nAnn,a@x\n", o: Options{List: true, Desk: true}, column: "login"},
		"cells with spaces":       {text: "id,login\n \u00a0,a@x\n " + idA + " ,b@x\n", column: "id"},
		"the header again":        {text: "id,login\n1,a@x\nid,login\n2,b@x\n", column: "login", warning: ""},
		"numbers, header, nobody": {text: "id,login\nid,login\n" + idA + ",\n", column: "id"},
	} {
		f, _ := survey(t, tt.text, tt.o)
		if f.Column() != tt.column || f.Mail() != tt.mail {
			t.Errorf("%s: column %q, mail %v, want %q, %v", name, f.Column(), f.Mail(), tt.column, tt.mail)
		}
		if strings.Contains(name, "header") {
			continue
		}
		if got := f.Warnings(); len(got) > 1 || (len(got) == 0) != (tt.warning == "") || !strings.Contains(strings.Join(got, ""), tt.warning) {
			t.Errorf("%s: warnings %q, want %q", name, got, tt.warning)
		}
	}
}

// A column by which nobody can be looked up is refused before anybody is looked up.
func TestSurveyRefusesTheColumn(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text          string
		o             Options
		line          int
		message, hint string
	}{
		"staff numbers": {
			text: "name,ID\nA,1001\nB,1002\n", line: 2, message: `"1001" is no Okta user ID and no address, and neither is any other cell of column "ID"`,
			hint: `--column; --column "ID" takes these`,
		},
		"Entra without a login": {text: "id,displayName\n" + guid + ",A\n", line: 2, message: guid, hint: "--column"},
		"numbers, empty mails":  {text: "id,mail\n\n1001,\n", line: 3, message: `"1001"`, hint: "--column"},
		"numbers, two logins":   {text: "id,login,Login\n1001,a@x,b@x\n", line: 1, message: "may both name the users", hint: "--column"},
		"an exclude file":       {text: "id\n1001\n", o: Options{List: true, ColumnFlag: "--exclude-column"}, line: 2, message: `"1001"`, hint: "with --exclude-column"},
	} {
		_, err := open(t, tt.text, tt.o).Survey(t.Context())
		var e *Error
		if !errors.As(err, &e) || e.Line != tt.line || !strings.Contains(e.Message, tt.message) || !strings.Contains(e.Hint, tt.hint) || e.Path == "" {
			t.Errorf("%s: %v, %+v", name, err, e)
		}
	}
}

// An ID in a late row also decides, and then all users are counted.
func TestSurveyOfALateID(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("id,login\n")
	for i := range 3 * surveyBatch {
		_, _ = fmt.Fprintf(&b, "%d,user%d@x\n", i%2000, i)
	}
	f, s := survey(t, b.String(), Options{})
	if f.Column() != "login" || s.Distinct != 3*surveyBatch {
		t.Errorf("column %q, %+v", f.Column(), s)
	}
	b.WriteString(idA + ",a@x\n")
	f, s = survey(t, b.String(), Options{})
	if f.Column() != "id" || s.Distinct != 2001 || s.IDs != 1 || s.Rows != 3*surveyBatch+1 || s.Duplicates != 3*surveyBatch-2000 || len(f.Warnings()) > 0 {
		t.Errorf("column %q, %+v, %q", f.Column(), s, f.Warnings())
	}
	text := strings.Replace(strings.TrimSuffix(b.String(), idA+",a@x\n"), "id,login", "login,email", 1)
	if f, s = survey(t, text, Options{}); f.Column() != "login" || s.Distinct != 2000 {
		t.Errorf("column %q, %+v", f.Column(), s)
	}
}

// The rows are those of the column that the survey chose.
func TestRowsOfTheChosenColumn(t *testing.T) {
	t.Parallel()
	f, s := survey(t, "ID,Name,Login\n1001,A,a@x\n1002,B,b@x\n1003,C,A@x\n", Options{})
	rows, err := collect(f)
	if err != nil || len(rows) != 3 || rows[1].Input != "b@x" || strings.Join(rows[1].Cells, " ") != "1002 B" || s.Distinct != 2 || s.Logins != 3 || s.IDs != 0 {
		t.Errorf("%+v, %v, %+v", rows, err, s)
	}
	if id, _ := rows[0].Identifier(); !f.Repeats().Has(id) {
		t.Error("the user who is named twice is forgotten")
	}
}

// A line that repeats the header is a row that names nobody, and a warning says so.
func TestHeaderAgain(t *testing.T) {
	t.Parallel()
	f, s := survey(t, "\ufeffUser ID,Login\r\n"+idA+",a@x\r\n\ufeffUser ID,Login\r\n"+idB+",b@x\r\nuser id, LOGIN \r\n", Options{})
	rows, err := collect(f)
	if err != nil || len(rows) != 4 || s.Distinct != 2 || s.Invalid != 2 || s.FirstInvalid != 3 {
		t.Fatalf("%+v, %v, %+v", rows, err, s)
	}
	for i, again := range []bool{false, true, false, true} {
		if _, reason := rows[i].Identifier(); rows[i].Header != again || (reason != "") != again {
			t.Errorf("row %d: %+v", i+1, rows[i])
		}
	}
	if w := f.Warnings(); len(w) != 1 || !strings.Contains(w[0], "2 lines are the header again, and name nobody (the first is line 3)") {
		t.Errorf("warnings %q", w)
	}
}

// If a spreadsheet wrote a text as a formula, so that it stays text, the cell is that text.
func TestFormula(t *testing.T) {
	t.Parallel()
	f, s := survey(t, "id,login\n\"=\"\""+idA+"\"\"\",a@x\n\" =\"\"b@x\"\" \",\n\"=\"\"c\"\"&\"\"d\"\"\",\n", Options{})
	rows, err := collect(f)
	if err != nil || rows[0].Input != idA || rows[1].Input != "b@x" || rows[2].Input != `="c"&"d"` || s.IDs != 1 {
		t.Errorf("%+v, %v, %+v", rows, err, s)
	}
	if w := f.Warnings(); len(w) != 1 || !strings.Contains(w[0], "line 2 names a user by the formula") {
		t.Errorf("warnings %q", w)
	}
	x, err := ReadExclusions(t.Context(), write(t, "id,login\n"+idA+",\"=\"\"b@x\"\"\"\n"), "")
	if err != nil || x.Users[0].Names[1].Value != "b@x" {
		t.Errorf("%+v, %v", x, err)
	}
}

// One warning says that a file is Windows-1252, with the line, but not with the text.
func TestNotUTF8(t *testing.T) {
	t.Parallel()
	f, s := survey(t, "login;Stra\xdfe\na@x;Hauptstra\xdfe\nm\xfcller@x;\xdf\nm\xf6ller@x;\n", Options{})
	if w := f.Warnings(); len(w) != 1 || !strings.Contains(w[0], "line 1 isn't UTF-8") || s.Invalid != 2 || s.Duplicates != 0 {
		t.Errorf("warnings %q, %+v", w, s)
	}
	rows, err := collect(f)
	if err != nil || rows[0].Cells[0] != "Hauptstra\ufffde" || rows[1].Input != "m\ufffdller@x" || f.Columns()[0] != "Stra\ufffde" {
		t.Errorf("%+v, %v, %q", rows, err, f.Columns())
	}
}

// Whatever a file contains, the survey chooses a column of the header. No column with an Okta ID
// loses to a less certain one, and no ID column without an ID wins over one that names somebody.
func FuzzColumn(f *testing.F) {
	for _, seed := range []string{"id,login\n1,a@x\n", "User ID,email\n" + idA + ",a@x", "mail,upn,id\n,,1\n", "id,ID,login\n1,2,a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := Open(write(t, text), Options{})
		if err != nil {
			return
		}
		defer list.Close()
		s, err := list.Survey(t.Context())
		if err != nil || list.Plan() {
			return
		}
		if s.Rows != s.Distinct+s.Duplicates+s.Invalid {
			t.Fatalf("%q: %+v", text, s)
		}
		chosen := list.layout.column
		for _, other := range list.choices.layouts {
			if other.column == chosen {
				break
			}
			c := newCensus(list.options)
			if _, err := list.count(t.Context(), c, other, false); err != nil {
				t.Fatal(err)
			}
			if e := c.evidence(); e.fits(other.kind) {
				t.Fatalf("%q: column %q is passed over", text, other.header[other.column])
			}
		}
	})
}
