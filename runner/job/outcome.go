package job

import (
	"oktareset/runner"
)

// Outcome is what a log search or the subject of a mail needs of a reset: one line, the last one, whatever became of the run.
type Outcome struct {
	RunID   string // "": the command line was refused
	Org     string
	Results string
	DryRun  bool
	Sandbox bool
	Counts  runner.Counts // nil: refused before there were any results
	Before  []string      // results of earlier dates that were gone on with first
	Limited string        // why the run ended early, as it was asked to; "" else
}
