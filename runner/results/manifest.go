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
	"oktareset/runner/console"
	"oktareset/runner/files"
)

// Format is the version of the manifest's format. It changes if a reader of the old format would
// misunderstand the new one.
const Format = 1

// Manifest says what a ledger belongs to, who allowed the run and how it went. Times are by the
// local clock, in UTC and milliseconds; only the ledger's started_at is by the server's clock.
type Manifest struct {
	Format  int    `json:"format"`  // [Format]
	Version string `json:"version"` // of the program
	Org     string `json:"org"`     // host, or host:port
	// tells orgs apart, whatever their names; "" from a version that didn't ask for it
	OrgID   string `json:"org_id"`
	Engine  string `json:"engine"` // of the org: identity, classic, or "" if unknown
	Actor   Actor  `json:"actor"`
	Sandbox bool   `json:"sandbox"`
	DryRun  bool   `json:"dry_run"`
	// names of the steps for each target, in order
	Steps []string `json:"steps"`
	// for a dry run: names of the steps that it leaves out, because they change something
	Planned []string      `json:"planned,omitempty"`
	Input   Input         `json:"input"`
	Plan    *Plan         `json:"plan,omitempty"` // for the run of a plan: what the plan was
	Consent Consent       `json:"consent"`
	Ticket  string        `json:"ticket,omitempty"`
	Runs    []Run         `json:"runs"`             // the last one writes
	Counts  runner.Counts `json:"counts,omitempty"` // rows by their status, once a run has ended
	Result  *Result       `json:"result,omitempty"` // set when Finished
	// how the user proved who they are before the reset; nil: nobody was asked to, or did
	Verified *Verified `json:"verified,omitempty"`
	// results of an earlier run that no longer count; they may exist until they are removed
	Outdated *Result `json:"outdated,omitempty"`
	// of the journal, while the journal counts; nil: the results count
	Journal *Mark `json:"journal,omitempty"`
	// the results have exactly one line for each input row, in input order
	Finished bool `json:"finished"`

	// the flags by which this execution reaches the org, for printed commands; zero: those of the
	// last run
	Reach console.OrgFlags `json:"-"`
}

// ReachBy sets Reach to the flags of this execution, unless these name another org by its host.
func (m *Manifest) ReachBy(f console.OrgFlags) {
	if f.URL == "" || isOrg(f.URL, m.Org) {
		m.Reach = f
	}
}

// Actor is the Okta user or service app that sends the requests.
type Actor struct {
	ID    string `json:"id"`
	Login string `json:"login"` // "" for a service app
}

// Input is what the survey found.
type Input struct {
	File   string `json:"file"`   // its name, without folders
	SHA256 string `json:"sha256"` // of its bytes, in hexadecimal
	Bytes  int64  `json:"bytes"`
	// rows that end in a result; a run compares its rows with it at the end
	Rows     int    `json:"rows"`
	Distinct int    `json:"distinct"` // distinct valid identifiers
	Column   string `json:"column"`   // the column with the users
}

// How consent was given.
const (
	ConsentPrompt  = "prompt"  // somebody typed the number of users
	ConsentConfirm = "confirm" // the --confirm flag
	ConsentSandbox = "sandbox" // the stand-in org needs none
	ConsentNone    = "none"    // nothing may be changed: a dry run
)

// Consent is what allowed the run to change anything. Count, or Min and Max, are numbers of
// users.
type Consent struct {
	How   string    `json:"how"`
	Count int       `json:"count,omitzero"`
	Min   int       `json:"min,omitzero"`
	Max   int       `json:"max,omitzero"`
	At    time.Time `json:"at,omitzero"`
}

// Run is one execution of the program over the input.
type Run struct {
	RunID   string `json:"run_id"`
	Version string `json:"version"` // of the program
	Actor   Actor  `json:"actor"`   // zero: the run sent nothing
	// the org's rate limits confirmed its times
	ClockVouched bool              `json:"clock_vouched,omitzero"`
	StartedAt    time.Time         `json:"started_at"`
	FinishedAt   time.Time         `json:"finished_at,omitzero"` // zero: it is running, or it died
	Options      map[string]string `json:"options,omitempty"`    // flags that were set
	Operator     Operator          `json:"operator"`
	Exclude      []Excluded        `json:"exclude,omitempty"` // files of users who were left alone
	Counts       runner.Counts     `json:"counts,omitempty"`  // rows by their status when it ended
	Ending
}

