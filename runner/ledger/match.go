package ledger

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"

	"oktareset/runner"
	"oktareset/runner/results"
	"oktareset/runner/table"
)

// compare returns a [*MismatchError] unless a run with the manifest now may continue the one with
// m. path is that of the results.
func compare(m, now *results.Manifest, path string) error {
	differ := func(what, want, got string) error {
		if want == got {
			return nil
		}
		return &MismatchError{Path: path, What: what, Want: want, Got: got}
	}
	if err := differ("kind", kind(m), kind(now)); err != nil {
		return err
	}
	if !m.Sandbox && !m.SameOrg(now.Org, now.OrgID) { // the stand-in org has another port each time
		return differ("org", strings.TrimSpace(m.Org+" "+m.OrgID), strings.TrimSpace(now.Org+" "+now.OrgID))
	}
	if len(m.Steps) > 0 { // otherwise the run died before its steps were known
		// a plan is for certain steps
		steps := func(m *results.Manifest) string { return strings.Join(slices.Concat(m.Steps, m.Planned), ", ") }
		if m.DryRun || m.Plan != nil || steps(m) != runner.KeepingPhone(steps(now)) { // a run may resume that replaces a number which stood in its way; a plan's does its steps only
			if err := differ("steps", steps(m), steps(now)); err != nil {
				return err
			}
		}
	}
	if m.Input.SHA256 == now.Input.SHA256 && m.Input.Rows == now.Input.Rows {
		return nil
	}
	return differ("input", describe(&m.Input), describe(&now.Input))
}

// kind says what sort of run the manifest belongs to.
func kind(m *results.Manifest) string {
	kind := "a reset"
	if m.DryRun {
		kind = "a dry run"
	}
	if m.Sandbox {
		return kind + " in the stand-in org"
	}
	return kind
}

// describe identifies an input in messages.
func describe(i *results.Input) string {
	return fmt.Sprintf("%s with %d rows, SHA-256 %s", i.File, i.Rows, shortHash(i.SHA256))
}

// next returns the manifest of a resume: m with the run of now. Its steps stay those that the
// recorded consent is for, until the run has its own.
func next(m, now *results.Manifest) results.Manifest {
	out := m.Clone()
	out.Version, out.Ticket = cmp.Or(now.Version, m.Version), cmp.Or(m.Ticket, now.Ticket)
	if len(out.Steps) == 0 {
		out.Steps = slices.Clone(now.Steps)
	}
	out.Finished, out.Result, out.Counts, out.Journal = false, nil, nil, new(results.Mark)
	out.OrgID = cmp.Or(m.OrgID, now.OrgID)
	out.Runs = append(out.Runs, now.Runs...)
	return out
}

// firstEdition reports whether the manifest belongs to an unfinished run of a version without a
// journal, which recorded open rows in another way.
func firstEdition(m *results.Manifest) bool { return !m.Finished && m.Journal == nil }

// vain reports whether the manifest's only run died before it had consent and before it wrote a
// line. The caller has the lock.
func vain(m *results.Manifest, path string) bool {
	if !m.Unused() {
		return false
	}
	name, other, begin, lines := results.JournalPath(path), path, table.JournalColumn+",", 2
	if m.Journal == nil { // from a version without a journal
		name, other, begin, lines = path, name, strings.Join(table.Columns, ","), 1
	}
	if there, err := there(other); there || err != nil {
		return false
	}
	f, err := openFile(name)
	if errors.Is(err, os.ErrNotExist) {
		return true
	}
	if err != nil { // for example, another run has it open
		return false
	}
	defer f.Close() //nolint:errcheck // only read
	ours, empty, err := headOf(f, begin, lines)
	return ours && empty && err == nil
}

// shortHash returns enough of a SHA-256 to distinguish files.
func shortHash(s string) string { return s[:min(len(s), 12)] }

// rehearsed reports whether results are a rehearsal's, which another rehearsal may replace. It
// checks more than one entry of the manifest: the stand-in org is on this machine, and needs no
// consent.
func rehearsed(m *results.Manifest) bool {
	host, _, err := net.SplitHostPort(m.Org)
	ip := net.ParseIP(strings.Trim(host, "[]"))
	local := err == nil && ip != nil && ip.IsLoopback()
	return m.Sandbox && local && slices.Contains([]string{"", results.ConsentNone, results.ConsentSandbox}, m.Consent.How)
}

// checkManifest returns what is wrong with the manifest of a new run. lastRow is the highest row
// number.
func checkManifest(m *results.Manifest, lastRow int) error {
	switch {
	case len(m.Runs) == 0 || m.Run().RunID == "":
		return errors.New("the manifest has no run")
	case m.Org == "":
		return errors.New("the manifest has no org")
	case m.Input.Rows < 0 || m.Input.Rows > lastRow:
		return fmt.Errorf("the manifest has %d input rows, the highest row number is %d", m.Input.Rows, lastRow)
	}
	return nil
}

// maxHead is how much of a file is read to see whether a line follows a journal's head. A longer
// file doesn't count as empty.
const maxHead = 1 << 20

// headOf checks whether a file begins with a text, which may be incomplete if its run died, and
// whether nothing follows the first lines.
func headOf(f io.ReaderAt, begin string, lines int) (ours, empty bool, err error) {
	text := make([]byte, maxHead)
	n, err := f.ReadAt(text, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, false, err
	}
	text = text[:n]
	zeros := len(bytes.Trim(text, "\x00")) == 0 // left by a power failure
	rest := text
	for range lines {
		_, rest, _ = bytes.Cut(rest, []byte("\n"))
	}
	return bytes.HasPrefix(text, []byte(begin)) || strings.HasPrefix(begin, string(text)) || zeros, n < maxHead && len(rest) == 0, nil
}
