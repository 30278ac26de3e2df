package table

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRecordTagsAreTheColumns(t *testing.T) {
	t.Parallel()
	var tags []string
	for field := range reflect.TypeFor[Record]().Fields() {
		tags = append(tags, field.Tag.Get("csv"))
	}
	if diff := cmp.Diff(Columns, tags); diff != "" {
		t.Errorf("Columns and the tags of Record differ (-columns +tags):\n%s", diff)
	}
}

func TestOurs(t *testing.T) {
	t.Parallel()
	renamed := slices.Clone(Columns)
	renamed[17] = "Ticket"
	for name, tt := range map[string]struct {
		header []string
		want   bool
	}{
		"exact":      {Columns, true},
		"with extra": {append(slices.Clone(Columns), "dept"), true},
		"short":      {Columns[:17], false},
		"renamed":    {renamed, false},
		"none":       {nil, false},
	} {
		if got := Ours(tt.header); got != tt.want {
			t.Errorf("Ours(%s) = %v, want %v", name, got, tt.want)
		}
	}
}

// fullRecord has another hostile text in each field, so that two fields that are swapped show.
func fullRecord(text string) Record {
	var rec Record
	fields := reflect.ValueOf(&rec).Elem()
	for i := range fields.NumField() {
		fields.Field(i).SetString(text + Columns[i])
	}
	return rec
}

var hostile = []string{"", "=", "'", "a,\"b\"", "line\r\nbreak\x00", "\xff", "\u202e", " spaced ", `\.`}

