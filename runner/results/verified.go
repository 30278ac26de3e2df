package results

import (
	"slices"
	"time"

	"oktareset/runner"
	"oktareset/runner/table"
)

// Verified is how a user proved who they are. It is recorded with Okta's SUCCESS, before the reset
// is taken.
type Verified struct {
	UserID   string    `json:"user_id"`
	By       string    `json:"by"` // TYPE:PROVIDER
	FactorID string    `json:"factor_id"`
	At       time.Time `json:"at"` // by the server's clock
	// Okta's ID of the request that was answered by SUCCESS, or that sent the push
	RequestID string `json:"request_id"`
	RunID     string `json:"run_id"`
}

// Cells returns what a row has of it in [table.VerifiedColumns].
func (v *Verified) Cells() []string { return []string{v.By, Stamp(v.At).Format(table.TimeFormat)} }

// Verifies reports whether the runs of results verify their user before the reset. Only then do
// their rows begin with [table.VerifiedColumns], after [table.Columns].
func (m *Manifest) Verifies() bool { return !m.DryRun && slices.Contains(m.Steps, runner.StepVerify) }
