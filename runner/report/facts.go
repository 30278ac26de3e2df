package report

import (
	"cmp"
	"fmt"
	"slices"
)

// fact is a line of what was asked.
type fact struct {
	Name  string
	Value string
	Note  string
	Code  string // a checksum or an ID
}

// facts says what was asked, of which org, by whom, when, and with whose consent.
func facts(s *Subject, t *tally) []fact {
	all := []fact{
		{Name: "Org", Value: cell(s.Org), Note: engineText(s)},
		accountFact(s.Account),
		{Name: "Started by", Value: operators(s.Runs)},
		{Name: "Ticket", Value: cmp.Or(cell(s.Ticket), "none given")},
		whatFact(s),
		whenFact(s, t),
		{
			Name: "Input", Value: cell(s.Input.File), Code: cell(s.Input.SHA256),
			Note: fmt.Sprintf("%s, column %q: %s", count(s.Input.Rows, "row"), cell(s.Input.Column), count(s.Input.Distinct, "user")),
		},
	}
	if !s.Plan { // which changes nothing and needs none
		all = slices.Insert(all, slices.IndexFunc(all, func(f fact) bool { return f.Name == "When" }), consentFact(s))
	}
	if v := s.Verified; v != nil {
		all = append(all, fact{Name: "Verified", Value: "by " + plainFactor(v.By), Note: moment(v.At) + ", by Okta's clock", Code: cell(v.RequestID)})
	}
	out := fact{Name: "Results", Value: cell(s.File), Code: cell(s.SHA256)}
	if s.Plan {
		out.Name = "Plan"
	}
	switch s.Condition {
	case Intact:
		out.Note = "as the run left it: its SHA-256 is the manifest's"
	case Changed:
		out.Note = "NOT as the run left it"
	}
	return append(all, out)
}

// whatFact is what was done to each user, or what a plan would do.
func whatFact(s *Subject) fact {
	steps := cmp.Or(stepsText(s.Steps), "not recorded")
	if !s.Plan {
		return fact{Name: "What", Value: capital(steps)}
	}
	return fact{Name: "What", Value: capital(plannedText(s)), Note: "done so far: " + steps}
}

// plannedText is what a plan would do to a user.
func plannedText(s *Subject) string {
	return cmp.Or(stepsText(s.Planned), "change what the plan doesn't record")
}

func engineText(s *Subject) string {
	text := map[string]string{"identity": "Identity Engine", "classic": "Classic Engine"}[s.Engine]
	if s.Sandbox {
		return "the stand-in org, not a real one"
	}
	return text
}

func accountFact(a Account) fact {
	switch {
	case a.Login != "":
		return fact{Name: "Okta account", Value: cell(a.Login), Code: cell(a.ID)}
	case a.ID != "":
		return fact{Name: "Okta account", Value: cell(a.ID)}
	}
	return fact{Name: "Okta account", Value: "not recorded"}
}

// operator is who started a run.
func operator(r Run) string {
	return cell(cmp.Or(r.User, "somebody") + " on " + cmp.Or(r.Host, "a machine without a name"))
}

// operators are the people who started the runs, each once.
func operators(runs []Run) string {
	var all []string
	for _, r := range runs {
		who := operator(r)
		if !slices.Contains(all, who) && len(all) < maxRuns {
			all = append(all, who)
		}
	}
	return cmp.Or(list(all), "not recorded")
}

func consentFact(s *Subject) fact {
	f := fact{Name: "Consent", Note: moment(s.Consent.At)}
	users := count(s.Consent.Count, "user")
	if s.Consent.Count == 0 {
		users = fmt.Sprintf("%s to %s", comma(s.Consent.Min), count(s.Consent.Max, "user"))
	}
	switch s.Consent.How {
	case "prompt":
		f.Value = "typed on a terminal: " + users
	case "confirm":
		f.Value = "given beforehand by --confirm: " + users
	case "sandbox":
		f.Value = "none needed by the stand-in org"
	case "none", "":
		f.Value = "none was given"
	default:
		f.Value = cell(s.Consent.How)
	}
	return f
}

// whenFact is the time of the rows, by Okta's clock, or else of the runs.
func whenFact(s *Subject, t *tally) fact {
	f := fact{Name: "When", Value: "nothing was sent"}
	switch {
	case !t.first.IsZero() && t.last.After(t.first):
		f.Value, f.Note = moment(t.first)+" to "+moment(t.last), "first and last row, by Okta's clock"
	case !t.first.IsZero():
		f.Value, f.Note = moment(t.first), "by Okta's clock"
	}
	if n := len(s.Runs); n > 1 {
		f.Note += fmt.Sprintf("; %s", count(n, "run"))
	}
	return f
}
