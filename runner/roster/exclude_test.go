package roster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"oktareset/runner"
	"oktareset/runner/table"
)

// utf16LE writes text as PowerShell 5's redirection does.
func utf16LE(text string) string {
	var b strings.Builder
	b.WriteString("\xff\xfe")
	for _, u := range utf16.Encode([]rune(text)) {
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}

func TestReadExclusions(t *testing.T) {
	t.Parallel()
	const a, b = "a@example.com", "b@example.com"
	tests := map[string]struct {
		text string
		want string // LINE IDENTIFIER …
	}{
		"a column of logins":       {"login\n" + a + "\n" + b + "\n", "2 " + a + " 3 " + b},
		"an ID and a login":        {"name,User ID,login\nA," + idA + "," + a + "\nB,," + b + "\n", "2 " + idA + " " + a + " 3 " + b},
		"an ID twice":              {"User ID,login\n" + idA + "," + a + "\n" + idA + "," + b + "\n", "2 " + idA + " " + a + " 3 " + idA + " " + b},
		"staff numbers":            {"ID,Name,Login\n1001,A," + a + "\n1002,B," + b + "\n", "2 " + a + " 3 " + b},
		"IDs of Entra":             {"userPrincipalName,id\n" + a + ",6f1e3b0a-1c1d-4a7e-9a5f-111111111111\n", "2 " + a},
		"cleared rows":             {"login,name\r\n" + a + ",A\r\n,\r\n,\r\n", "2 " + a},
		"joined files":             {"login,name\n" + a + ",A\n\ufefflogin,name\n" + b + ",B\n\x1a", "2 " + a + " 4 " + b},
		"IDs and logins":           {"userId\n" + idA + "\n" + a + "\n", "2 " + idA + " 3 " + a},
		"no header, logins":        {a + "\n" + b, "1 " + a + " 2 " + b},
		"no header, IDs":           {idA + "\n\n" + b + "\r\n", "1 " + idA + " 3 " + b},
		"no header, a short login": {a + "\nroot\n", "1 " + a + " 2 root"},
		"one user":                 {a, "1 " + a},
		"BOM and semicolons":       {"\ufeffteam;login\nx;" + a + "\n", "2 " + a},
		"BOM, no header":           {"\ufeff" + a + "\n" + b, "1 " + a + " 2 " + b},
		"UTF-16":                   {utf16LE("login\r\n" + a + "\r\n" + b + "\r\n"), "2 " + a + " 3 " + b},
		"UTF-16, no header":        {utf16LE(a + "\r\n" + b + "\r\n"), "1 " + a + " 2 " + b},
		"sep= line":                {"sep=;\nlogin;team\n" + a + ";x\n", "3 " + a},
		"quoted, spaces":           {"login\n\" " + a + " \"\n", "2 " + a},
		"the same user again":      {"login\n" + a + "\nA@EXAMPLE.com\n" + b + "\n", "2 " + a + " 4 " + b},
	}
	for name, tt := range tests {
		x, err := ReadExclusions(t.Context(), write(t, tt.text), "")
		var got []string
		for _, u := range x.Users {
			got = append(got, fmt.Sprint(u.Line))
			for _, name := range u.Names {
				got = append(got, name.Value)
			}
		}
		if diff := cmp.Diff(tt.want, strings.Join(got, " ")); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
		if len(x.SHA256) != 64 || x.Path == "" {
			t.Errorf("%s: hash %q of %q", name, x.SHA256, x.Path)
		}
	}
	x, err := ReadExclusions(t.Context(), write(t, "email\na@example.com\n"), "")
	if err != nil || len(x.Warnings) != 1 || !strings.Contains(x.Warnings[0], `column "email"`) || !x.Mail {
		t.Errorf("a column of addresses: warnings %q, %v", x.Warnings, err)
	}
}

// The column that the user names is the only one.
func TestReadExclusionsColumn(t *testing.T) {
	t.Parallel()
	text := "userId,login,Benutzer\n" + idA + ",a@x,b@x\n"
	for column, want := range map[string]string{"": idA + " a@x", "userId": idA, "benutzer": "b@x"} {
		x, err := ReadExclusions(t.Context(), write(t, text), column)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, id := range x.Users[0].Names {
			got = append(got, id.Value)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("column %q: %q, want %q", column, got, want)
		}
	}
	_, err := ReadExclusions(t.Context(), write(t, text), "nope")
	if e := (*Error)(nil); !errors.As(err, &e) || !strings.Contains(e.Hint, "--exclude-column") {
		t.Errorf("a column that isn't there: %v", err)
	}
}

// Whoever an unreadable line is about isn't protected: no doubt is passed over.
func TestReadExclusionsRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text, message, hint string
		is                  error
	}{
		"empty":                {"", "is empty", "header", table.ErrEmpty},
		"header alone":         {"login\n", "no rows", "leave out the file", ErrNoRows},
		"an empty cell":        {"login,team\na@x,A\n,B\n", `line 3: "" names nobody: the cell is empty`, "remove the row", nil},
		"me":                   {"login\nme\n", `line 2: "me" names nobody: a reserved word`, "whole login", nil},
		"a control character":  {"login\na@x\n\"b\x07@x\"\n", "names nobody: neither an Okta user ID nor a login: it contains the invisible character U+0007", "whole login", nil},
		"too long":             {"login\n" + strings.Repeat("x", 101) + "\n", "it is longer than 100 characters", "", nil},
		"Windows-1252":         {"login;name\na@x;A\nm\xfcller@x;B\n", "line 3: \"m\ufffdller@x\" names nobody: neither an Okta user ID nor a login: a letter in it isn't UTF-8", "", nil},
		"below a title":        {"VIPs\n\nlogin\na@x\n", `line 3: the header is here, below "VIPs"`, "remove the lines above it", nil},
		"no known column":      {"name,team\nA,B\n", "no column names the users", hintExclusions, nil},
		"a short login first":  {"root\na@x\n", `"root" is neither a known header nor a whole login: a short name isn't enough`, hintExclusions, nil},
		"two bare columns":     {"a@x,A\nb@x,B\n", "stands where the header should be", hintExclusions, nil},
		"two ID columns":       {"id,ID\n" + idA + "," + idA + "\n", "may both name", "--exclude-column", nil},
		"staff numbers alone":  {"id,name\n1001,A\n1002,B\n", `line 2: "1001" is no Okta user ID and no address`, "--exclude-column", nil},
		"only empty cells":     {"login,team\n,\n", "no rows", "leave out the file", ErrNoRows},
		"half of a line":       {"userId,login\n" + idA + ",me\n", `"me" names nobody: a reserved word`, "whole login", nil},
		"ragged":               {"login,team\na@x\n", "line 2: the row has 1 cell", "other cells", nil},
		"an unclosed quote":    {"login\n\"a@x\nb@x\n", "isn't closed", "close the quote", nil},
		"a file of ours":       {strings.Join(table.Columns, ",") + "\n", "is a plan or a result", "user_id", nil},
		"a workbook":           {"PK\x03\x04", "Excel workbook", "UTF-8", nil},
		"half of a surrogate":  {"\xff\xfea", "", "", nil},
		"no text":              {"login\na\x00b\n", "", "", nil},
		"one cell, whole file": {"\"a@x\nb@x\"\n", "", "", nil},
	} {
		path := write(t, tt.text)
		x, err := ReadExclusions(t.Context(), path, "")
		var e *Error
		if !errors.As(err, &e) || e.Path != path || !strings.Contains(err.Error(), tt.message) || !strings.Contains(e.Hint, tt.hint) ||
			strings.Contains(strings.ReplaceAll(e.Hint, "--exclude-column", ""), "--") || len(x.Users) > 0 {
			t.Errorf("%s: %v, %+v", name, err, e)
		}
		if tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("%s: %v isn't %v", name, err, tt.is)
		}
	}
	for name, path := range map[string]string{"missing": t.TempDir() + "/none", "a folder": t.TempDir(), "a pipe": os.DevNull} {
		_, err := ReadExclusions(t.Context(), path, "")
		if e := (*Error)(nil); !errors.As(err, &e) || e.Hint == "" || strings.Contains(e.Hint, " - ") {
			t.Errorf("%s: %v, %+v", name, err, e)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ReadExclusions(ctx, write(t, "login\na@x\n"), ""); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// Whatever a file holds, every row of it that names a user is in the list, or the file is refused.
func FuzzReadExclusions(f *testing.F) {
	for _, seed := range []string{"login\na@x\n", "a@x\nb@x", "\ufeffid;x\n" + idA + ";1", utf16LE("a@x\r\nb"), "sep=;\nlogin\nx", "\"a@x\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		path := write(t, text)
		x, err := ReadExclusions(t.Context(), path, "")
		if err != nil {
			return
		}
		if len(x.Users) == 0 {
			t.Fatalf("%q names nobody, and is taken", text)
		}
		list, err := openExclusions(path, "")
		if err != nil {
			t.Fatal(err)
		}
		defer list.Close()
		if _, err := list.Survey(t.Context()); err != nil {
			t.Fatal(err)
		}
		rows, err := collect(list)
		if err != nil {
			t.Fatal(err)
		}
		named := make(map[runner.Key]bool)
		for _, u := range x.Users {
			for _, id := range u.Names {
				named[id.Key()] = true
			}
		}
		for _, row := range rows {
			if id, reason := row.Identifier(); reason == "" && !named[id.Key()] {
				t.Fatalf("%q: line %d isn't in the list", text, row.Line)
			}
		}
	})
}
