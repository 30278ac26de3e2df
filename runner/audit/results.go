package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/access"
	"oktareset/runner/fault"
	"oktareset/runner/files"
	"oktareset/runner/results"
)

// run is one audit, from the results to the summary.
type run struct {
	*access.Env
	opts     Options
	manifest results.Manifest
	audit    *Audit
	rows     int
	client   *oktaclient.Client
	tickets  int
}

// open reads the manifest and the results, and refuses what can't be evidence.
func (r *run) open(ctx context.Context) error {
	path := r.opts.Results
	m, err := results.ReadManifest(path)
	if _, statErr := os.Stat(path); statErr != nil && (err != nil || m.Finished) {
		return fmt.Errorf("read the results: %w", statErr)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return results.NoManifest(path)
	}
	if err != nil {
		return err
	}
	if err := auditable(&m, path); err != nil {
		return err
	}
	if err := files.Absent(r.opts.Output); err != nil {
		return err
	}
	if err := r.unchanged(&m); err != nil {
		return err
	}
	r.manifest = m
	r.audit = New(auditSubject(&m))
	if err := r.readTickets(ctx); err != nil {
		return err
	}
	for e, err := range results.Scan(path) {
		if err == nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err == nil {
			err = r.audit.Row(&e.Record)
		}
		if err != nil {
			return err
		}
		r.rows++
	}
	return nil
}

// auditable refuses what the log can say nothing of.
func auditable(m *results.Manifest, path string) error {
	switch {
	case m.DryRun:
		return fault.Usage("audit the results of the run that carried it out", "%s is a plan: it changed nothing that the log could have", path)
	case m.Sandbox:
		return fault.Usage("rehearse against oktareset sandbox: its org, and its log, stay until it is stopped",
			"%s is from the stand-in org of --sandbox, which ended with the run, and its log with it", path)
	case m.Finished && m.Result == nil:
		return fault.Usage("put back the results and the manifest as the run left them", "the manifest of %s has no SHA-256 of it", path)
	}
	return results.RefuseUnfinished(m, path)
}

// unchanged refuses results that aren't as their run left them.
func (r *run) unchanged(m *results.Manifest) error {
	sum, err := results.FileSHA256(r.opts.Results)
	if err != nil {
		return err
	}
	if sum == m.Result.SHA256 {
		return nil
	}
	return fault.Usage("put back the file as the run left it; a spreadsheet that saved it has changed it",
		"%s was changed since its run ended: its SHA-256 isn't the one that the manifest has", r.opts.Results)
}

// auditSubject is what an audit has to know of the runs.
func auditSubject(m *results.Manifest) Subject {
	var s Subject
	for _, run := range m.Runs {
		s.Runs = append(s.Runs, run.RunID)
		if id := run.Actor.ID; id != "" && !slices.Contains(s.Actors, id) {
			s.Actors = append(s.Actors, id)
		}
	}
	if id := m.Actor.ID; id != "" && !slices.Contains(s.Actors, id) {
		s.Actors = append(s.Actors, id)
	}
	s.Recorded = slices.ContainsFunc(m.Steps, func(step string) bool { return step == runner.StepRecordFactors || step == runner.StepChooseFactors })
	return s
}
