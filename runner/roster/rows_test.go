package roster

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
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

// Whatever happens to the file after the survey, the rows are those that were surveyed.
func TestRowsOfAChangedFile(t *testing.T) {
	t.Parallel()
	const text = "login,dept\na@b,1\nc@d,2\n"
	for name, now := range map[string]string{
		"a row added": text + "e@f,3\n", "a cell changed": strings.Replace(text, "c@d", "x@y", 1), "cut within a row": text[:len(text)-3], "all cut off": "",
		"another header": strings.Replace(text, "login,dept", "dept,login", 1), "no text": "PK\x03\x04" + text[4:],
	} {
		f, _ := survey(t, text, Options{})
		if err := os.WriteFile(f.Path(), []byte(now), 0o600); err != nil {
			t.Fatal(err)
		}
		rows, err := collect(f)
		if err != nil || len(rows) != 2 || rows[0].Input != "a@b" || rows[1].Input != "c@d" {
			t.Errorf("%s: Rows() = %+v, %v, want the two that were surveyed", name, rows, err)
		}
	}
	f, _ := survey(t, text, Options{})
	if err := os.Remove(f.Path()); err != nil {
		t.Fatal(err)
	}
	if rows, err := collect(f); err != nil || len(rows) != 2 {
		t.Errorf("the file removed: Rows() = %+v, %v", rows, err)
	}
}

// Wherever the copy was changed, no row is made of bytes that weren't surveyed. The rows before the
// change are read.
func TestRowsOfAChangedCopy(t *testing.T) {
	t.Parallel()
	const rows = 30_000
	text := "login\n" + strings.Repeat("someone@example.com\n", rows)
	for name, change := range map[string]struct {
		at   int
		text string // "": cut off here
	}{
		"nothing": {at: len(text), text: "what is added isn't read"}, "the start": {at: 0, text: "LOGIN"}, "the middle": {at: len(text) / 2, text: "x"},
		"the last byte": {at: len(text) - 1, text: " "}, "cut": {at: len(text) / 2}, "all cut off": {at: 0}, "the last byte cut off": {at: len(text) - 1},
	} {
		to := new(memory)
		f, err := Read("users.csv", strings.NewReader(text), to, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Survey(t.Context()); err != nil {
			t.Fatal(err)
		}
		if string(to.bytes) != text {
			t.Fatalf("the copy has %d bytes, the input %d", len(to.bytes), len(text))
		}
		kept := to.bytes[:change.at]
		if change.text != "" {
			kept = append(kept, change.text...)
			kept = append(kept, text[min(len(text), len(kept)):]...)
		}
		to.bytes = kept
		got, err := collect(f)
		var e *Error
		switch good := change.at / blockSize * blockSize / len("someone@example.com\n"); {
		case name == "nothing":
			if err != nil || len(got) != rows {
				t.Errorf("%s: %d rows, %v", name, len(got), err)
			}
		case !errors.Is(err, ErrChanged) || !errors.As(err, &e) || e.Hint == "" || len(got) > good:
			t.Errorf("%s: %d rows, %v, want at most %d rows and %v", name, len(got), err, good, ErrChanged)
		}
		for _, row := range got {
			if row.Input != "someone@example.com" {
				t.Fatalf("%s: a row that wasn't surveyed: %+v", name, row)
			}
		}
	}
}

// A file that grows, shrinks or is rewritten while it is surveyed is refused: half of it may be
// what it was before.
func TestSurveyOfAFileThatChanges(t *testing.T) {
	t.Parallel()
	text := "login\n" + strings.Repeat("someone@example.com\n", 30_000)
	for name, now := range map[string]string{
		"grows": text + "x@y\n", "shrinks": text[:len(text)-20], "emptied": "", "rewritten": strings.Replace(text, "someone", "anybody", 40_000),
	} {
		f := open(t, text, Options{}) // the header is read, and a block
		before, err := os.Stat(f.Path())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f.Path(), []byte(now), 0o600); err != nil {
			t.Fatal(err)
		}
		later := before.ModTime().Add(time.Second)
		if err := os.Chtimes(f.Path(), later, later); err != nil {
			t.Fatal(err)
		}
		var e *Error
		if s, err := f.Survey(t.Context()); !errors.As(err, &e) || !strings.Contains(e.Message, "changed while it was read") || e.Hint == "" {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
		if _, err := collect(f); !errors.Is(err, errNotSurveyed) {
			t.Errorf("%s: Rows() = %v, want %v", name, err, errNotSurveyed)
		}
		if _, err := f.Survey(t.Context()); !errors.Is(err, errHalfRead) {
			t.Errorf("%s: a second survey: %v, want %v", name, err, errHalfRead)
		}
	}
}

// A copy that can't be written ends the survey.
func TestSurveyOnAFullDisk(t *testing.T) {
	t.Parallel()
	full := errors.New("no space left on device")
	text := "login\n" + strings.Repeat("someone@example.com\n", 30_000)
	for _, text := range []string{text, "login\na@b\n"} {
		f, err := Read("users.csv", strings.NewReader(text), brokenCopy{full}, Options{})
		if err == nil {
			_, err = f.Survey(t.Context())
		}
		if !errors.Is(err, full) {
			t.Errorf("%d bytes: %v, want %v", len(text), err, full)
		}
	}
}

type brokenCopy struct{ err error }

func (c brokenCopy) Write([]byte) (int, error) { return 0, c.err }

func (c brokenCopy) ReadAt([]byte, int64) (int, error) { return 0, c.err }

// The copy of an earlier run is an input like any other. Its survey finds what that run surveyed.
func TestReread(t *testing.T) {
	t.Parallel()
	const text = "login,x\na@b,1\n"
	f, err := Reread("users.csv", strings.NewReader(text+"not a part"), int64(len(text)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := f.Survey(t.Context())
	if err != nil || s.SHA256 != sha256Hex(text) {
		t.Errorf("Survey() = %+v, %v", s, err)
	}
	if b, err := io.ReadAll(f.Content()); err != nil || string(b) != text {
		t.Errorf("Content() = %q, %v", b, err)
	}
	if rows, err := collect(f); err != nil || len(rows) != 1 || rows[0].Input != "a@b" {
		t.Errorf("Rows() = %+v, %v", rows, err)
	}
	if again, err := f.Survey(t.Context()); err != nil || again != s {
		t.Errorf("a second survey = %+v, %v, want %+v", again, err, s)
	}
}

// startsOn reports whether a line that a row starts on can begin with input: quoted or not, and
// without what is trimmed.
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
		"login\nlogin\nLOGIN \na\xff@b\n", "A title\n\nlogin;x\na@b;1\n", "a|b@x\nlogin|x\n",
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

// checkRows compares the rows with the survey and with the text that they came from.
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
		id, reason := row.Identifier()
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

// The cells of our exports are escaped. In any other file, an apostrophe is a part of the cell.
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
