package notify

import (
	"cmp"
	"fmt"
	"slices"

	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/results"
)

// mostTold is how many mails that need attention are shown besides the list.
const mostTold = 10

// mostUntold is how many of those without an address the question names.
const mostUntold = 5

// Summary is what --json prints.
type Summary struct {
	Org            string         `json:"org"`
	Results        string         `json:"results"`
	List           string         `json:"list"` // of the mails; for a dry run their folder
	DryRun         bool           `json:"dry_run"`
	Reminder       bool           `json:"reminder"`
	Users          int            `json:"users"`                     // who were reset, as far as the mails are about them
	InDoubt        int            `json:"in_doubt"`                  // rows of the results whose reset is in doubt: they get no mail
	NoManager      int            `json:"no_manager"`                // users without a manager in the results
	Mails          int            `json:"mails"`                     // of this run
	Statuses       map[Status]int `json:"statuses"`                  // of all mails, with those of earlier runs
	NeedsAttention []Example      `json:"needs_attention,omitempty"` // the first few
	ExitCode       int            `json:"exit_code"`
}

// Example is a mail of a summary.
type Example struct {
	Mail    string `json:"mail"`
	Row     int    `json:"row"`
	Login   string `json:"login"`
	Address string `json:"address"`
	Status  Status `json:"status"`
	Reason  string `json:"reason,omitempty"`
	Answer  string `json:"answer,omitempty"`
}

func (r *run) summary(list string) Summary {
	s := Summary{
		Org: r.manifest.Org, Results: r.opts.Results, List: list, DryRun: r.opts.DryRun, Reminder: r.opts.Remind != "", Users: len(r.people), InDoubt: r.doubt,
		NoManager: r.unmanaged, Mails: len(r.mails), Statuses: counts(r.notes),
	}
	for _, n := range r.notes {
		if n.status != Sent && n.status != Skipped && len(s.NeedsAttention) < mostTold && !(r.opts.DryRun && n.status == NotSent) {
			s.NeedsAttention = append(s.NeedsAttention, Example{Mail: n.kind, Row: n.row, Login: n.login, Address: n.address, Status: n.status, Reason: n.reason, Answer: n.answer})
		}
	}
	return s
}

// summarize shows the outcome, and returns the error that becomes the exit code. ended says why the
// run stopped early.
func (r *run) summarize(ended error) error {
	s := r.summary(r.listPath())
	text := countsText(s.Statuses)
	if n := len(r.notes) - s.Statuses[NoAddress] - s.Statuses[Skipped]; n > 0 {
		text = console.Plural(n, "mail") + ": " + text
	}
	r.Console.Info("%s", text)
	r.tell()
	r.Console.Info("list: %s", r.listPath())
	err := ended
	if err == nil && s.Statuses[Sent]+s.Statuses[Skipped] < len(r.notes) {
		err = fault.WithCode(fault.ExitRows, fault.ErrRows)
	}
	if s.Statuses[Unknown] > 0 {
		r.Console.Info("look for a mail in doubt by its message_id in the mail server's log, or tell its receiver yourself")
	}
	open, others := 0, 0
	for _, n := range r.notes {
		switch {
		case n.status != NotSent && n.status != Refused:
		case r.to(n.kind):
			open++
		default:
			others++
		}
	}
	if open > 0 {
		first := ""
		if s.Statuses[Refused] > 0 {
			first = "repair what the mail server refused; then "
		}
		r.Console.Info("%sto send what wasn't sent: %s", first, r.againCommand("--resume"))
	}
	if others > 0 {
		r.Console.Info("still not sent: %s of earlier runs; continue with --resume, without --to", console.Plural(others, "mail"))
	}
	return r.print(s, err)
}

// print prints the summary with --json.
func (r *run) print(s Summary, err error) error {
	if !r.opts.JSON {
		return err
	}
	s.ExitCode = fault.Code(err)
	return fault.Printed(err, console.PrintJSON(r.Stdout, s))
}

// tell names the first mails that need attention, and users about whom there are none.
func (r *run) tell() {
	n := 0
	for _, m := range r.notes {
		if m.status == Sent || m.status == Skipped || m.status == NotSent && m.answer == "" {
			continue
		}
		if n++; n == 1 && r.opts.DryRun {
			r.Console.Info("no mail goes to these:")
		}
		if n <= mostTold {
			r.Console.Info("  %s: %s", m.label(), m.why())
		}
	}
	if n > mostTold {
		r.Console.Info("  and %d more that need attention", n-mostTold)
	}
	r.tellLeft()
}

// untold says, before anything is sent, who gets no mail.
func (r *run) untold() (texts []string) {
	without := slices.DeleteFunc(slices.Clone(r.notes[r.final:]), func(n *note) bool { return n.status != NoAddress })
	for _, n := range without[:min(len(without), mostUntold)] {
		texts = append(texts, n.label()+": "+n.why())
	}
	if n := len(without) - len(texts); n > 0 {
		texts = append(texts, fmt.Sprintf("and %d more without an address", n))
	}
	switch {
	case r.usersOnly:
		texts = append(texts, "managers: the results name none")
	case r.unmanaged > 0:
		texts = append(texts, plural(r.unmanaged, "user", "has", "have")+" no manager in the results")
	}
	return texts
}

// tellLeft says whom no mail is about.
func (r *run) tellLeft() {
	if r.unmanaged > 0 && !r.usersOnly {
		r.Console.Warn("%s no manager in the results: tell theirs yourself", plural(r.unmanaged, "user", "has", "have"))
	}
	if r.doubt > 0 {
		r.Console.Warn("nobody knows whether %s reset, so no mail says so: oktareset reset --resume looks again", plural(r.doubt, "user", "was", "were"))
	}
}

// plural returns "1 user has" or "2 users have", with the verb for one and for many.
func plural(n int, what, one, many string) string {
	if n == 1 {
		many = one
	}
	return console.Plural(n, what) + " " + many
}

// label names a mail for people.
func (n *note) label() string {
	who := cmp.Or(n.login, n.address, n.id)
	if n.kind == ToManager {
		return "manager " + who
	}
	return fmt.Sprintf("line %d %s", results.Line(n.row), who)
}

// why says why a mail needs attention.
func (n *note) why() string {
	text := map[Status]string{NoAddress: "no mail address", Refused: "refused", NotSent: "not sent", Unknown: "in doubt, and never sent again"}[n.status]
	switch n.reason {
	case reasonMalformed:
		text = "Okta's mail address isn't a plain one"
	case reasonNotFound:
		text = "Okta knows no such user"
	case reasonAmbiguous:
		text = "the manager's address in the results fits two users"
	case reasonDeprovisioned:
		text = "deactivated: nobody told the manager of " + console.Plural(len(n.people), "user")
	case reasonName:
		text = "the results have a name only, neither an ID nor an address"
	}
	switch n.answer {
	case "":
	case underWay:
		return underWay
	default:
		text += ": " + n.answer
	}
	return text
}
