package roster

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"oktareset/runner"

	"github.com/google/go-cmp/cmp"
)

func TestRows(t *testing.T) {
	t.Parallel()
	f, _ := survey(t, "\ufeffname;userId;\r\n\"a\r\nb\"; "+idA+" ;x\r\n\r\n   \r\n'=c;;\r\n", Options{})
	want := []runner.Row{
		{N: 1, Line: 2, Input: idA, Cells: []string{"a\nb", "x"}},
		{N: 2, Line: 6, Input: "", Cells: []string{"'=c", ""}},
	}
	var first []runner.Row
	for range 2 {
		got, err := collect(f)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("Rows() = %v, differ (-want +got):\n%s", err, diff)
		}
		first = append(first, got...)
	}
	if diff := cmp.Diff(append(slices.Clone(want), want...), first); diff != "" {
		t.Errorf("rows that were kept changed (-want +got):\n%s", diff)
	}
}

func TestRowsWithoutAHeader(t *testing.T) {
	t.Parallel()
	f, _ := survey(t, "a@b,1\nc@d,2\n", Options{NoHeader: true})
	want := []runner.Row{{N: 1, Line: 1, Input: "a@b", Cells: []string{"1"}}, {N: 2, Line: 2, Input: "c@d", Cells: []string{"2"}}}
	if got, err := collect(f); err != nil || !cmp.Equal(want, got) {
		t.Errorf("Rows() = %+v, %v, want %+v", got, err, want)
	}
}

func TestRowsOfUTF16(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := binary.Write(&b, binary.LittleEndian, utf16.Encode([]rune("\ufefflogin\tname\r\nzoë@x\tZoë\r\n"))); err != nil {
		t.Fatal(err)
	}
	f, s := survey(t, b.String(), Options{})
	want := []runner.Row{{N: 1, Line: 2, Input: "zoë@x", Cells: []string{"Zoë"}}}
	if got, err := collect(f); err != nil || !cmp.Equal(want, got) || s.SHA256 != sha256Hex(b.String()) {
		t.Errorf("Rows() = %+v, %v, hash %s, want %+v", got, err, s.SHA256, want)
	}
}

func TestRowsEndWhenNobodyWantsMore(t *testing.T) {
	t.Parallel()
	f, _ := survey(t, "login\na\nb\n", Options{})
	for row, err := range f.Rows() {
		if err != nil || row.Input != "a" {
			t.Errorf("the first row = %+v, %v", row, err)
		}
		break // a sequence that goes on after this panics
	}
}

func TestRowsNeedASurvey(t *testing.T) {
	t.Parallel()
	if _, err := collect(open(t, "login\na\n", Options{})); !errors.Is(err, errNotSurveyed) {
		t.Errorf("Rows() without a survey = %v, want %v", err, errNotSurveyed)
	}
}

// What happens to the file between the survey and the rows.
func TestRowsOfAChangedFile(t *testing.T) {
	t.Parallel()
	const text = "login,dept\na@b,1\nc@d,2\n"
	for name, tt := range map[string]struct {
		now  string
		rows int // yielded before the change is seen
		err  error
	}{
		"nothing":             {now: text, rows: 2},
		"a row added":         {now: text + "e@f,3\n", rows: 2},
		"a broken row added":  {now: text + "e\"", rows: 2},
		"a cell changed":      {now: strings.Replace(text, "c@d", "x@y", 1), rows: 2, err: ErrChanged},
		"a row cut off":       {now: text[:len(text)-6], rows: 1, err: ErrChanged},
		"cut within a row":    {now: text[:len(text)-3], rows: 1, err: ErrChanged},
		"all cut off":         {now: "", err: ErrChanged},
		"another header":      {now: strings.Replace(text, "login,dept", "dept,login", 1), err: ErrChanged},
		"another first line":  {now: "PK\x03\x04" + text[4:], err: ErrChanged},
		"a quote not closed":  {now: strings.Replace(text, "1", "\"", 1), err: ErrChanged},
		"a line end replaced": {now: strings.Replace(text, "1\n", "1 ", 1), err: ErrChanged},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, _ := survey(t, text, Options{})
			if err := os.WriteFile(f.Path(), []byte(tt.now), 0o600); err != nil {
				t.Fatal(err)
			}
			rows, err := collect(f)
			var e *Error
			if len(rows) != tt.rows || !errors.Is(err, tt.err) || tt.err != nil && (!errors.As(err, &e) || e.Path != f.Path()) {
				t.Errorf("Rows() = %d rows, %v, want %d, %v", len(rows), err, tt.rows, tt.err)
			}
		})
	}
}

// A file that an editor replaces is another file: the open one is read on.
func TestRowsOfAReplacedFile(t *testing.T) {
	t.Parallel()
	f, _ := survey(t, "login\na@b\n", Options{})
	if err := os.Rename(write(t, "login\nx@y\n"), f.Path()); err != nil {
		t.Fatal(err)
	}
	if rows, err := collect(f); err != nil || len(rows) != 1 || rows[0].Input != "a@b" {
		t.Errorf("Rows() = %+v, %v, want the row that was surveyed", rows, err)
	}
}

