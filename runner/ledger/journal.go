package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/url"
	"slices"
	"strings"

	"oktareset/runner"
	"oktareset/runner/results"
	"oktareset/runner/table"
)

// This file is the form of the journal, and the only one that knows it.
//
//	oktareset journal,1,RUN,SHA-256 OF THE INPUT,SUM
//	event,step,sent,still_to_go,row,input,…,SUM
//	taken,reset,lost,,1,alice@example.com,…,SUM
//	settled,,,,1,alice@example.com,…,SUM
//
// The first line names the run that began the journal. In the others, the fields before row say
// what of the row is open; those from row on are the row's line of the results, as it stands there
// if no further line comes. SUM is the line's running checksum.

// version is that of the journal's form. It changes when a reader of the old one would
// misunderstand the new one.
const version = "1"

// The events. A row is taken before anything is sent that could change its user, and settled when
// it is known what became of that.
const (
	eventTaken   = "taken"
	eventSettled = "settled"
)

// stepReset is how a journal calls [runner.StepReset].
const stepReset = "reset"

// sum is the running checksum of a journal: the CRC-32C of all that stands before it, but for the
// sums themselves.
type sum uint32

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// after returns the sum of a line's text, which ends in the comma before its sum.
func (s sum) after(text []byte) sum { return sum(crc32.Update(uint32(s), castagnoli, text)) }

// sumLength is how long a sum and the line's end are: eight hexadecimal digits and LF.
const sumLength = 9

// appendTo ends a line whose text is in dst.
func (s sum) appendTo(dst []byte) []byte {
	const digits = "0123456789abcdef"
	for shift := 28; shift >= 0; shift -= 4 {
		dst = append(dst, digits[s>>shift&15])
	}
	return append(dst, '\n')
}

func (s sum) String() string { return string(s.appendTo(nil)[:sumLength-1]) }

// parseSum reads a sum and the end of its line.
func parseSum(b []byte) (s sum, ok bool) {
	if len(b) != sumLength || b[sumLength-1] != '\n' {
		return 0, false
	}
	for _, c := range b[:sumLength-1] {
		switch {
		case c >= '0' && c <= '9':
			s = s<<4 | sum(c-'0')
		case c >= 'a' && c <= 'f':
			s = s<<4 | sum(c-'a'+10)
		default:
			return 0, false
		}
	}
	return s, true
}

// errSum is what is wrong with a line that isn't as it was written, or doesn't follow the line
// before it.
var errSum = errors.New("its checksum isn't that of this line behind the one before")

// check returns the text of a line whose sum is the one after s, and that sum.
func (s sum) check(line []byte) (text []byte, now sum, err error) {
	end := len(line) - sumLength
	if end < 1 || line[end-1] != ',' {
		return nil, 0, errSum
	}
	text = line[:end]
	now, ok := parseSum(line[end:])
	if !ok || now != s.after(text) {
		return nil, 0, errSum
	}
	return text, now, nil
}

// head returns the first two lines of a journal, and their sum. header is that of the results.
func head(runID, input string, header []byte) ([]byte, sum) {
	first := []byte(table.JournalColumn + "," + version + "," + runID + "," + input + ",")
	second := columnsLine(header)
	s := sum(0).after(first)
	now := s.after(second)
	return slices.Concat(s.appendTo(first), now.appendTo(second)), now
}

// openColumns is what the second line has in front of the header of the results.
const openColumns = "event,step,sent,still_to_go,"

// columnsLine is the text of the second line.
func columnsLine(header []byte) []byte {
	return slices.Concat([]byte(openColumns), bytes.TrimSuffix(header, []byte("\n")), []byte(","))
}

// maxHead is how much of a file is looked at for whether a line follows a journal's head. Longer
// ones aren't taken for empty.
const maxHead = 1 << 20

// headOf looks at a file that begins with a text and some lines. It reports whether it does, or was
// only just about to, and whether nothing follows.
func headOf(f io.ReaderAt, begin string, lines int) (ours, empty bool, err error) {
	text := make([]byte, maxHead)
	n, err := f.ReadAt(text, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, false, err
	}
	text = text[:n]
	zeros := len(bytes.Trim(text, "\x00")) == 0 // what a power failure leaves
	rest := text
	for range lines {
		_, rest, _ = bytes.Cut(rest, []byte("\n"))
	}
	return bytes.HasPrefix(text, []byte(begin)) || strings.HasPrefix(begin, string(text)) || zeros, n < maxHead && len(rest) == 0, nil
}

