package results

import "time"

// Plan is what the results of a plan's run keep of the plan: when somebody asks whether its users
// were reset, the plan itself may be gone.
type Plan struct {
	RunID  string `json:"run_id"` // of the last dry run that wrote it
	File   string `json:"file"`   // name of the file that it was made from, without folders
	SHA256 string `json:"sha256"` // of that file's bytes, in hexadecimal
	// the column with the users when the plan was made; for a plan of a plan, the plan's own
	Column string `json:"column"`

	// periods: users reset in one of them are left alone
	LeftAlone []LeftAlone `json:"left_alone,omitempty"`
}

// LeftAlone is a period. A plan leaves alone users who were reset in it.
type LeftAlone struct {
	Until time.Time     `json:"until"` // by the local clock
	For   time.Duration `json:"for"`   // nanoseconds
}

// Origin returns the SHA-256 of the file that first named the users: for a plan and for the run
// of a plan, that is the file that the plan was made from. Two runs with the same origin are
// about the same people.
func (m *Manifest) Origin() string {
	if m.Plan != nil {
		return m.Plan.SHA256
	}
	return m.Input.SHA256
}

// AsPlan returns what the run of a plan with this manifest keeps of it. For a plan of a plan,
// that is the first one's file.
func (m *Manifest) AsPlan() *Plan {
	p := Plan{RunID: m.Run().RunID, File: m.Input.File, SHA256: m.Input.SHA256, Column: m.Input.Column}
	if m.Plan != nil {
		p.File, p.SHA256 = m.Plan.File, m.Plan.SHA256
	}
	return &p
}
