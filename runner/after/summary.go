package after

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"oktareset/runner/console"
	"oktareset/runner/evidence"
	"oktareset/runner/fault"
	"oktareset/runner/results"
)

// mostTold is how many users of a kind are shown besides the file.
const mostTold = 10

// Summary is what --json prints.
type Summary struct {
	Org      string         `json:"org"`
	Results  string         `json:"results"`
	After    string         `json:"after"`
	Rows     int            `json:"rows"`
	NotAsked int            `json:"not_asked"` // rows that removed no factor of their users
	AsOf     string         `json:"as_of"`     // how far the log was read; "": it couldn't be read
	Statuses map[Status]int `json:"statuses"`
	Reasons  map[Reason]int `json:"reasons"`
	ByList   int            `json:"by_list"` // back, and by whom and from where isn't known
	Requests int            `json:"requests"`
	LookAt   []Example      `json:"look_at,omitempty"` // the first few
	Away     []Example      `json:"away,omitempty"`    // the first few of those who aren't known to be back
	ExitCode int            `json:"exit_code"`
}

// Example is a user of a summary.
type Example struct {
	Row     string   `json:"row"`
	UserID  string   `json:"user_id"`
	Login   string   `json:"login"`
	Name    string   `json:"name,omitempty"`
	Status  Status   `json:"status"`
	Reasons []Reason `json:"reasons,omitempty"`
	Detail  string   `json:"detail,omitempty"`
}

// summarize shows the outcome of the last look, and returns the error that becomes the exit code.
// ended says why there was no other look; nil: there is nothing more to wait for.
func (r *run) summarize(ended error) error {
	s := r.summary()
	r.Console.Info("%s: %s", console.Plural(len(r.people), "user"), s.text())
	r.tell(LookAt, "look at these")
	r.tell(NotYet, "not back yet")
	r.tell(Unknown, "unknown, neither the log nor Okta's list of factors can tell")
	r.Console.Info("list: %s", r.opts.Output)
	err := ended
	if err == nil && (s.Statuses[Back] < len(r.people) || s.ByList > 0) { // nobody knows whom to look at
		err = fault.WithCode(fault.ExitRows, fault.ErrRows)
	}
	for _, line := range r.next(&s) {
		r.Console.Info("%s", line)
	}
	if !r.opts.JSON {
		return err
	}
	s.ExitCode = fault.Code(err)
	return fault.Printed(err, console.PrintJSON(r.Stdout, s))
}

// summary counts the users by status.
func (r *run) summary() Summary {
	s := Summary{
		Org: r.manifest.Org, Results: r.opts.Results, After: r.opts.Output, Rows: r.rows, NotAsked: r.left, Requests: r.client.Stats().Requests,
		Statuses: r.told.statuses, Reasons: r.told.reasons, ByList: r.told.byList, LookAt: r.told.first[LookAt],
	}
	if !r.log.until.IsZero() {
		s.AsOf = r.log.until.UTC().Format(evidence.ShortFor)
	}
	s.Away = slices.Concat(r.told.first[NotYet], r.told.first[Unknown])
	s.Away = s.Away[:min(len(s.Away), mostTold)]
	return s
}

// text returns a text as "150 back, 10 to look at, 40 not back yet".
func (s *Summary) text() string {
	var parts []string
	for _, status := range results.AfterStatuses {
		if n := s.Statuses[status]; n > 0 {
			text := fmt.Sprintf("%d %s", n, map[Status]string{Back: "back", LookAt: "to look at", NotYet: "not back yet", Unknown: "unknown"}[status])
			if status == Back && s.ByList > 0 {
				text += fmt.Sprintf(" (%d by the list of factors, which says nothing of who enrolled)", s.ByList)
			}
			parts = append(parts, text)
		}
	}
	if len(parts) == 0 {
		return "nobody has to come back"
	}
	return strings.Join(parts, ", ")
}

// tell names the first few users of a status.
func (r *run) tell(status Status, what string) {
	n, lines := r.told.statuses[status], r.told.lines[status]
	if n == 0 {
		return
	}
	if n > len(lines) {
		what += ", the first ten"
	}
	r.Console.Info("%s:", what)
	for _, line := range grouped(lines) {
		r.Console.Info("  %s", line)
	}
	if n > len(lines) {
		r.Console.Info("  and %d more in %s", n-len(lines), r.opts.Output)
	}
}

// grouped returns a line for each user. A place and a reason that several users share stand once,
// above them.
func grouped(users []told) (lines []string) {
	groups := make(map[string][]told)
	var shared []string // in the order of the first user
	for _, u := range users {
		key := u.shared()
		if groups[key] == nil {
			shared = append(shared, key)
		}
		groups[key] = append(groups[key], u)
	}
	for _, key := range shared {
		if group := groups[key]; key != "" && len(group) > 1 {
			lines = append(lines, key+":")
			for _, u := range group {
				lines = append(lines, "  "+u.own())
			}
			continue
		}
		for _, u := range groups[key] {
			text := u.own()
			if u.from != "" {
				text += " from " + u.from
			}
			if u.detail != "" {
				text += ": " + u.detail
			}
			lines = append(lines, text)
		}
	}
	return lines
}

// own is what a line says of this user only.
func (t *told) own() string {
	if t.factor == "" {
		return t.who
	}
	return t.who + ": " + t.factor
}

// shared is what a line may say of several users.
func (t *told) shared() string {
	switch {
	case t.from == "":
		return t.detail
	case t.detail == "":
		return "from " + t.from
	}
	return "from " + t.from + ": " + t.detail
}

// told returns a finding as the terminal shows it.
func (f *Finding) told(who string) told {
	t := told{who: who, detail: f.Detail}
	if !f.At.IsZero() {
		t.factor, t.from = f.Factor+" at "+f.At.UTC().Format(time.RFC3339), f.From.String()
	}
	return t
}

// next proposes the next commands.
func (r *run) next(s *Summary) (lines []string) {
	if len(s.LookAt) > 0 {
		first := cmp.Or(s.LookAt[0].Login, s.LookAt[0].UserID)
		who := console.ShellUser(s.LookAt[0].Login, s.LookAt[0].UserID)
		lines = append(lines, "to see what the first of them has: "+results.FactorsCommand(&r.manifest, "list", who),
			"if it wasn't this user: "+results.ResetAgainCommand(&r.manifest, first))
	}
	if s.Statuses[LookAt] > 1 {
		lines = append(lines, fmt.Sprintf("for several of them: put their user_id from %s into a CSV with the header userId, then: %s",
			r.opts.Output, results.ResetSeveralAgainCommand(&r.manifest)))
	}
	if s.Statuses[NotYet] > 0 {
		lines = append(lines, "to remind those who aren't back: "+results.RemindCommand(&r.manifest, r.opts.Results, r.opts.Output))
	}
	if r.told.away() > 0 {
		lines = append(lines, "to follow until all are back: "+results.AfterCommand(&r.manifest, r.opts.Results, "--wait", "8h"))
	}
	return lines
}