// Excluded is a file of users who were left alone, as a run read it.
type Excluded struct {
	File   string `json:"file"`
	SHA256 string `json:"sha256"` // of its bytes, in hexadecimal
	Column string `json:"column"` // or columns, with the users
	Users  int    `json:"users"`  // lines that name somebody
	Rows   int    `json:"rows"`   // of the input that name one of them
	// lines that name nobody, as "4: nora@example.com"; at most a thousand
	Nobody     []string  `json:"nobody,omitempty"`
	NobodyIn   int       `json:"nobody_in,omitzero"` // how many such lines there are
	LookedUpAt time.Time `json:"looked_up_at"`
}

// Operator is who started the program.
type Operator struct {
	User string `json:"user"`
	Host string `json:"host"`
}

// Ending is how a run ended.
type Ending struct {
	Stopped         string  `json:"stopped"` // why it ended early; "" if every row was worked on
	Attempts        int     `json:"attempts"`
	TooManyRequests int     `json:"too_many_requests"` // 429 replies from Okta
	TooManyAtOnce   int     `json:"too_many_at_once"`  // of these, those of the limit on requests at the same time
	SecondsHeld     float64 `json:"seconds_held"`      // spent waiting for a rate limit or an outage

	// of a dry run: how many users the plan's run can do in an hour; zero: that isn't known
	UsersAnHour float64 `json:"users_an_hour,omitzero"`

	Proof []Wait `json:"proof,omitempty"` // when it did nothing but wait for proof of lost answers

	Requests     int       `json:"requests"`               // of any kind
	FirstRequest time.Time `json:"first_request,omitzero"` // when it was sent; zero: there was none
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

// Mark is how much of a journal is certainly on the disk; while a run works, as of at most ten
// seconds ago.
type Mark struct {
	Bytes int64  `json:"bytes"` // length
	Sum   string `json:"sum"`   // the running checksum of the last line within that length
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
	out.Result, out.Outdated, out.Journal, out.Plan, out.Verified = clone(m.Result), clone(m.Outdated), clone(m.Journal), clone(m.Plan), clone(m.Verified)
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

// Run returns the run that writes, or wrote last. Every manifest has one.
func (m *Manifest) Run() *Run { return &m.Runs[len(m.Runs)-1] }

// Has reports whether a run is one of the manifest's.
func (m *Manifest) Has(runID string) bool {
	return slices.ContainsFunc(m.Runs, func(r Run) bool { return r.RunID == runID })
}

// GivenUsers returns the users that --user named, as "alice@example.com, bob@example.com", or "" for
// another input. A resume doesn't repeat them.
func (m *Manifest) GivenUsers() string {
	for _, run := range slices.Backward(m.Runs) {
		if users := run.Options["user"]; users != "" {
			return users
		}
	}
	return ""
}

// ManifestPath returns the path of the manifest for a results file: users.results.json beside
// users.results.csv.
func ManifestPath(results string) string {
	if ext := filepath.Ext(results); strings.EqualFold(ext, ".csv") {
		results = strings.TrimSuffix(results, ext)
	}
	return results + ".json"
}

// ReadManifest reads the manifest of a results file or a plan. The error wraps [fs.ErrNotExist]
// if there is none; a damaged manifest gives a [*DamageError].
func ReadManifest(results string) (Manifest, error) {
	return readManifest(results, files.Rule{Links: true})
}

// ReadOurManifest is [ReadManifest] for a manifest that must be trusted: a file that others wrote
// or can change gives a [*files.RefusedError].
func ReadOurManifest(results string) (Manifest, error) {
	return readManifest(results, files.Rule{Ours: true, Private: true})
}

// readManifest is ReadManifest with a rule for the file. It opens the file once, so that it reads
// what it judged.
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
	if len(m.Runs) == 0 { // every manifest is written by a run
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

// Written returns the manifest in the form of its file.
func (m *Manifest) Written() Manifest {
	out := m.Clone()
	out.Steps = append([]string{}, out.Steps...) // [] rather than null
	out.Consent.At = Stamp(out.Consent.At)
	if out.Verified != nil {
		out.Verified.At = Stamp(out.Verified.At)
	}
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

// Stamp returns t with the precision of our files.
func Stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// SameOrg reports whether the manifest belongs to the org with this host and ID. One org may have
// several hosts, and a host may pass to another org: so the ID decides, and the host only if one
// of the IDs is unknown.
func (m *Manifest) SameOrg(host, id string) bool {
	if m.OrgID == "" || id == "" {
		return m.Org == host
	}
	return m.OrgID == id
}

// Unused reports whether the manifest's only run ended before it had consent: it changed nothing.
func (m *Manifest) Unused() bool {
	return (m.Consent.How == "" || m.Consent.How == ConsentNone) && !m.Finished && len(m.Runs) == 1 && m.Run().FinishedAt.IsZero()
}
