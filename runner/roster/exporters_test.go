package roster

import (
	"errors"
	"strings"
	"testing"
)

// The files of the usual exporters are taken as they are.
func TestExporters(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text, column string
		mail         bool
	}{
		"Okta's API":             {text: "id,status,profile.login,profile.email\n" + idA + ",ACTIVE,a@x,m@x\n", column: "id"},
		"Okta's API, of a log":   {text: "user.id,user.login,user.email\n" + idA + ",a@x,m@x\n", column: "user.id"},
		"Okta's reports":         {text: "User,User ID,User login,Last login\nAnn," + idA + ",a@x,2026-11-26\n", column: "User ID"},
		"the same, by login":     {text: "User,User login,Last login\nAnn,a@x,2026-11-26\n", column: "User login"},
		"Okta's users of an app": {text: "First name,Last name,Okta Username\nAnn,Lee,a@x\n", column: "Okta Username"},
		"Postman's runner":       {text: "userId\n" + idA + "\n", column: "userId"},
		"Rockstar":               {text: "User Id,Username,First name,Primary email\n" + idA + ",a@x,Ann,m@x\n", column: "User Id"},
		"Rockstar, without IDs":  {text: "First name,Last name,Primary email\nAnn,Lee,a@x\n", column: "Primary email", mail: true},
		"Google Workspace":       {text: "First Name [Required],Email Address [Required],Password [Required]\nAnn,a@x,****\n", column: "Email Address [Required]", mail: true},
		"GAM":                    {text: "primaryEmail,name.givenName,suspended\na@x,Ann,False\n", column: "primaryEmail", mail: true},
		"Entra":                  {text: "userPrincipalName,displayName,mail,givenName,id\na@x,Ann,m@x,Ann," + guid + "\n", column: "userPrincipalName"},
		"Active Directory":       {text: "\"DistinguishedName\",\"Name\",\"SamAccountName\",\"SID\",\"UserPrincipalName\"\n\"CN=Ann\",\"Ann\",\"ann\",\"S-1\",\"a@x\"\n", column: "UserPrincipalName"},
		"the same, short names":  {text: "Name,SamAccountName\nAnn,ann\n", column: "SamAccountName"},
		"a directory's mail":     {text: "cn;mail\nAnn;a@x\n", column: "mail", mail: true},
		"an HR system":           {text: "Employee ID|Name|Work Email\n1001|Ann|a@x\n", column: "Work Email", mail: true},
		"an HR system on Okta":   {text: "Employee,Okta User ID\nAnn," + idA + "\n", column: "Okta User ID"},
		"UPN":                    {text: "UPN\na@x\n", column: "UPN"},
	} {
		f, s := survey(t, tt.text, Options{})
		if f.Column() != tt.column || f.Mail() != tt.mail || s.Distinct != 1 {
			t.Errorf("%s: column %q, mail %v, %+v, want %q, %v", name, f.Column(), f.Mail(), s, tt.column, tt.mail)
		}
		if warned := strings.Contains(strings.Join(f.Warnings(), " "), "both login and email address"); warned != tt.mail {
			t.Errorf("%s: warnings %q", name, f.Warnings())
		}
	}
}

// A header that stands below other lines is found, and said to be there.
func TestBelowATitle(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text string
		o    Options
		line int // 0: there is none
	}{
		"a title":                 {text: "Users\n\nLogin,Name\na@x,A\n", line: 3},
		"of the same width":       {text: "Users,\nMade,2026\n,\nLogin,Name\na@x,A\n", line: 4},
		"behind an empty cell":    {text: ",Users\n,\nLogin,Name\na@x,A\n", line: 3},
		"with another delimiter":  {text: "Users, all of them\nLogin;Name\na@x;A\n", line: 2},
		"quoted, of two lines":    {text: "\"Users\nof Okta\"\n\"Login\";\"Name\"\na@x;A\n", line: 3},
		"above one column":        {text: "Users\nLogin\na@x\n", line: 2},
		"an address in it":        {text: "Made by admin@example.com\nLogin,Name\na@x,A\n", line: 2},
		"UTF-16":                  {text: utf16LE("Users\r\nLogin\tName\r\na@x\tA\r\n"), line: 2},
		"the column is named":     {text: "Users\nWho,Name\na@x,A\n", o: Options{Column: "who"}, line: 2},
		"a given delimiter":       {text: "Users\nLogin|Name, too\na@x|A\n", o: Options{Delimiter: '|'}, line: 2},
		"too far below":           {text: "Users\n" + strings.Repeat("x\n", maxTitle) + "Login\na@x\n"},
		"no header at all":        {text: "Who,Name\na@x,A\nb@x,B\n"},
		"an address of somebody":  {text: "ann@example.com\nmail\nben@example.com\n"},
		"a cell like a header":    {text: "Who,By\nAnn,email\nBen,mail\n"},
		"names without a header":  {text: "Ann,x\nlogin,y\n", o: Options{NoHeader: true}},
		"a title that isn't text": {text: "Users\n\x00\x00\nLogin,Name\n", line: 3},
	} {
		_, err := Open(write(t, tt.text), tt.o)
		var e *Error
		errors.As(err, &e)
		switch {
		case tt.line == 0 && err != nil && strings.Contains(err.Error(), "the header is here"):
			t.Errorf("%s: %v", name, err)
		case tt.line > 0 && (e == nil || e.Line != tt.line || !strings.HasPrefix(e.Message, "the header is here, below ") || e.Hint != "remove the lines above it"):
			t.Errorf("%s: %v, want line %d", name, err, tt.line)
		}
	}
}

// Of a header that isn't UTF-8, that is what has to be done about it.
func TestHeaderNotUTF8(t *testing.T) {
	t.Parallel()
	const text = "Benutzer\xfc;x\na@x;1\n"
	_, err := Open(write(t, text), Options{})
	if e := (*Error)(nil); !errors.As(err, &e) || !strings.HasPrefix(e.Hint, "save the file as CSV UTF-8") || !strings.Contains(e.Message, "Benutzer\ufffd") {
		t.Errorf("%v", err)
	}
	if f, _ := survey(t, text, Options{Column: "Benutzer\xfc"}); f.Column() != "Benutzer\ufffd" {
		t.Errorf("column %q", f.Column())
	}
}
