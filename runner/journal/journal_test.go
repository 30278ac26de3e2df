package journal

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"oktareset/runner"
	"oktareset/runner/table"
)

// opens are the possible open parts of a row.
var opens = []runner.Open{
	{},
	{Sent: runner.Lost},
	{Step: runner.ReasonUnenroll, Sent: runner.Lost, Factors: []string{"ufs1", "ufs2"}},
	{Step: runner.ReasonUnenroll, Sent: runner.Refused, Factors: []string{"a b", "c,d", "e\nf", "%", "é"}},
	{Step: runner.ReasonEnroll, Sent: runner.SentNever},
	{Step: runner.ReasonSessions, Sent: runner.Lost},
	{Step: "a later version's", Sent: runner.Refused},
}

// The open part of a row is read as it was written, and never from the row's own line.
func TestOpen(t *testing.T) {
	t.Parallel()
	const row = "7,a@b.c,,,unknown,enroll,403,,,,,,,,ufs9,refused,r1,"
	for _, open := range opens {
		text := append(AppendOpen(nil, Settled, open), row+","...)
		if bytes.ContainsAny(text, "\n\"") {
			t.Errorf("the line of %+v is %q, not one without quotes", open, text)
		}
		line, err := Parse(text)
		if err != nil || line.Event != Settled || string(line.Row) != row+"\n" || !cmp.Equal(line.Open, open, cmpopts.EquateEmpty()) {
			t.Errorf("%+v is read as %+v with the row %q, %v", open, line.Open, line.Row, err)
		}
	}
	for _, bad := range []string{"", "taken", "taken,reset,lost", "taken,reset,lost,", "seen,,,,1,a,", "taken,,,,1,a,", "taken,reset,refused,,1,a,", "settled,reset,,,1,a,", "settled,,lost,,1,a,", "settled,,,f1,1,a,", "settled,reset,perhaps,,1,a,", "settled,unenroll,lost,%,1,a,"} {
		if line, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%q is read as %+v, want an error", bad, line)
		}
	}
}

// A status and what is open have to agree.
func TestDecode(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		line string
		want runner.Status
	}{
		{"taken,reset,lost,,7,a@b.c,u,,unknown", runner.StatusTaken},
		{"taken,enroll,lost,,7,a@b.c,u,,partial", runner.StatusTaken},
		{"settled,reset,lost,,7,a@b.c,u,,unknown", runner.StatusUnknown},
		{"settled,,,,7,a@b.c,u,,reset", runner.StatusReset},
		{"settled,,,,7,a@b.c,u,,unknown", ""},
		{"settled,reset,lost,,7,a@b.c,u,,reset", ""},
		{"taken,reset,lost,,7,a@b.c,u,,reset", ""},
		{"settled,,,,7,a@b.c,u,,taken", ""},
		{"settled,,,,x,a@b.c,u,,reset", ""},
	} {
		text := []byte(tt.line + strings.Repeat(",", len(table.Columns)-4)[:len(table.Columns)-5] + ",")
		line, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		e, err := line.Decode(table.NewDecoder(0))
		if (err == nil) != (tt.want != "") || err == nil && (e.Status != tt.want || e.Row != 7) {
			t.Errorf("%q is %+v, %v; want %q", tt.line, e, err, tt.want)
		}
	}
}

// chain is a journal with this many lines.
func chain(lines int) []byte {
	text, s := Head("run1", "00ff", []byte("row,input\n"))
	for n := range lines {
		row := AppendOpen(nil, Settled, opens[n%len(opens)])
		row = fmt.Appendf(row, "%d,user%d,", n, n)
		s = s.After(row)
		text = s.AppendTo(append(text, row...))
	}
	return text
}

// good returns how many lines at the beginning of a text are good.
func good(text []byte) int {
	n := 0
	var s Sum
	for line := range bytes.Lines(text) {
		_, now, err := s.Check(line)
		if err != nil {
			break
		}
		s, n = now, n+1
	}
	return n
}

