package roster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"oktareset/runner"
	"oktareset/runner/table"
)

// Survey is what is known of an input before anything is done.
type Survey struct {
	Rows         int    // rows that [File.Rows] yields: Distinct + Duplicates + Invalid
	Distinct     int    // distinct valid identifiers: the COUNT of consent
	Duplicates   int    // rows whose identifier an earlier row has
	Invalid      int    // rows whose identifier may not be looked up
	FirstInvalid int    // line of the first of them; 0 when there is none
	IDs          int    // rows that name a user by ID
	Logins       int    // rows that name a user by login
	Ignored      int    // rows of a plan that would not be reset
	Bytes        int64  // length of the file as surveyed
	SHA256       string // of these bytes, in hex
}

// Others says, as the end of a sentence, which rows name nobody new; "" if there are none.
func (s Survey) Others() (text string) {
	switch {
	case s.Duplicates == 1:
		text = ", 1 duplicate row"
	case s.Duplicates > 1:
		text = fmt.Sprintf(", %d duplicate rows", s.Duplicates)
	}
	switch {
	case s.Invalid == 1:
		text += fmt.Sprintf(", 1 row names nobody (line %d)", s.FirstInvalid)
	case s.Invalid > 1:
		text += fmt.Sprintf(", %d rows name nobody (the first in line %d)", s.Invalid, s.FirstInvalid)
	}
	return text
}

// count reads the whole file with a layout, which the file then keeps, and counts it. If the layout
// is doubtful, the number of users may be missing: see census. The first call reads the source, the
// others read the copy.
func (f *File) count(ctx context.Context, c *census, l layout, doubtful bool) (Survey, error) {
	f.layout = l
	c.begin(&f.layout, doubtful)
	p, err := f.begin()
	if err != nil {
		return Survey{}, f.located(err)
	}
	if err := c.count(ctx, p); err != nil {
		if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
			return Survey{}, err
		}
		return Survey{}, f.located(err)
	}
	if err := f.end(); err != nil {
		return Survey{}, f.located(err)
	}
	s, err := c.result(p.n)
	if err != nil {
		return Survey{}, f.located(err)
	}
	c.warn(p.in.NotUTF8())
	s.Bytes, s.SHA256 = f.record.size, f.record.sha256()
	f.surveyed, f.repeats = &s, c.users.repeats
	return s, nil
}

// census counts rows, with one layout after the other.
type census struct {
	layout *layout
	s      Survey

	options  Options
	users    distinct
	statuses runner.Counts // of a plan
	headers  int           // rows that repeat the header
	again    int           // line of the first of them
	formula  int           // line of the first user who is named by a formula
	first    dataLine      // the first row that isn't named by an ID
	address  bool          // some login has an @
	warnings []string

	// doubtful marks a column that may be passed over for another. If its first rows have no ID,
	// users aren't remembered until one appears: to remember them takes most of the time. skipped
	// reports that somebody wasn't remembered.
	doubtful, skipped bool
}

func newCensus(o Options) *census { return &census{options: o} }

// begin forgets the counts, and keeps their memory for reuse.
func (c *census) begin(l *layout, doubtful bool) {
	c.users.reset()
	*c = census{options: c.options, users: c.users, layout: l, doubtful: doubtful, statuses: make(runner.Counts)}
}

// evidence returns what the counted cells are.
func (c *census) evidence() evidence {
	return evidence{rows: c.s.Rows, ids: c.s.IDs, logins: c.s.Logins, address: c.address, other: strings.TrimSpace(c.first.user), line: c.first.line}
}

// warn says what is wrong with the text, once. foreign is the line of the first row that isn't
// UTF-8.
func (c *census) warn(foreign int) {
	if foreign > 0 {
		c.warnings = append(c.warnings, fmt.Sprintf("line %d isn't UTF-8: a login with a letter such as ä or é is invalid, and a copied column gets %c for it; "+
			"save the file as CSV UTF-8", foreign, utf8.RuneError))
	}
	if c.formula > 0 {
		c.warnings = append(c.warnings, fmt.Sprintf("line %d names a user by the formula of a spreadsheet, as =\"…\": the text between the quotes is used", c.formula))
	}
	switch {
	case c.headers == 1:
		c.warnings = append(c.warnings, fmt.Sprintf("line %d is the header again, and names nobody: were two files put together?", c.again))
	case c.headers > 1:
		c.warnings = append(c.warnings, fmt.Sprintf("%d lines are the header again, and name nobody (the first is line %d): were files put together?", c.headers, c.again))
	}
}

// dataLine is what the census needs of a data line.
type dataLine struct {
	user   string        // the cell that names the user, as it stands in the file
	status runner.Status // of a plan
	header bool          // it repeats the header
	line   int
}

// surveyBatch is the number of lines between two looks at the context: a few milliseconds.
const surveyBatch = 1024

