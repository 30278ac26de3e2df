package results

import "time"

// Plan is what the results of a plan's run keep of the plan: the plan itself may be gone when
// somebody asks whether its users were reset.
type Plan struct {
	RunID  string `json:"run_id"` // of the dry run that wrote it last
	File   string `json:"file"`   // name of the file that it was made of, without folders
	SHA256 string `json:"sha256"` // of that file's bytes, in hexadecimal
	Column string `json:"column"` // that named the users when the plan was made; of a plan of a plan, the plan's own

	LeftAlone []LeftAlone `json:"left_alone,omitempty"` // whoever was reset in one of these periods
}

// LeftAlone is a period: a plan leaves alone whoever was reset in it.
type LeftAlone struct {
	Until time.Time     `json:"until"` // by the clock of the machine
	For   time.Duration `json:"for"`   // nanoseconds
}

// Origin is the SHA-256 of the file that named the users first: the one that a plan was made of,
// also where the manifest is the plan's run's. Two runs with the same origin are about the same
// people.
func (m *Manifest) Origin() string {
	if m.Plan != nil {
		return m.Plan.SHA256
	}
	return m.Input.SHA256
}

// AsPlan is what the run of a plan with this manifest keeps of it. A plan of a plan leads to the
// file that the first one was made of.
func (m *Manifest) AsPlan() *Plan {
	p := Plan{File: m.Input.File, SHA256: m.Input.SHA256, Column: m.Input.Column}
	if m.Plan != nil {
		p.File, p.SHA256 = m.Plan.File, m.Plan.SHA256
	}
	if len(m.Runs) > 0 {
		p.RunID = m.Run().RunID
	}
	return &p
}
