package results

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"oktareset/runner"
	"oktareset/runner/files"
)

// Format is the version of the manifest's format. It changes when a reader of the old one would
// misunderstand the new one.
const Format = 1

// Manifest says what a ledger belongs to, who allowed it and how it went. Times are by the
// local clock, UTC, in milliseconds; only the ledger's started_at is by the server's clock.
type Manifest struct {
	Format   int           `json:"format"`  // [Format]
	Version  string        `json:"version"` // of the program
	Org      string        `json:"org"`     // host, or host:port
	OrgID    string        `json:"org_id"`  // tells the org from others whatever its name; "" from a version that didn't ask for it
	Engine   string        `json:"engine"`  // of the org: identity, classic, or "" when it isn't known
	Actor    Actor         `json:"actor"`
	Sandbox  bool          `json:"sandbox"`
	DryRun   bool          `json:"dry_run"`
	Steps    []string      `json:"steps"`             // names of the steps that each target goes through, in order
	Planned  []string      `json:"planned,omitempty"` // of a dry run: names of the steps that it leaves out, because they change something
	Input    Input         `json:"input"`
	Plan     *Plan         `json:"plan,omitempty"` // of the run of a plan: what the plan was
	Consent  Consent       `json:"consent"`
	Ticket   string        `json:"ticket,omitempty"`
	Runs     []Run         `json:"runs"`               // the last is the one that writes
	Counts   runner.Counts `json:"counts,omitempty"`   // rows by the status of their last line, once a run has ended
	Result   *Result       `json:"result,omitempty"`   // set when Finished
	Outdated *Result       `json:"outdated,omitempty"` // results that a run has written and that don't count: until they are removed, they may be there
	Journal  *Mark         `json:"journal,omitempty"`  // of the journal, as long as that is what counts; nil: the results do
	Finished bool          `json:"finished"`           // the results hold exactly one line for each input row, in input order
}

// Actor is the Okta user or service app on whose behalf the requests are sent.
type Actor struct {
	ID    string `json:"id"`
	Login string `json:"login"` // "" for a service app
}

// Input is what the survey found.
type Input struct {
	File     string `json:"file"`   // its name, without folders
	SHA256   string `json:"sha256"` // of its bytes, in hexadecimal
	Bytes    int64  `json:"bytes"`
	Rows     int    `json:"rows"`     // rows to end in a result: with what a run compares the rows when it ends
	Distinct int    `json:"distinct"` // distinct valid identifiers
	Column   string `json:"column"`   // that names the users
}

// How consent was given.
const (
	ConsentPrompt  = "prompt"  // somebody typed the number of users
	ConsentConfirm = "confirm" // the --confirm flag
	ConsentSandbox = "sandbox" // the stand-in org needs none
	ConsentNone    = "none"    // nothing may be changed: a dry run
)

// Consent is what allowed the run to change anything. Count, or Min and Max, are numbers of users.
type Consent struct {
	How   string    `json:"how"`
	Count int       `json:"count,omitzero"`
	Min   int       `json:"min,omitzero"`
	Max   int       `json:"max,omitzero"`
	At    time.Time `json:"at,omitzero"`
}

// Run is one execution of the program over the input.
type Run struct {
	RunID        string            `json:"run_id"`
	Version      string            `json:"version"`                // of the program
	Actor        Actor             `json:"actor"`                  // zero: it sent nothing
	ClockVouched bool              `json:"clock_vouched,omitzero"` // the org's rate limits vouched for its times
	StartedAt    time.Time         `json:"started_at"`
	FinishedAt   time.Time         `json:"finished_at,omitzero"` // zero: it runs, or it died
	Options      map[string]string `json:"options,omitempty"`    // flags that were set
	Operator     Operator          `json:"operator"`
	Exclude      []Excluded        `json:"exclude,omitempty"` // files of users who were left alone
	Counts       runner.Counts     `json:"counts,omitempty"`  // rows by the status of their last line when it ended
	Ending
}

// Excluded is a file of users who were left alone, as a run found it.
type Excluded struct {
	File       string    `json:"file"`
	SHA256     string    `json:"sha256"`             // of its bytes, in hexadecimal
	Column     string    `json:"column"`             // or columns, that name the users
	Users      int       `json:"users"`              // lines that name somebody
	Rows       int       `json:"rows"`               // of the input that are about one of them
	Nobody     []string  `json:"nobody,omitempty"`   // lines that name nobody, as "4: nora@example.com"; the first thousand
	NobodyIn   int       `json:"nobody_in,omitzero"` // how many there are
	LookedUpAt time.Time `json:"looked_up_at"`
}

// Operator is who started the program.
type Operator struct {
	User string `json:"user"`
	Host string `json:"host"`
}

// Ending is how a run went.
type Ending struct {
	Stopped         string  `json:"stopped"` // why it ended early; "" when every row was worked on
	Attempts        int     `json:"attempts"`
	TooManyRequests int     `json:"too_many_requests"` // replies 429 of Okta's
	TooManyAtOnce   int     `json:"too_many_at_once"`  // of these, those of the limit on requests at the same time
	SecondsHeld     float64 `json:"seconds_held"`      // spent waiting for a rate limit or an outage

	Proof []Wait `json:"proof,omitempty"` // when it did nothing but wait for proof of lost answers

	Requests     int       `json:"requests"`               // of any kind
	FirstRequest time.Time `json:"first_request,omitzero"` // when it was sent; zero: none was
	LastRequest  time.Time `json:"last_request,omitzero"`  // the same
}

