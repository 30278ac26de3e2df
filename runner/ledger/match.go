package ledger

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"oktareset/runner/table"
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
	if !m.Sandbox && !m.SameOrg(now.Org, now.OrgID) { // the stand-in org has another port each time
		return differ("org", strings.TrimSpace(m.Org+" "+m.OrgID), strings.TrimSpace(now.Org+" "+now.OrgID))
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

// SameOrg reports whether the manifest is of the org with this host and ID. One org may have
// several hosts, and a host may come to be another org's: the ID decides, and the host only where
// one of the IDs isn't known.
func (m *Manifest) SameOrg(host, id string) bool {
	if m.OrgID == "" || id == "" {
		return m.Org == host
	}
	return m.OrgID == id
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
	out.OrgID = cmp.Or(m.OrgID, now.OrgID)
	out.Runs = append(out.Runs, now.Runs...)
	return out
}

// Unused reports whether the manifest's only run has ended before it had consent: it has changed
// nothing.
func (m *Manifest) Unused() bool {
	return (m.Consent.How == "" || m.Consent.How == ConsentNone) && !m.Finished && len(m.Runs) <= 1 &&
		(len(m.Runs) == 0 || m.run().FinishedAt.IsZero())
}

// firstEdition reports whether the manifest is of a run that isn't finished and had consent from a
// version that didn't ask for the org's ID. What of its rows is open, such a version wrote in
// another way. Since then, nothing is changed without that ID.
func (m *Manifest) firstEdition() bool {
	return m.OrgID == "" && !m.Finished && !m.DryRun && !m.Sandbox && m.Consent.How != "" && m.Consent.How != ConsentNone
}

// vain reports whether the manifest's only run has died before it had consent, and before its
// results had a line. The lock is held.
func (m *Manifest) vain(results string) bool {
	if !m.Unused() || len(m.Runs) != 1 {
		return false
	}
	f, err := openFile(results)
	if errors.Is(err, os.ErrNotExist) {
		return true
	}
	if err != nil { // another run has it open, for example
		return false
	}
	defer f.Close() //nolint:errcheck // only read
	head := make([]byte, maxHeader)
	n, err := f.ReadAt(head, 0)
	if !errors.Is(err, io.EOF) {
		return false
	}
	head = head[:n]
	if end := bytes.IndexByte(head, '\n'); end >= 0 && end < n-1 {
		return false
	}
	ours := []byte(strings.Join(table.Columns, ","))
	return bytes.HasPrefix(head, ours) || bytes.HasPrefix(ours, head) || len(bytes.Trim(head, "\x00")) == 0
}

// maxHeader is how much of results is looked at for whether a line follows the header. Longer ones
// aren't taken for empty.
const maxHeader = 1 << 20
