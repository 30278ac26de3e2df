package ledger

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// compare returns a [*MismatchError] unless a run with the manifest now may go on where m has ended. results is the path.
func (m *Manifest) compare(now *Manifest, results string) error {
	differ := func(what, want, got string) error {
		if want == got {
			return nil
		}
		return &MismatchError{Path: results, What: what, Want: want, Got: got}
	}
	if err := differ("kind", m.kind(), now.kind()); err != nil {
		return err
	}
	if !m.Sandbox { // the stand-in org has another port each time
		if err := differ("org", m.Org, now.Org); err != nil {
			return err
		}
	}
	if len(m.Steps) > 0 { // else the run died before it knew them
		steps := func(m *Manifest) string { return strings.Join(slices.Concat(m.Steps, m.Planned), ", ") } // a plan is one of certain steps
		if err := differ("steps", steps(m), steps(now)); err != nil {
			return err
		}
	}
	if m.Input.SHA256 == now.Input.SHA256 && m.Input.Rows == now.Input.Rows {
		return nil
	}
	return differ("input", m.Input.describe(), now.Input.describe())
}

// kind says what sort of run the manifest belongs to.
func (m *Manifest) kind() string {
	kind := "a reset"
	if m.DryRun {
		kind = "a dry run"
	}
	if m.Sandbox {
		return kind + " in the stand-in org"
	}
	return kind
}

// describe tells an input from others.
func (i *Input) describe() string {
	return fmt.Sprintf("%s with %d rows, SHA-256 %s", i.File, i.Rows, shortHash(i.SHA256))
}

// next returns the manifest with which the run of now goes on.
func (m *Manifest) next(now *Manifest) Manifest {
	out := m.clone()
	out.Version, out.Ticket = cmp.Or(now.Version, m.Version), cmp.Or(m.Ticket, now.Ticket)
	if len(out.Steps) == 0 {
		out.Steps = slices.Clone(now.Steps)
	}
	out.Finished, out.Result, out.Counts = false, nil, nil
	out.Runs = append(out.Runs, now.Runs...)
	return out
}

// unused reports whether the manifest's only run has ended before it had consent.
func (m *Manifest) unused() bool {
	return (m.Consent.How == "" || m.Consent.How == ConsentNone) && !m.Finished && len(m.Runs) <= 1 &&
		(len(m.Runs) == 0 || m.run().FinishedAt.IsZero())
}