// Each changed, missing or additional byte, each cut and each missing line breaks the chain at
// that place.
func TestEveryDamageBreaksTheChain(t *testing.T) {
	t.Parallel()
	text := chain(20)
	if n := good(text); n != 22 {
		t.Fatalf("%d good lines of 22", n)
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	at, line := 0, 0
	for i := range text {
		for at+len(lines[line]) <= i {
			at, line = at+len(lines[line]), line+1
		}
		damages := [][]byte{text[:i], bytes.Join([][]byte{text[:i], text[i+1:]}, nil), bytes.Join([][]byte{text[:i], {text[i]}, text[i:]}, nil)}
		for bit := range 8 {
			changed := bytes.Clone(text)
			changed[i] ^= 1 << bit
			damages = append(damages, changed)
		}
		zeroed := bytes.Clone(text)
		clear(zeroed[i:min(i+64, len(text))])
		for n, damaged := range append(damages, zeroed) {
			want := line
			if n == 2 && text[i] == '\n' { // an empty line after it
				want++
			}
			if got := good(damaged); got != want {
				t.Errorf("damage %d of byte %d: %d lines are good, want %d", n, i, got, want)
			}
		}
	}
	for n := range lines[:len(lines)-2] {
		if got := good(bytes.Join(append(lines[:n:n], lines[n+1:]...), nil)); got != n {
			t.Errorf("without line %d, %d are good", n, got)
		}
	}
}

func TestHead(t *testing.T) {
	t.Parallel()
	text, s := Head("run1", "00ff", []byte("row,input\n"))
	lines := strings.Split(string(text), "\n")
	if len(lines) != 3 || !strings.HasSuffix(lines[1], s.String()) {
		t.Errorf("the head is %q, and its sum %s", text, s)
	}
	run, input, err := ReadHead([]byte(lines[0][:len(lines[0])-8]))
	if err != nil || run != "run1" || input != "00ff" {
		t.Errorf("the head is of run %q and input %q, %v", run, input, err)
	}
	for bad, want := range map[string]string{
		"": "isn't a journal", "row,input,": "isn't a journal", "oktareset journal,2,run1,00ff,": `format "2"`, "oktareset journal,1,run1,": "first line",
	} {
		if _, _, err := ReadHead([]byte(bad)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the head %q is read: %v", bad, err)
		}
	}
}

// A single line is checked by the sum before it, however long it is.
func TestReader(t *testing.T) {
	t.Parallel()
	text := chain(9)
	long := []byte("settled,,,,9," + strings.Repeat("long ", 4000) + ",")
	before, ok := ParseSum(text[len(text)-SumLength:])
	if !ok {
		t.Fatal("no sum")
	}
	offset := int64(len(text))
	text = before.After(long).AppendTo(append(text, long...))
	r := Reader{Path: "x", File: bytes.NewReader(text)}
	if line, err := r.At(offset); err != nil || string(line.Row) != string(long[len("settled,,,,"):len(long)-1])+"\n" {
		t.Errorf("the long line is %.50q, %v", line.Row, err)
	}
	for _, at := range []int64{offset - 1, offset + 1, int64(len(text)), 1 << 40} {
		if line, err := r.At(at); err == nil {
			t.Errorf("at byte %d is the line %.50q", at, line.Row)
		}
	}
	text[offset+100] ^= 1
	if _, err := r.At(offset); err == nil {
		t.Error("a line that was changed is taken")
	}
}

// A parsed line is written again as it was.
func FuzzParse(f *testing.F) {
	for _, open := range opens {
		f.Add(append(AppendOpen(nil, Taken, open), "7,a,"...))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		before := bytes.Clone(text)
		line, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(append(AppendOpen(nil, line.Event, line.Open), before[len(before)-len(line.Row):]...))
		if err != nil || !cmp.Equal(again.Open, line.Open, cmpopts.EquateEmpty()) || again.Event != line.Event || !bytes.Equal(again.Row, line.Row) {
			t.Errorf("%q is %+v, then %+v, %v", before, line, again, err)
		}
	})
}
