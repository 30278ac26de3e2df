package job

import (
	"time"

	"golang.org/x/time/rate"

	"oktareset/runner"
	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/protect"
	"oktareset/runner/roster"
	"oktareset/runner/steps"
)

// Options are the flags of reset.
type Options struct {
	File    string // "-": stdin; "": users
	Users   []string
	Input   roster.Options
	DryRun  bool
	Record  bool
	What    steps.What
	Protect protect.Options
	Confirm console.Confirmation

	access.Pace
	Workers     int
	PlanRate    rate.Limit // of a dry run: the rate of the plan's run
	Limit       int
	Halt        runner.HaltRule
	MaxDuration time.Duration // 0: no limit

	Resume  bool
	Retry   map[runner.Status]bool // statuses of settled rows to try again
	Output  string
	Ticket  string
	JSON    bool
	Sandbox bool
	Org     access.Flags
	Set     map[string]string // the given flags, for the manifest
}
