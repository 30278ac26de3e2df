package audit

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"

	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/results"
	"oktareset/runner/table"
)

// write writes the audit while it reads the results a second time.
func (r *run) write(ctx context.Context, out *table.Sheet) (Counts, error) {
	sheet := r.audit.NewSheet(out, len(r.columns))
	n := 0
	for e, err := range results.Scan(ctx, r.opts.Results) {
		if n++; err == nil && n > r.rows {
			err = r.changed()
		}
		if err == nil {
			err = sheet.Row(&e.Record, e.Extra)
		}
		if err != nil {
			return Counts{}, err
		}
	}
	if err := results.Unchanged(&r.manifest, r.opts.Results); err != nil || n != r.rows {
		return Counts{}, r.changed()
	}
	return sheet.Finish()
}

func (r *run) changed() error {
	return fault.WithHint(fmt.Errorf("%q was changed while it was audited", r.opts.Results), "leave the file alone, and audit it again")
}

// Summary is what --json prints.
type Summary struct {
	Org      string `json:"org"`
	Results  string `json:"results"`
	Audit    string `json:"audit"`
	Rows     int    `json:"rows"`
	Requests int    `json:"requests"`
	Counts
	ExitCode int `json:"exit_code"`
}

// summarize tells what the audit comes to, and returns the error that becomes the exit code.
func (r *run) summarize(c Counts) error {
	var err error
	if !c.OK() {
		err = fault.WithCode(fault.ExitRows, fault.ErrRows)
	}
	r.Console.Info("%s: %s", console.Plural(r.rows, "row"), verdictsText(c))
	if c.Verified > 0 {
		r.Console.Info("the log has the verification of %s, too", console.Plural(c.Verified, "user"))
	}
	if n := c.Verdicts[Unexplained]; n > 0 {
		r.Console.Info("%s in the log that no row explains", console.Plural(n, "reset"))
	}
	switch c.OtherLogin {
	case 0:
	case 1:
		r.Console.Info("1 user has another login in the log than in the results: the notes say which")
	default:
		r.Console.Info("%d users have another login in the log than in the results: the notes say which", c.OtherLogin)
	}
	if c.Tickets > 0 {
		r.Console.Info("%s: %s", console.Plural(c.Tickets, "ticket"), ticketsText(c.NoTicket, c.NoReset))
	}
	for _, e := range c.Worst {
		where := ""
		if row, err := strconv.Atoi(e.Row); err == nil {
			where = fmt.Sprintf("line %d ", results.Line(row))
		}
		r.Console.Info("%s: %s%s%s", e.Verdict, where, e.User, prefixed(": ", e.Note))
	}
	if c.More > 0 {
		r.Console.Info("and %d more in %s", c.More, r.opts.Output)
	}
	if c.Settled > 0 {
		r.Console.Info("the log proves %s whose answer was lost; to settle that in the results: %s",
			console.Plural(c.Settled, "row"), results.GoOnCommand(&r.manifest, r.opts.Results, "--resume"))
	}
	r.Console.Info("audit: %s", r.opts.Output)
	if !r.opts.JSON {
		return err
	}
	return fault.Printed(err, console.PrintJSON(r.Stdout, Summary{
		Org: r.manifest.Org, Results: r.opts.Results, Audit: r.opts.Output, Rows: r.rows, Requests: r.client.Stats().Requests,
		Counts: c, ExitCode: fault.Code(err),
	}))
}

// verdictsText is as "22 confirmed (1 settled), 2 no_event_expected", of the rows.
func verdictsText(c Counts) string {
	var parts []string
	for _, v := range Verdicts {
		if n := c.Verdicts[v]; n > 0 && v != Unexplained {
			parts = append(parts, fmt.Sprintf("%d %s", n, v))
		}
	}
	return strings.Join(parts, ", ")
}

func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

// ticketsText is as "2 resets without a ticket, 1 ticket without a reset".
func ticketsText(noTicket, noReset int) string {
	var parts []string
	if noTicket > 0 {
		parts = append(parts, console.Plural(noTicket, "reset")+" without a ticket")
	}
	if noReset > 0 {
		parts = append(parts, console.Plural(noReset, "ticket")+" without a reset")
	}
	return cmp.Or(strings.Join(parts, ", "), "every reset has a ticket, and every ticket a reset")
}