// startsOn reports whether a line that a row starts on can begin with input: quoted or not, and without what is trimmed.
func startsOn(line, input string) bool {
	text, quoted := strings.CutPrefix(line, `"`)
	if quoted {
		text = strings.ReplaceAll(text, `""`, `"`)
	}
	text = strings.TrimSpace(text)
	first, _, _ := strings.Cut(input, "\n")
	return quoted && text == "" || strings.HasPrefix(text, strings.TrimSpace(first))
}

func FuzzRoster(f *testing.F) {
	for _, s := range []string{
		"login\na@b\n\nme\n", "\ufeffid;x\r\n" + idA + ";\"1\n2\"\n" + idA + ";2", "sep=,\nlogin,x\n\"a\"\"b\",1\n", idA + "\n" + idB,
		planHeader + planRow(f, "1", idA, "would_reset") + planRow(f, "2", idB, "skipped"), "login\n\"a\n", "login\n   \nx\r\r\n",
	} {
		f.Add(s, "", rune(0), false)
		f.Add(s, "1", rune(0), true)
	}
	f.Fuzz(func(t *testing.T, text, column string, delimiter rune, noHeader bool) {
		in, err := Open(write(t, text), Options{Column: column, Delimiter: delimiter, NoHeader: noHeader})
		var e *Error
		if err != nil {
			if !errors.As(err, &e) || e.Message == "" {
				t.Errorf("Open(%q) = %v, want an Error", text, err)
			}
			return
		}
		defer in.Close()
		s, err := in.Survey(t.Context())
		if err != nil {
			if !errors.As(err, &e) || e.Message == "" {
				t.Errorf("Survey() of %q = %v, want an Error", text, err)
			}
			return
		}
		rows, err := collect(in)
		again, errAgain := collect(in)
		if err != nil || errAgain != nil || !cmp.Equal(rows, again) {
			t.Fatalf("two passes of %q differ: %v, %v", text, err, errAgain)
		}
		checkRows(t, in, text, rows, s)
	})
}

// checkRows holds the rows against the survey and the text they came from.
func checkRows(t *testing.T, in *File, text string, rows []runner.Row, s Survey) {
	t.Helper()
	var seen runner.Seen
	got := Survey{Rows: len(rows), Ignored: s.Ignored, Bytes: int64(len(text)), SHA256: sha256Hex(text)}
	lines := strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n")
	for i, row := range rows {
		if !in.Plan() && row.N != i+1 {
			t.Errorf("row %d of %q has N = %d", i+1, text, row.N)
		}
		if len(row.Cells) != len(in.Columns()) {
			t.Errorf("row %d of %q has %d cells for %d columns", i+1, text, len(row.Cells), len(in.Columns()))
		}
		if in.layout.column == 0 && utf8.ValidString(text) && !strings.Contains(text, "\x00") {
			if line := lines[row.Line-1]; !startsOn(line, row.Input) {
				t.Errorf("row %d of %q is %q, but line %d is %q", i+1, text, row.Input, row.Line, line)
			}
		}
		id, reason := runner.ParseIdentifier(row.Input)
		switch {
		case reason != "":
			got.Invalid++
			if got.FirstInvalid == 0 {
				got.FirstInvalid = row.Line
			}
			continue
		case id.Kind == runner.KindID:
			got.IDs++
		default:
			got.Logins++
		}
		if seen.Claim(id, row.N) != row.N {
			got.Duplicates++
		}
	}
	got.Distinct = seen.Len()
	if diff := cmp.Diff(got, s); diff != "" {
		t.Errorf("the survey of %q isn't what its rows say (-rows +survey):\n%s", text, diff)
	}
}

// The cells of an export are escaped; anybody else's apostrophe is a part of the cell.
func TestRowsOfAnExport(t *testing.T) {
	t.Parallel()
	const rows = ",'=x@example.com,'+1555,''q\n"
	for first, want := range map[string]runner.Row{
		"userId":  {N: 1, Line: 2, Input: idA, Login: "=x@example.com", Cells: []string{"=x@example.com", "+1555", "'q"}},
		"User ID": {N: 1, Line: 2, Input: idA, Login: "'=x@example.com", Cells: []string{"'=x@example.com", "'+1555", "''q"}},
	} {
		f, _ := survey(t, "\ufeff"+first+",login,phone,name\n"+idA+rows, Options{})
		if got, err := collect(f); err != nil || !cmp.Equal([]runner.Row{want}, got) {
			t.Errorf("%s: Rows() = %+v, %v, want %+v", first, got, err, want)
		}
	}
	f, _ := survey(t, "userId,login\n"+idA+",'=x@example.com\n", Options{Column: "login"})
	if got, err := collect(f); err != nil || len(got) != 1 || got[0].Input != "=x@example.com" {
		t.Errorf("by login: %+v, %v, want =x@example.com", got, err)
	}
}
