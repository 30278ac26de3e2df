package audit

import (
	"context"
	"time"

	"oktareset/runner/access"
	"oktareset/runner/evidence"
	"oktareset/runner/results"
	"oktareset/runner/table"
)

// TicketOptions are the flags about a list of tickets.
type TicketOptions struct {
	File       string // "": none
	Column     string // of the tickets; "": found out
	UserColumn string // that names the users; "": found out
}

// Options is what the flags of audit ask for.
type Options struct {
	Results string
	Output  string
	Tickets TicketOptions
	Wait    time.Duration
	JSON    bool
	Org     access.Flags
}

// Run carries out the audit command. It changes nothing in the org, and leaves a file only if
// that is whole.
func Run(ctx context.Context, e *access.Env, o Options) error {
	r := &run{Env: e, opts: o}
	if err := r.open(ctx); err != nil {
		return results.Refused(err)
	}
	counts, err := r.fill(ctx)
	if err != nil {
		return err
	}
	return r.summarize(counts)
}

// fill reads the log, and writes the audit.
func (r *run) fill(ctx context.Context) (counts Counts, err error) {
	c, err := r.ConnectToOrgOf(ctx, &r.manifest, r.opts.Results, access.Way{Flags: r.opts.Org, Scopes: access.LogScopes})
	if err != nil {
		return Counts{}, err
	}
	r.client = c.Client
	if err := r.readLog(ctx); err != nil {
		return Counts{}, evidence.ExplainLog(r.client, err)
	}
	err = r.list.Write(ctx, func(out *table.Sheet) error {
		counts, err = r.write(ctx, out)
		return err
	})
	return counts, results.Refused(err)
}