// count counts the rest of p. One goroutine parses the lines while this one counts: each does half
// of the work.
func (c *census) count(ctx context.Context, p *pass) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	batches := make(chan []dataLine)
	var reader errgroup.Group
	reader.Go(func() error {
		defer close(batches)
		return c.layout.read(ctx, p, batches)
	})
	var wrong error
	for batch := range batches {
		for i := 0; i < len(batch) && wrong == nil; i++ {
			wrong = c.line(batch[i])
		}
		if wrong != nil {
			stop(wrong)
		}
	}
	return cmp.Or(wrong, reader.Wait())
}

// read sends the rest of p to batches. A batch is valid until the next one is received.
func (l *layout) read(ctx context.Context, p *pass, batches chan<- []dataLine) error {
	var turns [2][]dataLine // the reader of one has finished with the other
	for turn := 0; ctx.Err() == nil; turn = 1 - turn {
		batch := turns[turn][:0]
		var err error
		for len(batch) < surveyBatch && err == nil {
			var cells []string
			var line int
			if cells, line, err = p.next(); err == nil {
				batch = append(batch, l.dataLine(cells, line))
			}
		}
		turns[turn] = batch
		batches <- batch
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

func (l *layout) dataLine(cells []string, line int) dataLine {
	d := dataLine{user: cells[l.column], header: l.isHeader(cells), line: line}
	if l.plan {
		d.status = runner.Status(cells[statusColumn])
	}
	return d
}

// line counts a data line.
func (c *census) line(d dataLine) error {
	if c.layout.plan {
		if err := checkStatus(d.status, d.line); err != nil {
			return err
		}
		c.statuses[d.status]++
		if d.status != runner.StatusWouldReset {
			return nil
		}
	}
	c.row(d)
	return nil
}

// row counts a row by what names its user.
func (c *census) row(d dataLine) {
	c.s.Rows++
	id, reason := runner.Identifier{}, runner.ReasonMalformed
	if d.header {
		c.headers++
		c.again = cmp.Or(c.again, d.line)
	} else {
		cell, formula := unformula(c.layout.cell(d.user))
		if formula && c.formula == 0 {
			c.formula = d.line
		}
		id, reason = runner.ParseIdentifier(cell)
	}
	if c.first.line == 0 && id.Kind != runner.KindID && !d.header {
		c.first = d
	}
	switch {
	case reason != "":
		c.s.Invalid++
		if c.s.FirstInvalid == 0 {
			c.s.FirstInvalid = d.line
		}
		return
	case id.Kind == runner.KindID:
		c.s.IDs++
	default:
		c.s.Logins++
		c.address = c.address || strings.Contains(id.Value, "@")
	}
	if c.doubtful && c.s.IDs == 0 && c.s.Rows > surveyBatch {
		c.skipped = true
		return
	}
	c.users.add(id.Key())
}

// result returns the counts of a file with so many data lines. A file without work is an error.
func (c *census) result(lines int) (Survey, error) {
	switch {
	case c.s.Rows == 0 && c.options.AllowEmpty && c.statuses[runner.StatusSkipped] == lines: // nobody is overlooked
	case lines == 0:
		hint := "give one row a user under the header"
		if !c.options.List {
			hint += ", or --allow-empty where nobody to reset is fine"
		}
		return Survey{}, &Error{Message: ErrNoRows.Error(), Hint: hint, Err: ErrNoRows}
	case c.s.Rows == 0:
		return Survey{}, &Error{Message: "the plan has no would_reset row: it holds " + tally(c.statuses), Hint: c.hintNobody(lines)}
	}
	c.s.Distinct = c.users.count()
	c.s.Duplicates = c.s.IDs + c.s.Logins - c.s.Distinct
	c.s.Ignored = c.statuses.Total() - c.statuses[runner.StatusWouldReset]
	return c.s, nil
}

// hintNobody says what to do about a plan of so many lines if it would reset nobody.
func (c *census) hintNobody(lines int) string {
	switch {
	case c.statuses[runner.StatusFailed] > 0:
		return "complete the plan: give the file that it was made of to --dry-run --retry failed"
	case c.statuses[runner.StatusNotAttempted] > 0:
		return "complete the plan: give the file that it was made of to --dry-run --resume"
	case c.statuses[runner.StatusSkipped] == lines:
		return "give --allow-empty where nobody to reset is fine"
	}
	return "correct those rows in the file that the plan was made of, and make a new plan with --dry-run"
}

var statusColumn = slices.Index(table.Columns, "status")

// checkStatus refuses a status that no row of a plan has.
func checkStatus(s runner.Status, line int) error {
	switch {
	case s == runner.StatusReset, s == runner.StatusPartial, s == runner.StatusUnknown, s == runner.StatusTaken:
		return &Error{
			Line:    line,
			Message: fmt.Sprintf("a row with the status %s: these are the results of a run, not a list of users", s),
			Hint:    hintRun,
		}
	case !slices.Contains(runner.Statuses, s):
		return &Error{
			Line: line, Message: fmt.Sprintf("%s is no status", quote(string(s))), Hint: "use the plan as the dry run wrote it",
		}
	}
	return nil
}

// tally returns counts as "2 skipped, 1 invalid".
func tally(counts runner.Counts) string {
	var parts []string
	for _, s := range runner.Statuses {
		if n := counts[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	return strings.Join(parts, ", ")
}
