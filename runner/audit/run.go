package audit

import (
	"context"
	"io"
	"time"

	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/files"
	"oktareset/runner/results"
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
	Console console.Options
}

// Run carries out the audit command. It changes nothing in the org, and leaves a file only if
// that is whole.
func Run(ctx context.Context, e *access.Env, o Options) error {
	r := &run{Env: e, opts: o}
	if err := r.open(ctx); err != nil {
		return results.Refused(err)
	}
	if err := r.connect(ctx); err != nil {
		return err
	}
	if err := r.readLog(ctx); err != nil {
		return r.explain(err)
	}
	var counts Counts
	err := files.WriteNew(o.Output, func(w io.Writer) (err error) {
		counts, err = r.write(ctx, w)
		return err
	})
	if err != nil {
		return results.Refused(err)
	}
	return r.summarize(counts)
}
