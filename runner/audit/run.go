package audit

import (
	"context"
	"time"

	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/fault"
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
	draft, err := files.NewDraft(o.Output) // rather before the log is read than after it, which may take an hour
	if err != nil {
		return results.Refused(err)
	}
	counts, err := r.fill(ctx, draft)
	if err != nil {
		return fault.Also(err, draft.Discard())
	}
	return r.summarize(counts)
}

// fill reads the log, and writes the audit.
func (r *run) fill(ctx context.Context, draft *files.Draft) (Counts, error) {
	if err := r.connect(ctx); err != nil {
		return Counts{}, err
	}
	if err := r.readLog(ctx); err != nil {
		return Counts{}, r.explain(err)
	}
	counts, err := r.write(ctx, draft)
	if err == nil {
		err = draft.Publish()
	}
	if err != nil {
		return Counts{}, results.Refused(err)
	}
	return counts, nil
}
