package table

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// row is a row and the line on which it starts.
type row struct {
	Line  int
	Cells []string
}

// readAll returns all rows of text, the header first.
func readAll(r io.Reader, o ReaderOptions) ([]row, *Reader, error) {
	in, err := NewReader(r, o)
	if err != nil {
		return nil, nil, err
	}
	header, line := in.Header()
	rows := []row{{line, header}}
	for {
		cells, line, err := in.Read()
		if errors.Is(err, io.EOF) {
			return rows, in, nil
		}
		if err != nil {
			return rows, in, err
		}
		rows = append(rows, row{line, slices.Clone(cells)})
	}
}

func utf16Text(order binary.ByteOrder, s string) string {
	var b bytes.Buffer
	for _, u := range utf16.Encode([]rune(s)) {
		_ = binary.Write(&b, order, u)
	}
	return b.String()
}

func TestReader(t *testing.T) {
	t.Parallel()
	two := []row{{1, []string{"id", "name"}}, {2, []string{"1", "Zoë"}}}
	one := []row{{1, []string{"login"}}, {2, []string{"a@b"}}, {3, []string{"c@d"}}}
	for name, tt := range map[string]struct {
		text string
		o    ReaderOptions
		want []row
	}{
		"plain":                   {text: "id,name\n1,Zoë\n", want: two},
		"no last line end":        {text: "id,name\n1,Zoë", want: two},
		"CRLF":                    {text: "id,name\r\n1,Zoë\r\n", want: two},
		"BOM and quoted header":   {text: "\ufeff\"id\",\"name\"\n1,Zoë\n", want: two},
		"semicolons":              {text: "id;name\n1;Zoë\n", want: two},
		"tabs":                    {text: "id\tname\n1\tZoë\n", want: two},
		"given delimiter":         {text: "id|name\n1|Zoë\n", o: ReaderOptions{Delimiter: '|'}, want: two},
		"given wide delimiter":    {text: "id¦name\n1¦Zoë\n", o: ReaderOptions{Delimiter: '¦'}, want: two},
		"UTF-16 LE with BOM":      {text: utf16Text(binary.LittleEndian, "\ufeffid;name\r\n1;Zoë\r\n"), want: two},
		"UTF-16 BE with BOM":      {text: utf16Text(binary.BigEndian, "\ufeffid\tname\n1\tZoë\n"), want: two},
		"UTF-16 LE without BOM":   {text: utf16Text(binary.LittleEndian, "id,name\n1,Zoë\n"), want: two},
		"UTF-16 BE without BOM":   {text: utf16Text(binary.BigEndian, "id,name\n1,Zoë\n"), want: two},
		"one column":              {text: "login\na@b\nc@d\n", want: one},
		"one column, other marks": {text: "login\na;b\n", want: []row{{1, []string{"login"}}, {2, []string{"a;b"}}}},
		"blank lines": {
			text: "\n\r\nid,name\n\n   \n1,Zoë\n\t\n",
			want: []row{{3, []string{"id", "name"}}, {6, []string{"1", "Zoë"}}},
		},
		"sep line": {
			text: "\ufeff\"sep=;\"\r\nid;name\r\n1;Zoë\r\n",
			want: []row{{2, []string{"id", "name"}}, {3, []string{"1", "Zoë"}}},
		},
		"sep line with a tab": {
			text: "SEP=\t\nid\tname\n",
			want: []row{{2, []string{"id", "name"}}},
		},
		"PowerShell's type line":   {text: "\ufeff#TYPE Selected.System\r\nid,name\r\n1,a\r\n", want: []row{{2, []string{"id", "name"}}, {3, []string{"1", "a"}}}},
		"a header like a sep line": {text: "sep=xy\n1\n", want: []row{{1, []string{"sep=xy"}}, {2, []string{"1"}}}},
		"marks in a quoted header": {
			text: "\"a;b;c;\n\",name\n1,2\n",
			want: []row{{1, []string{"a;b;c;\n", "name"}}, {3, []string{"1", "2"}}},
		},
		"quoted newlines": {
			text: "id,name\n1,\"a\nb\r\n\"\"c\"\"\"\n2,d\n",
			want: []row{{1, []string{"id", "name"}}, {2, []string{"1", "a\nb\n\"c\""}}, {5, []string{"2", "d"}}},
		},
		"delimiters at the line ends": {
			text: "id,,\n1,,\n",
			want: []row{{1, []string{"id", "", ""}}, {2, []string{"1", "", ""}}},
		},
		"NUL and invalid UTF-8 in a cell": {
			text: "id\na\x00\xff\n",
			want: []row{{1, []string{"id"}}, {2, []string{"a\x00\ufffd"}}},
		},
		"bars":              {text: "id|name\n1|Zoë\n", want: two},
		"bars and commas":   {text: "id|x,name\n1,Zoë\n", want: []row{{1, []string{"id|x", "name"}}, two[1]}},
		"bars in quotes":    {text: "\"id|name\"\n1\n", want: []row{{1, []string{"id|name"}}, {2, []string{"1"}}}},
		"a bar of somebody": {text: "a|b@x\nc@x\n", o: ReaderOptions{NoHeader: true}, want: []row{{1, []string{"a|b@x"}}, {2, []string{"c@x"}}}},
		"below a title": {
			text: "\ufeffA title, of two\r\n\r\nid;name\r\n1;Zoë\r\n", o: ReaderOptions{Skip: 1},
			want: []row{{3, []string{"id", "name"}}, {4, []string{"1", "Zoë"}}},
		},
		"below a title, a sep line": {
			text: "A title\nsep=|\nid|name\n1|Zoë\n", o: ReaderOptions{Skip: 1},
			want: []row{{3, []string{"id", "name"}}, {4, []string{"1", "Zoë"}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, _, err := readAll(iotest.OneByteReader(strings.NewReader(tt.text)), tt.o)
			if err != nil {
				t.Fatalf("reading %q: %v", tt.text, err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%q is read otherwise (-want +got):\n%s", tt.text, diff)
			}
		})
	}
}

func TestReaderRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text    string
		o       ReaderOptions
		line    int
		message string // part of it
	}{
		"an empty file":    {text: "", message: "empty"},
		"blank lines only": {text: "\ufeff\n\r\n\n", message: "empty"},
		"a sep line only":  {text: "sep=;\n", message: "empty"},
		"a workbook":       {text: "PK\x03\x04\x14\x00", message: "Excel workbook"},
		"an old workbook":  {text: "\xd0\xcf\x11\xe0\xa1\xb1", message: "old Excel workbook"},
		"gzip":             {text: "\x1f\x8b\x08", message: "gzip"},
		"NUL bytes":        {text: "\x00\x00\x00\x01abc", line: 1, message: "NUL"},
		"UTF-32":           {text: "\xff\xfe\x00\x00i\x00\x00\x00d\x00\x00\x00", line: 1, message: "NUL"},
		"CR alone":         {text: "id,name\r1,2\r", line: 1, message: "CR alone"},
		"a bad delimiter":  {text: "id\n", o: ReaderOptions{Delimiter: '"'}, message: "can't be a delimiter"},
		"a long row": {
			text: "id,name\n1,2\n3,4\n5," + strings.Repeat("x", MaxRow+100000) + "\n", line: 4, message: "longer than",
		},
		"too many cells":         {text: "id,name\n1,2\n\n1,2,3\n", line: 4, message: "the row has 3 cells, the header has 2"},
		"too few cells":          {text: "id,name\n1,2\n1", line: 3, message: "the row has 1 cell, the header has 2"},
		"a bare quote":           {text: "id,name\n1,a \"b\"\n", line: 2, message: "isn't quoted (byte 5"},
		"a quote not doubled":    {text: "id,name\n1,\"a \"b\"\n", line: 2, message: "isn't doubled"},
		"a quote not closed":     {text: "id,name\n1,2\n\"3,4\n5,6\n", line: 3, message: "isn't closed and runs on to line 4"},
		"a later one":            {text: "id,name\n\"1\n\n\",\"2\n3,4\n5,6\n", line: 4, message: "isn't closed and runs on to line 6"},
		"one at the very end":    {text: "id,name\n1,\"2", line: 2, message: "isn't closed"},
		"one in a sep file":      {text: "sep=,\nid,name\n1,\"2\n3", line: 3, message: "runs on to line 4"},
		"one in the header":      {text: "\"id,name\n1,2\n", line: 1, message: "isn't closed"},
		"one in a huge file":     {text: "id,name\n1,2\n3,\"4\n" + strings.Repeat("5,6\n", MaxRow/3), line: 3, message: "longer than"},
		"one on a single line":   {text: "id\n1\n\"" + strings.Repeat("x", 11*MaxRow), line: 3, message: "longer than"},
		"one in a quoted cell":   {text: "id,x\n\"\n\",\"" + strings.Repeat("\n", 2*MaxRow) + "\"\n", line: 3, message: "longer than"},
		"a sea of blank lines":   {text: "id\n1\n" + strings.Repeat("\n", 2*MaxRow) + "2\n", message: "blank lines"},
		"a long row of one line": {text: "id,name\n" + strings.Repeat("x", 11*MaxRow), line: 2, message: "longer than"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, in, err := readAll(strings.NewReader(tt.text), tt.o)
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error is %v, want an Error", err)
			}
			if e.Line != tt.line || !strings.Contains(e.Message, tt.message) || e.Hint == "" {
				t.Errorf("error is line %d, %q, hint %q, want line %d, %q and a hint", e.Line, e.Message, e.Hint, tt.line, tt.message)
			}
			if in == nil {
				return
			}
			if _, _, again := in.Read(); !errors.Is(again, err) {
				t.Errorf("Read() after the error = %v, want it again", again)
			}
		})
	}
}

func TestReaderReportsReadErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken disk")
	for _, text := range []string{"", "id", "id\n1\n2", "id\n\"1"} {
		_, _, err := readAll(io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)), ReaderOptions{})
		if !errors.Is(err, broken) {
			t.Errorf("reading %q from a broken disk = %v, want %v", text, err, broken)
		}
	}
}

func TestDelimiter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		want rune
	}{
		{"login\n", ','}, {"a;b\n", ';'}, {"a\tb\n1,2,3\n", '\t'}, {"a,b;c;d\n", ';'}, {"sep=|\na|b\n", '|'},
	} {
		in, err := NewReader(strings.NewReader(tt.text), ReaderOptions{})
		if err != nil {
			t.Fatalf("NewReader(%q) = %v", tt.text, err)
		}
		if got := in.Delimiter(); got != tt.want {
			t.Errorf("Delimiter() of %q = %q, want %q", tt.text, got, tt.want)
		}
	}
}

// The longest row that a foreign file may hold can still be read from a plan, however it is
// escaped and quoted.
func TestOwnRowsMayBeLonger(t *testing.T) {
	t.Parallel()
	cell := strings.Repeat("\x7f", MaxRow)
	text := encode(t, []string{"notes"}, []string{"", cell})
	in, err := NewRecordReader(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if _, extra, _, err := in.Read(); err != nil || extra[0] != cell {
		t.Errorf("Read() of a row of %d bytes = %v", len(text), err)
	}
}

func FuzzReader(f *testing.F) {
	for _, s := range []string{
		"id,name\n1,2\n", "sep=;\na;b\n", "\ufeff\"a\"\n\"b\nc\"\n", "a\n\"b\n", "\r\n\r",
		utf16Text(binary.LittleEndian, "\ufeffa\nb\n"),
	} {
		f.Add(s, rune(0))
	}
	f.Fuzz(func(t *testing.T, s string, delimiter rune) {
		rows, in, err := readAll(strings.NewReader(s), ReaderOptions{Delimiter: delimiter})
		if in == nil && err == nil {
			t.Fatalf("NewReader(%q): neither a reader nor an error", s)
		}
		for i, r := range rows {
			if !utf8.ValidString(strings.Join(r.Cells, "")) {
				t.Errorf("row %d of %q isn't UTF-8: %q", i, s, r.Cells)
			}
			if len(r.Cells) != len(rows[0].Cells) {
				t.Errorf("row %d of %q has %d cells, the header %d", i, s, len(r.Cells), len(rows[0].Cells))
			}
			if i > 0 && r.Line <= rows[i-1].Line {
				t.Errorf("row %d of %q starts on line %d, the one before on %d", i, s, r.Line, rows[i-1].Line)
			}
		}
	})
}
