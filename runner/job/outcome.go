package job

import (
	"time"

	"oktareset/runner"
	"oktareset/runner/results"
)

// Outcome is what a log search or the subject of a mail needs of a reset: one line, the last
// one, whatever became of the run.
type Outcome struct {
	RunID   string // "": the command line was refused
	Org     string
	Results string
	DryRun  bool
	Sandbox bool
	Counts  runner.Counts // nil: refused before there were any results
	Before  []string      // results of earlier dates that were gone on with first
	Limited string        // why the run ended early, as it was asked to; "" else

	finished int // rows that ended in this run
}

// Summary is how one run went. As JSON it is what --json prints: the manifest as it stands in its
// file, and what this run adds to it.
type Summary struct {
	RunID        string `json:"run_id"`
	ResultsPath  string `json:"results"`
	ManifestPath string `json:"manifest"`
	results.Manifest
	Rows     int                                     `json:"rows"`
	Before   []string                                `json:"before,omitempty"`  // results of earlier dates that were gone on with first
	Reasons  map[runner.Status]map[runner.Reason]int `json:"reasons,omitempty"` // of rows that ended in this run
	Seconds  float64                                 `json:"seconds"`
	Requests int                                     `json:"requests"`
	TooMany  int                                     `json:"too_many_requests"`
	AtOnce   int                                     `json:"too_many_at_once"` // of these, those of the limit on requests at the same time
	Held     float64                                 `json:"seconds_held"`
	Stopped  string                                  `json:"stopped,omitempty"` // why the run ended early
	ExitCode int                                     `json:"exit_code"`

	Attention results.Attention `json:"attention,omitzero"` // of all rows, whichever run settled them

	Counts    runner.Counts `json:"-"` // of all rows
	Took      time.Duration `json:"-"`
	Complete  bool          `json:"-"` // there was nothing to do
	Resumed   bool          `json:"-"`
	Empty     bool          `json:"-"` // the input names nobody
	NotBegun  int           `json:"-"` // rows of results that couldn't be written whole
	Parted    int           `json:"-"` // users who had to wait between their reset and what follows
	Protected []string      `json:"-"` // what the files of exclusions cover
	Err       error         `json:"-"` // what the exit code stands for; nil: nothing else is to be said of it
	Next      []string      `json:"-"` // what a person would do now, the next command last
}
