package journal

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"oktareset/runner"
	"oktareset/runner/results"
	"oktareset/runner/table"
)

// version is that of the journal's format. It changes if a reader of the old format would
// misunderstand the new one.
const version = "1"

// The events. A row is taken before any request that could change its user is sent, and settled
// when the outcome is known.
const (
	Taken   = "taken"
	Settled = "settled"
)

// stepReset is the journal's name for [runner.StepReset].
const stepReset = "reset"

// Head returns the first two lines of a journal, and their sum. header is the header of the
// results.
func Head(runID, input string, header []byte) ([]byte, Sum) {
	first := []byte(table.JournalColumn + "," + version + "," + runID + "," + input + ",")
	second := ColumnsLine(header)
	s := Sum(0).After(first)
	now := s.After(second)
	return slices.Concat(s.AppendTo(first), now.AppendTo(second)), now
}

// OpenColumns are the columns of the second line before the header of the results.
const OpenColumns = "event,step,sent,still_to_go,"

// ColumnsLine returns the text of the second line.
func ColumnsLine(header []byte) []byte {
	return slices.Concat([]byte(OpenColumns), bytes.TrimSuffix(header, []byte("\n")), []byte(","))
}

// ReadHead returns what the first line of a journal says.
func ReadHead(text []byte) (runID, input string, err error) {
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

// AppendOpen appends the fields before a row's line.
func AppendOpen(dst []byte, event string, o runner.Open) []byte {
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
		dst = append(dst, url.QueryEscape(id)...) // the org chose it
	}
	return append(dst, ',')
}

// Line is the content of a row's line.
type Line struct {
	Event string
	Open  runner.Open
	// the row's line of the results, with its newline; it shares memory with the journal's line
	Row []byte
}

// Parse parses the text of a line. It changes the text: the comma before the sum becomes the
// newline of the row's line.
func Parse(text []byte) (l Line, err error) {
	var fields [4]string
	rest := text
	for i := range fields {
		field, after, ok := bytes.Cut(rest, []byte{','})
		if !ok {
			return Line{}, errors.New("fields are missing")
		}
		fields[i], rest = known(field), after
	}
	if len(rest) == 0 {
		return Line{}, errors.New("fields are missing")
	}
	rest[len(rest)-1] = '\n'
	l.Row = rest
	l.Event = fields[0]
	if l.Event != Taken && l.Event != Settled {
		return Line{}, fmt.Errorf("the event is %q", fields[0])
	}
	l.Open, err = parseOpen(fields[1], fields[2], fields[3])
	if err == nil && l.Event == Taken && !l.Open.InDoubt() {
		err = errors.New("it says that the row is taken, but not what for")
	}
	return l, err
}

// known returns the text of a field, without an allocation for the most frequent ones.
func known(field []byte) string {
	for _, s := range [...]string{"", Settled, Taken, stepReset, string(runner.Lost)} {
		if string(field) == s {
			return s
		}
	}
	return string(field)
}

// parseOpen reads what [AppendOpen] wrote.
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

// Decode parses a row's line as the journal means it: a taken row has no result yet.
func (l *Line) Decode(dec *table.Decoder) (results.Entry, error) {
	e, err := results.Decode(l.Row, dec)
	if err != nil {
		return e, err
	}
	if e.Status.Open() != (l.Open.Sent != "") {
		return e, fmt.Errorf("the status is %q, and what is open is %+v", e.Status, l.Open)
	}
	if l.Event == Taken {
		e.Status = runner.StatusTaken
	}
	return e, nil
}
