package outcome

import (
	"time"

	"oktareset/runner"
	"oktareset/runner/results"
)

// Outcome is what a log search or the subject of a mail needs from a reset: one line, always the
// last one.
type Outcome struct {
	RunID   string // "": the command line was refused
	Org     string
	Results string
	DryRun  bool
	Sandbox bool
	Counts  runner.Counts // nil: refused before there were any results
	Before  []string      // results of earlier dates that were resumed first
	Limited string        // the reason for the exit code if the error has none; otherwise ""
}

// Summary is how a run went. Its JSON is the output of --json: the manifest in the form of its
// file, and this run's own data.
type Summary struct {
	RunID        string `json:"run_id"`
	ResultsPath  string `json:"results"`
	ManifestPath string `json:"manifest"`
	results.Manifest
	Rows int `json:"rows"`
	// results of earlier dates that were resumed first
	Before   []string                                `json:"before,omitempty"`
	Reasons  map[runner.Status]map[runner.Reason]int `json:"reasons,omitempty"` // of rows that ended in this run
	Seconds  float64                                 `json:"seconds"`
	Requests int                                     `json:"requests"`
	TooMany  int                                     `json:"too_many_requests"`
	AtOnce   int                                     `json:"too_many_at_once"` // of these, those of the limit on requests at the same time
	Held     float64                                 `json:"seconds_held"`
	Stopped  string                                  `json:"stopped,omitempty"` // why the run ended early
	ExitCode int                                     `json:"exit_code"`

	Attention results.Attention `json:"attention,omitzero"` // of all rows, whichever run settled them
	Pending   int               `json:"pending,omitempty"`  // of all rows, those whose user has to activate the new factor

	Counts   runner.Counts `json:"-"` // of all rows
	Took     time.Duration `json:"-"`
	Complete bool          `json:"-"` // there was nothing to do
	Resumed  bool          `json:"-"`
	Empty    bool          `json:"-"` // the input names nobody
	// rows that weren't begun, if the results couldn't be written
	NotBegun int `json:"-"`
	// users who had to wait between their reset and the next step
	Parted    int      `json:"-"`
	Protected []string `json:"-"` // what the files of exclusions cover
	Err       error    `json:"-"` // the reason for the exit code; nil: nothing to add
	Next      []string `json:"-"` // what a person would do now, the next command last
}