// Wait is a time in which a run waited, by the server's clock.
type Wait struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Result is a finished results file.
type Result struct {
	File   string `json:"file"`   // its name, without folders
	SHA256 string `json:"sha256"` // of its bytes, in hexadecimal
	Rows   int    `json:"rows"`
}

// Mark is how much of a journal is certainly on the disk: at most ten seconds ago, while a run
// works.
type Mark struct {
	Bytes int64  `json:"bytes"` // length
	Sum   string `json:"sum"`   // the running checksum of the line that ends there
}

// Clone returns a copy that shares nothing with m.
func (m *Manifest) Clone() Manifest {
	out := *m
	out.Steps, out.Planned = slices.Clone(m.Steps), slices.Clone(m.Planned)
	out.Runs, out.Counts = slices.Clone(m.Runs), maps.Clone(m.Counts)
	for i := range out.Runs {
		out.Runs[i].Options, out.Runs[i].Counts = maps.Clone(out.Runs[i].Options), maps.Clone(out.Runs[i].Counts)
		out.Runs[i].Exclude, out.Runs[i].Proof = slices.Clone(out.Runs[i].Exclude), slices.Clone(out.Runs[i].Proof)
	}
	out.Result, out.Outdated, out.Journal, out.Plan = clone(m.Result), clone(m.Outdated), clone(m.Journal), clone(m.Plan)
	return out
}

// clone copies what p points to.
func clone[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// Run returns the run that writes, or wrote last.
func (m *Manifest) Run() *Run { return &m.Runs[len(m.Runs)-1] }

// ManifestPath returns the path of the manifest that belongs to a results file:
// users.results.json beside users.results.csv.
func ManifestPath(results string) string {
	if ext := filepath.Ext(results); strings.EqualFold(ext, ".csv") {
		results = strings.TrimSuffix(results, ext)
	}
	return results + ".json"
}

// ReadManifest reads the manifest that belongs to a results file or a plan. The error wraps
// [fs.ErrNotExist] when there is none; one that is damaged is a [*DamageError].
func ReadManifest(results string) (Manifest, error) {
	return readManifest(results, files.Rule{Links: true})
}

// ReadOurManifest is [ReadManifest] for what is believed: the error is a [*files.RefusedError] for
// a file that others wrote or can change.
func ReadOurManifest(results string) (Manifest, error) {
	return readManifest(results, files.Rule{Ours: true, Private: true})
}

// readManifest is ReadManifest for a file that keeps to a rule. It is opened once: what was judged
// is what is read.
func readManifest(results string, rule files.Rule) (Manifest, error) {
	path := ManifestPath(results)
	rule.Max = files.MaxManifest
	data, err := files.Read(path, rule)
	if err != nil {
		return Manifest{}, fmt.Errorf("read the manifest of %q: %w", results, err)
	}
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return Manifest{}, &DamageError{Path: path, Message: "it isn't a manifest: " + err.Error(), Hint: HintOriginal}
	}
	if m.Format != Format {
		return Manifest{}, fmt.Errorf("read the manifest %q: it has format %d, this version knows format %d: use the version %q",
			path, m.Format, Format, m.Version)
	}
	if len(m.Runs) == 0 { // whoever writes one is a run
		return Manifest{}, &DamageError{Path: path, Message: "it names no run", Hint: HintOriginal}
	}
	return m, nil
}

// Encode writes the manifest as JSON.
func (m *Manifest) Encode(w io.Writer) error {
	text, err := runner.JSONText(m.Written(), "  ")
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	return err
}

// Written returns the manifest as it stands in its file.
func (m *Manifest) Written() Manifest {
	out := m.Clone()
	out.Steps = append([]string{}, out.Steps...) // [] rather than null
	out.Consent.At = Stamp(out.Consent.At)
	for i := range out.Runs {
		r := &out.Runs[i]
		for _, t := range []*time.Time{&r.StartedAt, &r.FinishedAt, &r.FirstRequest, &r.LastRequest} {
			*t = Stamp(*t)
		}
		for i := range r.Proof {
			r.Proof[i] = Wait{Stamp(r.Proof[i].From), Stamp(r.Proof[i].To)}
		}
		for i := range r.Exclude {
			r.Exclude[i].LookedUpAt = Stamp(r.Exclude[i].LookedUpAt)
		}
	}
	return out
}

// Stamp returns t as it stands in our files.
func Stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// SameOrg reports whether the manifest is of the org with this host and ID. One org may have
// several hosts, and a host may come to be another org's: the ID decides, and the host only where
// one of the IDs isn't known.
func (m *Manifest) SameOrg(host, id string) bool {
	if m.OrgID == "" || id == "" {
		return m.Org == host
	}
	return m.OrgID == id
}

// Unused reports whether the manifest's only run has ended before it had consent: it has changed
// nothing.
func (m *Manifest) Unused() bool {
	return (m.Consent.How == "" || m.Consent.How == ConsentNone) && !m.Finished && len(m.Runs) <= 1 &&
		(len(m.Runs) == 0 || m.Run().FinishedAt.IsZero())
}