// readHead returns what the first line of a journal says.
func readHead(text []byte) (runID, input string, err error) {
	fields := strings.Split(string(text), ",")
	switch {
	case len(fields) < 2 || fields[0] != table.JournalColumn:
		return "", "", errors.New("it isn't a journal")
	case fields[1] != version:
		return "", "", fmt.Errorf("it has format %q, this version knows format %s", fields[1], version)
	case len(fields) != 5:
		return "", "", errors.New("its first line isn't one of a journal")
	}
	return fields[2], fields[3], nil
}

// appendOpen appends the fields in front of a row's line.
func appendOpen(dst []byte, event string, o runner.Open) []byte {
	dst = append(append(dst, event...), ',')
	if o.Sent == "" {
		return append(dst, ",,,"...)
	}
	step := string(o.Step)
	if o.Step == runner.StepReset {
		step = stepReset
	}
	dst = append(append(dst, step...), ',')
	dst = append(append(dst, o.Sent...), ',')
	for i, id := range o.Factors {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = append(dst, url.QueryEscape(id)...) // an org chose it
	}
	return append(dst, ',')
}

// line is what a line of a journal says.
type line struct {
	event string
	open  runner.Open
	row   []byte // the row's line of the results, with its end; it shares memory with the journal's line
}

// parseLine takes the text of a line apart, which it changes: the comma before the sum becomes the
// end of the row's line.
func parseLine(text []byte) (l line, err error) {
	var fields [4]string
	rest := text
	for i := range fields {
		field, after, ok := bytes.Cut(rest, []byte{','})
		if !ok {
			return line{}, errors.New("fields are missing")
		}
		fields[i], rest = known(field), after
	}
	if len(rest) == 0 {
		return line{}, errors.New("fields are missing")
	}
	rest[len(rest)-1] = '\n'
	l.row = rest
	l.event = fields[0]
	if l.event != eventTaken && l.event != eventSettled {
		return line{}, fmt.Errorf("the event is %q", fields[0])
	}
	l.open, err = parseOpen(fields[1], fields[2], fields[3])
	if err == nil && l.event == eventTaken && !l.open.InDoubt() {
		err = errors.New("it says that the row is taken, and not what for")
	}
	return l, err
}

// known is the text of a field, without new memory for those that most lines have.
func known(field []byte) string {
	for _, s := range [...]string{"", eventSettled, eventTaken, stepReset, string(runner.Lost)} {
		if string(field) == s {
			return s
		}
	}
	return string(field)
}

// parseOpen reads what [appendOpen] wrote.
func parseOpen(step, sent, factors string) (o runner.Open, err error) {
	if step == "" && sent == "" && factors == "" {
		return o, nil
	}
	o.Step, o.Sent = runner.Reason(step), runner.Sent(sent)
	if step == stepReset {
		o.Step = runner.StepReset
	}
	if step == "" || o.Sent != runner.SentNever && o.Sent != runner.Refused && o.Sent != runner.Lost {
		return o, fmt.Errorf("what is open is %q, and was sent: %q", step, sent)
	}
	for id := range strings.FieldsSeq(factors) {
		if id, err = url.QueryUnescape(id); err != nil {
			return o, fmt.Errorf("the factors that are still to go are %q", factors)
		}
		o.Factors = append(o.Factors, id)
	}
	return o, nil
}

// decode takes a row's line apart, as the journal has it: a row that is taken has no result yet.
func (l *line) decode(dec *table.Decoder) (results.Entry, error) {
	e, err := results.Decode(l.row, dec)
	if err != nil {
		return e, err
	}
	if e.Status.Open() != (l.open.Sent != "") {
		return e, fmt.Errorf("the status is %q, and what is open is %+v", e.Status, l.open)
	}
	if l.event == eventTaken {
		e.Status = runner.StatusTaken
	}
	return e, nil
}
