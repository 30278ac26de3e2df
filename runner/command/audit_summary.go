package command

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"oktareset/runner/audit"
	"oktareset/runner/ledger"
)

// write writes the audit while it reads the results a second time.
func (r *auditRun) write(ctx context.Context, w io.Writer) (audit.Counts, error) {
	columns, err := ledger.Columns(r.opts.results)
	if err != nil {
		return audit.Counts{}, err
	}
	sheet, err := r.audit.NewSheet(w, columns)
	if err != nil {
		return audit.Counts{}, err
	}
	n := 0
	for e, err := range ledger.Scan(r.opts.results) {
		if n++; err == nil && n > r.rows {
			err = r.changed()
		}
		if err == nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err == nil {
			err = sheet.Row(&e.Record, e.Extra)
		}
		if err != nil {
			return audit.Counts{}, err
		}
	}
	if err := r.unchanged(&r.manifest); err != nil || n != r.rows {
		return audit.Counts{}, r.changed()
	}
	return sheet.Finish()
}

func (r *auditRun) changed() error {
	return hinted{fmt.Errorf("%q was changed while it was audited", r.opts.results), "leave the file alone, and audit it again"}
}

// auditSummary is what --json prints.
type auditSummary struct {
	Org      string `json:"org"`
	Results  string `json:"results"`
	Audit    string `json:"audit"`
	Rows     int    `json:"rows"`
	Requests int    `json:"requests"`
	audit.Counts
	ExitCode int `json:"exit_code"`
}

// summarize tells what the audit comes to, and returns the error that becomes the exit code.
func (r *auditRun) summarize(c audit.Counts) error {
	var err error
	if !c.OK() {
		err = coded{code: exitRows, error: errRows}
	}
	r.console.info("%s: %s", plural(r.rows, "row"), verdictsText(c))
	if n := c.Verdicts[audit.Unexplained]; n > 0 {
		r.console.info("%s in the log that no row explains", plural(n, "reset"))
	}
	switch c.OtherLogin {
	case 0:
	case 1:
		r.console.info("1 user has another login in the log than in the results: the notes say which")
	default:
		r.console.info("%d users have another login in the log than in the results: the notes say which", c.OtherLogin)
	}
	if r.opts.tickets.file != "" {
		r.console.info("%s: %s without a ticket, %s without a reset",
			plural(r.tickets, "ticket"), plural(c.NoTicket, "reset"), plural(c.NoReset, "ticket"))
	}
	for _, e := range c.Worst {
		where := "row " + e.Row + ", "
		if e.Row == "" {
			where = ""
		}
		r.console.info("%s: %s%s%s", e.Verdict, where, e.User, prefixed(": ", e.Note))
	}
	if c.Settled > 0 {
		r.console.info("the log proves %s whose answer was lost: oktareset reset --resume -o %s, with the flags of the run, settles that in the results",
			plural(c.Settled, "row"), shellQuote(plainPattern(r.opts.results)))
	}
	r.console.info("audit: %s", r.opts.output)
	if r.opts.json {
		s := auditSummary{
			Org: r.manifest.Org, Results: r.opts.results, Audit: r.opts.output, Rows: r.rows, Requests: r.client.Stats().Requests,
			Counts: c, ExitCode: exitCode(err),
		}
		enc := json.NewEncoder(printableWriter{r.Stdout})
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if jsonErr := enc.Encode(s); jsonErr != nil {
			return coded{code: max(exitRows, exitCode(err)), error: fmt.Errorf("print the summary: %w", jsonErr)}
		}
	}
	return err
}

// verdictsText is as "22 confirmed (1 settled), 2 no_event_expected", of the rows.
func verdictsText(c audit.Counts) string {
	var parts []string
	for _, v := range audit.Verdicts {
		if n := c.Verdicts[v]; n > 0 && v != audit.Unexplained {
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
