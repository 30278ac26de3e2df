package audit

import (
	"context"

	"oktareset/oktaclient"
	"oktareset/runner/access"
	"oktareset/runner/evidence"
	"oktareset/runner/results"
)

// run is one audit, from the results to the summary.
type run struct {
	*access.Env
	opts     Options
	manifest results.Manifest
	columns  []string // the input's own
	list     *results.List
	audit    *Audit
	rows     int
	client   *oktaclient.Client
}

// open reads the manifest and the results, and refuses what can't be evidence.
func (r *run) open(ctx context.Context) error {
	path := r.opts.Results
	m, err := results.ReadWhole(path, r.opts.Org)
	if err != nil {
		return err
	}
	if r.columns, err = results.Columns(path); err != nil {
		return err
	}
	r.list = results.NewList(r.opts.Output, &m, Columns, r.columns)
	if err := r.list.Writable(ctx); err != nil { // rather now than when the log was read, which may take an hour
		return err
	}
	r.manifest = m
	r.audit = New(auditSubject(&m))
	if err := r.readTickets(ctx); err != nil {
		return err
	}
	for e, err := range results.Scan(ctx, path) {
		if err == nil {
			err = r.audit.Row(&e.Record)
		}
		if err == nil && m.Verifies() {
			err = r.audit.Verified(&e.Record, e.Extra)
		}
		if err != nil {
			return err
		}
		r.rows++
	}
	return nil
}

// auditSubject is what an audit has to know of the runs.
func auditSubject(m *results.Manifest) Subject {
	return Subject{Runs: evidence.RunsOf(m), Verified: m.Verified, Recorded: results.Recorded(m.Steps)}
}
