package watch

import (
	"encoding/json"
	"io"
	"strings"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/evidence"
)

// Line is a line of watch: the fields of the event card "User MFA Factor Reset All" of Okta
// Workflows, and what the log says besides.
type Line struct {
	DateAndTime  string              `json:"dateAndTime"` // published
	Message      string              `json:"message"`
	EventID      string              `json:"eventId"`
	EventType    string              `json:"eventType"`
	EventTime    string              `json:"eventTime"` // when it was read
	Version      string              `json:"version"`
	Admin        oktaclient.LogParty `json:"admin"`
	User         oktaclient.LogParty `json:"user"`
	UUID         string              `json:"uuid"`
	EventDetails []json.RawMessage   `json:"eventDetails"` // every event of the reset, as the log has it
	Headers      struct{}            `json:"headers"`      // an event hook's: empty
	Source       string              `json:"source"`
	DebugContext struct {
		DebugData map[string]any `json:"debugData"`
	} `json:"debugContext"`

	Reset   bool     `json:"reset"`   // all factors, not a single one
	Factors []string `json:"factors"` // that went, in the log's words
	RunID   string   `json:"runId"`   // that the User-Agent names: anybody can
	Ours    *bool    `json:"ours"`    // that run's manifest is known and has this actor; null without --runs
}

// published is how Okta writes the time of an event.
const published = "2006-01-02T15:04:05.000Z"

// printer prints resets: a line of JSON each, or a line of a table for a person.
type printer struct {
	ours    ownRuns
	columns func() int // of the terminal that the table is for; nil: JSON
	headed  bool       // the table has its header
	unsure  bool       // a line says that nobody knows whose run it was
}

// writeTo writes resets in one go.
func (p *printer) writeTo(w io.Writer, org oktaclient.OrgURL, resets []Reset) error {
	if len(resets) == 0 {
		return nil
	}
	var b strings.Builder
	if p.columns != nil {
		b.WriteString(p.tableLines(resets))
	} else {
		for i := range resets {
			line, err := runner.JSONText(p.line(org, &resets[i]), "")
			if err != nil {
				return err
			}
			b.WriteString(line)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (p *printer) line(org oktaclient.OrgURL, r *Reset) Line {
	main := r.Main()
	by := evidence.SourceOf(&main.LogEvent)
	l := Line{
		DateAndTime: main.Published.UTC().Format(published), Message: main.Message, EventID: main.UUID, EventType: main.EventType,
		EventTime: time.Now().UTC().Format(time.RFC3339), Version: main.Version, Admin: main.Actor, User: main.User(), UUID: main.UUID,
		Source: org.String() + "/api/v1/logs", Reset: r.All(), Factors: r.Factors(), RunID: by.RunID,
	}
	l.DebugContext.DebugData = main.DebugContext.DebugData
	for i := range r.Records {
		l.EventDetails = append(l.EventDetails, r.Records[i].Raw)
	}
	if len(p.ours.paths) > 0 {
		ours := p.ours.made(by)
		l.Ours = &ours
	}
	return l
}
