package export

import (
	"time"

	"golang.org/x/time/rate"

	"oktareset/runner/access"
	"oktareset/runner/steps"
)

// Options is what the flags of users ask for.
type Options struct {
	Search, Filter string
	Statuses       []string           // upper case
	Group          string             // ID or name
	HasFactor      []steps.FactorType // one of them is enough
	NoFactors      bool
	Columns        []Column // besides the ID, which always comes first
	Rate           rate.Limit
	Capacity       int
	Timeout        time.Duration
	Output         string // "": stdout
	Sandbox        bool
	Org            access.Flags
}
