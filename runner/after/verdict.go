package after

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner/evidence"
	"oktareset/runner/results"
)

// The words of the list are those of package results, which the page reads, too.
type (
	// Status is what became of a user after the reset.
	Status = results.AfterStatus
	// Reason says why somebody needs a look.
	Reason = results.AfterReason
)

// The statuses.
const (
	Back    = results.AfterBack
	LookAt  = results.AfterLookAt
	NotYet  = results.AfterNotYet
	Unknown = results.AfterUnknown
)

const (
	// sharing is how many users of the results must enroll from an address to make it a shared one.
	sharing = 3
	// devicesTime is how soon after each other devices are enrolled in one sitting.
	devicesTime = 10 * time.Minute
	// adminTime is how soon after an enrollment the Admin Console is opened at once.
	adminTime = 15 * time.Minute
)

// Finding is what is known about a user after the reset.
type Finding struct {
	Status  Status
	Reasons []Reason
	Factor  string    // the oldest one that is there, as TYPE:PROVIDER; several with a space
	At      time.Time // when; zero: never
	From    results.Place
	Detail  string
	ByList  bool      // back by the list of factors alone: nobody knows whom to look at
	AsOf    time.Time // the list of factors was asked, if it decided; zero: the log did
}

// judge returns what is known about somebody. shared are the addresses of all users.
func (p *person) judge(classic bool, shared addresses) Finding {
	n := p.fold(classic)
	f := p.finding(&n, shared)
	if p.listed != nil && p.open(&n) {
		f.AsOf = p.listed.asOf
	}
	return f
}

// finding returns what the log and the list of factors say. A reason to look at an enrollment stays
// until the list proves that the enrollment is gone.
func (p *person) finding(n *now, shared addresses) Finding {
	if n.unsure && p.listed.none() {
		n.given = nil
	}
	if first := n.first(); len(first) > 0 {
		if f := p.back(n, first, shared); f.Status == LookAt || !n.unsure || p.listed.some() {
			return f
		}
	}
	switch {
	case p.listed != nil && p.listed.why != "":
		return Finding{Status: Unknown, Detail: p.listed.why}
	case p.listed.some():
		return Finding{Status: Back, ByList: true, Factor: p.listed.factor, At: p.listed.at, Detail: results.AfterByList}
	case p.doubt && p.reset.IsZero():
		return Finding{Status: Unknown, Detail: "nothing proves that this user was reset: oktareset reset --resume looks again"}
	case p.listed == nil && p.open(n):
		return Finding{Status: Unknown, Detail: "the log doesn't say it, and the list of factors wasn't asked"}
	}
	f := Finding{Status: NotYet}
	switch {
	case n.taken != nil:
		f.Detail = "reset again by " + who(*n.taken.by) + " at " + n.taken.at.UTC().Format(evidence.ShortFor)
	case p.reset.IsZero():
		f.Detail = "the System Log doesn't show the reset; the list shows no factor"
	}
	return f
}

// back returns the finding for somebody who has a factor.
func (p *person) back(n *now, first []mark, shared addresses) Finding {
	f := Finding{Status: Back, At: first[0].at, From: *first[0].from}
	var factors, details []string
	for _, m := range first {
		if name := oktaclient.EventFactor(m.factor); name != "" && !slices.Contains(factors, name) {
			factors = append(factors, name)
		}
	}
	slices.Sort(factors)
	f.Factor = strings.Join(factors, " ")
	if first[0].ours {
		details = append(details, "enrolled by the run itself")
	}
	for _, reason := range []struct {
		is  Reason
		why string
	}{
		{results.ByAnother, p.byAnother(n)},
		{results.SharedAddress, p.sharedAddress(n, shared)},
		{results.NewCountry, p.newCountry(n)},
		{results.SeveralDevices, severalDevices(n)},
		{results.AdminConsole, adminConsole(n)},
	} {
		if reason.why != "" {
			f.Status, f.Reasons, details = LookAt, append(f.Reasons, reason.is), append(details, reason.why)
		}
	}
	f.Detail = strings.Join(details, "; ")
	return f
}

// own reports whether the user did it, as far as the log knows.
func (p *person) own(m *mark) bool { return m.by == nil || m.by.ActorID == p.id }

func (p *person) byAnother(n *now) string {
	for i := range n.given {
		if m := &n.given[i]; !p.own(m) && !m.ours && !m.system {
			return "enrolled by " + who(*m.by)
		}
	}
	return ""
}

// sharedAddress looks at where the user enrolled from. A company has few addresses, so an address
// isn't suspicious if the user has signed in from it before, or at least half of the
// others who share it have, as far as their sign-ins are known.
func (p *person) sharedAddress(n *now, shared addresses) string {
	for i := range n.given {
		m := &n.given[i]
		if !p.own(m) {
			continue
		}
		a := shared[addressKey(m.from.IP)]
		if a == nil || a.users < sharing || p.past().from(addressKey(m.from.IP)) {
			continue
		}
		others := a.known
		if len(p.past().addresses) > 0 {
			others--
		}
		if a.used > 0 && 2*a.used >= others { // the user isn't one of them
			continue
		}
		text := fmt.Sprintf("%d of these users enrolled from this address", a.users)
		switch {
		case a.known == 0:
			return text + ", and nothing is known of their earlier ones"
		case a.used == 0:
			return text + ", which is new to all of them"
		}
		return fmt.Sprintf("%s, and only %d of them had used it before", text, a.used)
	}
	return ""
}

func (p *person) newCountry(n *now) string {
	for i := range n.given {
		m := &n.given[i]
		if !p.own(m) || m.from.Country == "" || len(p.past().countries) == 0 || slices.Contains(p.past().countries, m.from.Country) {
			continue
		}
		return fmt.Sprintf("%s is a new country: since %s the user had signed in from %s only", m.from.Country, p.past().since.UTC().Format(time.DateOnly),
			strings.Join(p.past().countries, ", "))
	}
	return ""
}

// severalDevices looks for factors of one kind that were enrolled by several requests. A security
// key and a spare are usual, so three of them count.
func severalDevices(n *now) string {
	type device struct {
		key uint64
		at  time.Time
	}
	kinds := make(map[string][]device)
	for i := range n.given {
		m := &n.given[i]
		if m.factor == "" || m.ours {
			continue
		}
		list := kinds[m.factor]
		if slices.ContainsFunc(list, func(d device) bool { return d.key == m.key }) {
			continue
		}
		list = append(list, device{m.key, m.at})
		kinds[m.factor] = list
		most := 2
		if strings.HasPrefix(m.factor, "FIDO_") {
			most = 3
		}
		if k := len(list) - most; k >= 0 && m.at.Sub(list[k].at) <= devicesTime {
			return fmt.Sprintf("%d times %s within %s", most, oktaclient.EventFactor(m.factor), m.at.Sub(list[k].at).Round(time.Second))
		}
	}
	return ""
}

func adminConsole(n *now) string {
	for i := range n.admin {
		for j := range n.given {
			after := n.admin[i].at.Sub(n.given[j].at)
			if after >= 0 && after <= adminTime {
				return fmt.Sprintf("the Admin Console was opened %s later", after.Round(time.Second))
			}
		}
	}
	return ""
}

// who names the person who did something.
func who(s evidence.Source) string {
	switch {
	case s.Actor != "":
		return s.Actor
	case s.ActorID != "":
		return s.ActorID
	}
	return "an unknown account"
}