func encode(t *testing.T, extra []string, rows ...[]string) []byte {
	t.Helper()
	e := NewEncoder(extra)
	text, err := e.AppendHeader(nil)
	for _, cells := range rows {
		if err != nil {
			break
		}
		rec := fullRecord(cells[0])
		text, err = e.Append(text, &rec, cells[1:])
	}
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestWhatIsEncodedIsReadBack(t *testing.T) {
	t.Parallel()
	extra := []string{"dept", "=cost\ncentre"}
	var rows [][]string
	for _, h := range hostile {
		rows = append(rows, []string{h, h, "x" + h})
	}
	text := encode(t, extra, rows...)
	if lines := bytes.Count(text, []byte("\n")); lines != len(rows)+1 {
		t.Errorf("%d rows and a header are %d lines", len(rows), lines)
	}

	in, err := NewRecordReader(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(extra, in.Extra()); diff != "" {
		t.Errorf("Extra() differs (-want +got):\n%s", diff)
	}
	d := NewDecoder(len(extra))
	lines := bytes.SplitAfter(text, []byte("\n"))[1:]
	for i, cells := range rows {
		rec, others, line, err := in.Read()
		if err != nil || line != i+2 {
			t.Fatalf("Read() = line %d, %v, want line %d", line, err, i+2)
		}
		if diff := cmp.Diff(fullRecord(cells[0]), rec); diff != "" {
			t.Errorf("record %d differs (-want +got):\n%s", i, diff)
		}
		if diff := cmp.Diff(cells[1:], others); diff != "" {
			t.Errorf("other cells of record %d differ (-want +got):\n%s", i, diff)
		}
		decoded, others, err := d.Decode(lines[i])
		if err != nil || decoded != rec || !slices.Equal(others, cells[1:]) {
			t.Errorf("Decode(%q) = %+v, %q, %v, want what Read returns", lines[i], decoded, others, err)
		}
	}
	if _, _, _, err := in.Read(); !errors.Is(err, io.EOF) {
		t.Errorf("Read() at the end = %v, want EOF", err)
	}
}

func TestAppendKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	rec := Record{Row: "1", Status: "reset"}
	got, err := NewEncoder(nil).Append([]byte("before\n"), &rec, nil)
	if want := "before\n1,,,,reset,,,,,,,,,,,,,\n"; err != nil || string(got) != want {
		t.Errorf("Append() = %q, %v, want %q", got, err, want)
	}
}

func TestAppendRefusesARaggedRow(t *testing.T) {
	t.Parallel()
	e := NewEncoder([]string{"dept"})
	for _, extra := range [][]string{nil, {"a", "b"}} {
		if got, err := e.Append(nil, &Record{}, extra); err == nil || got != nil {
			t.Errorf("Append(%q) = %q, %v, want an error and nothing written", extra, got, err)
		}
	}
}

// A ledger's last line may be cut off anywhere.
func TestDecodeRefusesWhatIsNoLine(t *testing.T) {
	t.Parallel()
	rec := fullRecord(`with "quotes", `)
	line, err := NewEncoder([]string{"dept"}).Append(nil, &rec, []string{"a,b"})
	if err != nil {
		t.Fatal(err)
	}
	d := NewDecoder(1)
	for cut := range line {
		if _, _, err := d.Decode(line[:cut]); err == nil {
			t.Errorf("Decode(%q) = no error for a line that is cut off", line[:cut])
		}
	}
	twice := string(line) + string(line)
	for _, text := range []string{"\n", "\r\n", "a,b\n", "\"\n", "a\"b\n", twice, strings.Repeat(",", 19) + "\n"} {
		if _, _, err := d.Decode([]byte(text)); err == nil {
			t.Errorf("Decode(%q) = no error", text)
		}
	}
	got, extra, err := d.Decode(line)
	if err != nil || got != rec || !slices.Equal(extra, []string{"a,b"}) {
		t.Errorf("Decode() after errors = %+v, %q, %v, want the record", got, extra, err)
	}
}

// The quick way takes a line apart as csv does, or leaves it to csv.
func TestSplitIsAsParse(t *testing.T) {
	t.Parallel()
	commas := strings.Repeat(",", len(Columns))
	for _, line := range []string{
		commas, "1" + commas + "x", "  1 " + commas + " ", "1\xff\u202e\x00" + commas, commas + ",", commas[1:], "", "\r", commas + "\r",
		"1\r" + commas, `"1"` + commas, `1"` + commas, commas + `"a,b"`, commas + `"`, "#" + commas, "'=1" + commas, "é" + commas + "日本",
	} {
		d := NewDecoder(1)
		text := []byte(line + "\n")
		got, ok := d.split(text)
		got = slices.Clone(got)
		want, err := d.parse(text)
		if ok && (err != nil || !slices.Equal(got, want)) {
			t.Errorf("split(%q) = %q, want %q, %v", text, got, want, err)
		}
		if !ok && err == nil && !strings.ContainsAny(line, "\"\r") {
			t.Errorf("split(%q) leaves a usual line to csv", text)
		}
	}
}

// gocsv takes memory for the record and for its cells, not for each field: two lines a row are
// written.
func TestEncodeAllocates(t *testing.T) {
	e, rec, extra := NewEncoder([]string{"dept"}), fullRecord(""), []string{"sales"}
	line, err := e.Append(nil, &rec, extra)
	if n := testing.AllocsPerRun(100, func() { line, err = e.Append(line[:0], &rec, extra) }); n > 3 || err != nil {
		t.Errorf("Append() allocates %v times, %v, want at most 3", n, err)
	}
}

func TestDecodeAllocatesOnce(t *testing.T) {
	rec := fullRecord("")
	line, err := NewEncoder([]string{"dept"}).Append(nil, &rec, []string{"sales"})
	if err != nil {
		t.Fatal(err)
	}
	d := NewDecoder(1)
	if n := testing.AllocsPerRun(100, func() { _, _, err = d.Decode(line) }); n > 1 || err != nil {
		t.Errorf("Decode() allocates %v times, %v, want once", n, err)
	}
}

func TestNewRecordReaderRefusesForeignFiles(t *testing.T) {
	t.Parallel()
	var e *Error
	if _, err := NewRecordReader(strings.NewReader("login,dept\na,b\n")); !errors.As(err, &e) || e.Line != 1 || e.Hint == "" {
		t.Errorf("NewRecordReader(a foreign file) = %v, want an Error in line 1 with a hint", err)
	}
	if _, err := NewRecordReader(strings.NewReader("")); !errors.Is(err, ErrEmpty) {
		t.Errorf("NewRecordReader(nothing) = %v, want ErrEmpty", err)
	}
}

func BenchmarkEncode(b *testing.B) {
	e, rec, extra := NewEncoder([]string{"dept"}), fullRecord(""), []string{"sales"}
	var line []byte
	for b.Loop() {
		var err error
		if line, err = e.Append(line[:0], &rec, extra); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	rec := fullRecord("")
	line, err := NewEncoder(nil).Append(nil, &rec, nil)
	if err != nil {
		b.Fatal(err)
	}
	d := NewDecoder(0)
	for b.Loop() {
		if _, _, err := d.Decode(line); err != nil {
			b.Fatal(err)
		}
	}
}
