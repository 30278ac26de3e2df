package report

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path/filepath"
	"strings"
	"time"

	"oktareset/runner"
	"oktareset/runner/results"
	"oktareset/runner/table"
)

// After is the list of who is back that lies beside results.
type After struct {
	File    string // its name, without folders
	Lines   iter.Seq2[results.AfterLine, error]
	Command string // makes it again
	Remind  string // reminds those who aren't back
	Again   string // resets somebody again
}

// back collects who is back while the rows of the results are read.
type back struct {
	match *results.AfterMatch
	err   error // why the list isn't shown

	asOf    time.Time // the oldest line
	counts  map[results.AfterStatus]int
	reasons map[results.AfterStatus]kinds
	rows    map[results.AfterStatus][]row // of whom somebody has to look after, the first ones
}

// newBack begins to read a list. It returns nil if there is none.
func newBack(s *Subject) *back {
	if s.After == nil {
		return nil
	}
	return &back{
		match: results.MatchAfter(s.After.Lines, s.Steps), counts: make(map[results.AfterStatus]int),
		reasons: make(map[results.AfterStatus]kinds), rows: make(map[results.AfterStatus][]row),
	}
}

// add takes the list's line of a row. newRow returns the row as the page shows it, of a user with
// this login.
func (b *back) add(n int, rec *table.Record, newRow func(login string) row) {
	l := b.match.Line(n, rec)
	if l == nil {
		return
	}
	b.counts[l.Status]++
	b.reason(l)
	if l.Status != results.AfterBack && len(b.rows[l.Status]) < MaxOpen {
		r := newRow(l.Login)
		r.Status, r.Label, r.Why, r.Details = runner.Status(l.Status), afterWords[l.Status].label, cell(l.Detail), ""
		if !l.At.IsZero() {
			r.Details = cell(strings.TrimSuffix(fmt.Sprintf("%s, %s, from %s", strings.Join(plainFactors(strings.Fields(l.Factor)), ", "), moment(l.At), l.From), ", from "))
		}
		b.rows[l.Status] = append(b.rows[l.Status], r)
	}
}

// reason counts why somebody has a status.
func (b *back) reason(l *results.AfterLine) {
	if b.reasons[l.Status] == nil {
		b.reasons[l.Status] = kinds{}
	}
	for _, r := range l.Reasons {
		b.reasons[l.Status].add(string(r))
	}
	if l.Status == results.AfterBack && l.Detail == results.AfterByList {
		b.reasons[l.Status].add(results.AfterByList)
	}
}

// end is called after the last row.
func (b *back) end() { b.asOf, b.err = b.match.End() }

// afterWords are how the page speaks of who is back.
var afterWords = map[results.AfterStatus]words{
	results.AfterBack: {"Back", "They have a factor again.", ""},
	results.AfterLookAt: {
		"Look at these", "They have a factor again, and something about it is unusual.",
		"Call them on a number that you know. If it wasn't them, reset them again:",
	},
	results.AfterNotYet:  {"Not back yet", "They have no factor yet.", "Remind them:"},
	results.AfterUnknown: {"Not known", "Neither the System Log nor their list of factors can tell.", "Ask them, or ask Okta again later."},
}

// afterReasonWords say why somebody needs a look.
var afterReasonWords = map[results.AfterReason]string{
	results.ByAnother:      "somebody else enrolled the factor",
	results.SharedAddress:  "several enrolled from one address that isn't theirs",
	results.NewCountry:     "from a country that is new for the user",
	results.SeveralDevices: "several devices within minutes",
	results.AdminConsole:   "the Admin Console was opened at once",
}

// backPart is the part of the page about who is back.
type backPart struct {
	File    string
	AsOf    string
	Problem string // why it isn't shown
	Command string // makes the list again
	Counts  counts
	Sum     string // of the counts
	Look    int    // users to look at
	Need    need
}

// part returns the part of the page, or nil if there is no list.
func (b *back) part(s *Subject) *backPart {
	if b == nil {
		return nil
	}
	p := &backPart{File: cell(s.After.File), Command: command(s.After.Command)}
	if b.err != nil {
		p.Problem = b.problem(s.After.File)
		return p
	}
	p.AsOf = moment(b.asOf)
	p.Need = need{Caption: "Users to look after", File: p.File}
	for _, status := range results.AfterStatuses {
		p.Counts.Rows += b.counts[status]
	}
	p.Counts.Noun = "user"
	for _, status := range results.AfterStatuses {
		n, w := b.counts[status], afterWords[status]
		if n == 0 {
			continue
		}
		st := newStatus(string(status), w, n, p.Counts.Rows)
		for _, k := range b.reasons[status].sorted() {
			text := afterReasonWords[results.AfterReason(k.Name)]
			if text == "" {
				text = k.Name
			}
			st.Reasons = append(st.Reasons, comma(k.Rows)+": "+text)
		}
		p.Counts.Statuses = append(p.Counts.Statuses, st)
		if status != results.AfterBack {
			st.Means = "" // the counts say it
			st.Command = command(map[results.AfterStatus]string{results.AfterLookAt: s.After.Again, results.AfterNotYet: s.After.Remind}[status])
			p.Need.add(st, b.rows[status])
		}
	}
	p.Counts.Bar = segments(p.Counts.Statuses, p.Counts.Rows)
	p.Sum, p.Look = b.sum(), b.counts[results.AfterLookAt]
	return p
}

// problem says why a list isn't shown.
func (b *back) problem(file string) string {
	switch {
	case errors.Is(b.err, table.ErrChanged):
		return fmt.Sprintf("%s isn't the list that oktareset after wrote about these results, or somebody has changed it.", cell(file))
	case errors.Is(b.err, results.ErrAfterOthers):
		return fmt.Sprintf("%s doesn't fit these results: %v.", cell(file), results.ErrAfterOthers)
	case errors.Is(b.err, results.ErrAfterStale):
		return fmt.Sprintf("%s is older than these results: %v.", cell(file), results.ErrAfterStale)
	}
	return fmt.Sprintf("%s can't be read: %s.", cell(file), cell(b.err.Error()))
}

// sum is as "150 are back, 10 need a look, 40 aren't back yet".
func (b *back) sum() string {
	var parts []string
	for _, t := range []struct {
		status    results.AfterStatus
		one, many string
	}{
		{results.AfterBack, "is back", "are back"},
		{results.AfterLookAt, "is back and needs a look", "are back and need a look"},
		{results.AfterNotYet, "isn't back yet", "aren't back yet"},
		{results.AfterUnknown, "isn't known to be back", "aren't known to be back"},
	} {
		switch n := b.counts[t.status]; n {
		case 0:
		case 1:
			parts = append(parts, "1 "+t.one)
		default:
			parts = append(parts, comma(n)+" "+t.many)
		}
	}
	return list(parts)
}

// afterOf returns the list of who is back beside results, or nil if there is none.
func afterOf(ctx context.Context, m *results.Manifest, f *resultsFile) *After {
	path := results.ListPath(f.path, "after")
	list := results.AfterList(path, m, f.columns)
	for _, err := range list.Scan(ctx) {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		break
	}
	return &After{
		File: filepath.Base(path), Lines: list.ScanAfter(ctx), Command: results.AfterCommand(m, f.path),
		Remind: results.RemindCommand(m, f.path, path), Again: results.ResetAnyAgainCommand(m),
	}
}
