package export

import (
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
	access.Pace
	Output  string // "": stdout
	Sandbox bool
	Org     access.Flags
}
