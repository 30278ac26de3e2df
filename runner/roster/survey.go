package roster

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"oktareset/runner"
	"oktareset/runner/table"
)

// Survey is what is known of an input before anything is done.
type Survey struct {
	Rows         int    // rows that [File.Rows] yields: Distinct + Duplicates + Invalid
	Distinct     int    // distinct valid identifiers: the COUNT of consent
	Duplicates   int    // rows whose identifier an earlier row has
	Invalid      int    // rows that name nobody that may be asked for
	FirstInvalid int    // line of the first of them; 0 when there is none
	IDs          int    // rows that name a user by ID
	Logins       int    // rows that name a user by login
	Ignored      int    // rows of a plan that would not be reset
	Bytes        int64  // length of the file as surveyed
	SHA256       string // of these bytes, in hex
}

// surveyBatch is the number of rows between two looks at the context: a few milliseconds.
const surveyBatch = 4096

// Survey reads the whole file and counts it. What is wrong with it is an [*Error], [ErrNoRows] among it: a file that isn't read
// to its end, a result in place of a plan, a plan without a row that would be reset. The end of ctx is returned as it is.
func (f *File) Survey(ctx context.Context) (Survey, error) {
	size, err := f.size()
	if err != nil {
		return Survey{}, err
	}
	p, err := f.pass(size)
	if err != nil {
		return Survey{}, err
	}
	c := census{layout: &f.layout, users: distinct{repeats: new(runner.Repeats)}, statuses: make(runner.Counts)}
	for {
		if p.n%surveyBatch == 0 && ctx.Err() != nil {
			return Survey{}, context.Cause(ctx)
		}
		cells, line, err := p.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = c.line(cells, line)
		}
		if err != nil {
			return Survey{}, f.located(err)
		}
	}
	s, err := c.result(p.n)
	if err != nil {
		return Survey{}, f.located(err)
	}
	s.Bytes, s.SHA256 = size, hex.EncodeToString(p.hash.Sum(nil))
	f.surveyed, f.repeats = &s, c.users.repeats
	return s, nil
}

// census counts rows.
type census struct {
	layout   *layout
	s        Survey
	users    distinct
	statuses runner.Counts // of a plan
}

// line counts a data line.
func (c *census) line(cells []string, line int) error {
	if c.layout.plan {
		status := runner.Status(cells[statusColumn])
		if err := checkStatus(status, line); err != nil {
			return err
		}
		c.statuses[status]++
		if status != runner.StatusWouldReset {
			return nil
		}
	}
	c.row(c.layout.cell(cells[c.layout.column]), line)
	return nil
}

// row counts a row by what names its user.
func (c *census) row(cell string, line int) {
	c.s.Rows++
	id, reason := runner.ParseIdentifier(cell)
	switch {
	case reason != "":
		c.s.Invalid++
		if c.s.FirstInvalid == 0 {
			c.s.FirstInvalid = line
		}
		return
	case id.Kind == runner.KindID:
		c.s.IDs++
	default:
		c.s.Logins++
	}
	c.users.add(id.Key())
}

// result returns the counts of a file of lines data lines; a file that leaves nothing to do is an error.
func (c *census) result(lines int) (Survey, error) {
	switch {
	case lines == 0:
		return Survey{}, &Error{Message: ErrNoRows.Error(), Hint: "give one row a user under the header", Err: ErrNoRows}
	case c.s.Rows == 0:
		return Survey{}, &Error{
			Message: "the plan has no would_reset row: it holds " + tally(c.statuses),
			Hint:    "make a new plan with --dry-run, or send rows of a result again with --retry",
		}
	}
	c.s.Distinct = c.users.count()
	c.s.Duplicates = c.s.IDs + c.s.Logins - c.s.Distinct
	c.s.Ignored = c.statuses.Total() - c.statuses[runner.StatusWouldReset]
	return c.s, nil
}

var statusColumn = slices.Index(table.Columns, "status")

// checkStatus refuses a status that no row of a plan has.
func checkStatus(s runner.Status, line int) error {
	switch {
	case s == runner.StatusReset, s == runner.StatusPartial, s == runner.StatusUnknown, s == runner.StatusTaken:
		return &Error{
			Line:    line,
			Message: fmt.Sprintf("the file is a result, not a plan: this row is %s", s),
			Hint:    "go on with that run's input and --resume, or send some of its rows again with --retry",
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
