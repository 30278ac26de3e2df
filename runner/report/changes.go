package report

import (
	"cmp"
	"slices"
	"strings"

	"oktareset/oktaclient"
	"oktareset/runner"
)

// changes are what the steps do to each user.
type changes struct {
	all      bool     // all factors are removed
	factors  []string // else these, as TYPE or TYPE:PROVIDER
	recovery bool     // phone numbers are no way of recovery any more
	steps    []runner.Step
	enroll   string // TYPE:PROVIDER of the new factor; "": none
	active   bool   // it works at once
	later    bool   // who is back is known, so what happens at the next sign-in isn't foretold
}

// changesOf reads the names of steps: those that a dry run has left out, or that a run has done.
func changesOf(s *Subject) changes {
	names := s.Steps
	if s.Plan {
		names = s.Planned
	}
	var c changes
	for _, name := range names {
		what, how, _ := strings.Cut(name, " (")
		verb, rest, _ := strings.Cut(what, " ")
		switch step := runner.StepNamed(name); {
		case verb == "unenroll" && rest != "":
			c.factors, c.recovery = strings.Fields(rest), strings.Contains(how, "remove recovery")
		case verb == "enroll" && rest != "":
			c.enroll, c.active = rest, slices.Contains(strings.Split(strings.TrimSuffix(how, ")"), ", "), "activate")
		case step.Changes && step.First:
			c.all = true
		case step.Changes:
			c.steps = append(c.steps, step)
		}
	}
	return c
}

// object names what is removed, as "all MFA factors".
func (c *changes) object() string {
	switch names := plainFactors(c.factors); {
	case c.all:
		return "all MFA factors"
	case len(names) == 1:
		return "the factor " + names[0]
	case len(names) > 1:
		return "the factors " + list(names)
	}
	return "some factors"
}

// were returns the verb that follows the object.
func (c *changes) were() string {
	if !c.all && len(plainFactors(c.factors)) == 1 {
		return "was removed"
	}
	return "were removed"
}

// follow returns a sentence for each thing that the changes mean for the people.
func (c *changes) follow() []string {
	var all []string
	say := func(when bool, text string) {
		if when {
			all = append(all, text)
		}
	}
	fresh := plainFactor(c.enroll)
	say(c.all && c.enroll == "" && !c.later, "At the next sign-in they have no second factor until they enroll again.")
	say(c.all && c.enroll != "", "All of their old factors stop working.")
	say(c.all, "An email factor or a security question may stay.")
	say(len(c.factors) > 0, "Their other factors stay.")
	say(c.takesVerify(), "Anything else they have of Okta Verify is removed as well.")
	say(len(c.factors) > 0 && c.enroll == "", "Whoever has no other has no second factor at the next sign-in until they enroll again.")
	say(c.recovery, "The phone number is removed as a way to recover the account, too.")
	say(c.enroll != "" && c.active, "Then each of them gets a new factor, "+fresh+", which works at once.")
	say(c.enroll != "" && !c.active, "Then each of them gets a new factor, "+fresh+", which works once they have activated it.")
	say(c.has(runner.ReasonSessions), "Everybody is signed out: sessions end, remembered devices are forgotten, OAuth tokens are revoked.")
	say(!c.has(runner.ReasonSessions) && (c.all || len(c.factors) > 0), "Whoever is signed in stays signed in.")
	say(c.has(runner.ReasonPassword), "They must choose a new password at the next sign-in.")
	return all
}

// takesVerify reports whether the reset also removes factors of Okta Verify that it doesn't name.
func (c *changes) takesVerify() bool {
	return slices.ContainsFunc(c.factors, func(name string) bool {
		f := factorOf(name)
		return f.OktaVerify() && f.StaysListed()
	})
}

func (c *changes) has(r runner.Reason) bool {
	return slices.ContainsFunc(c.steps, func(s runner.Step) bool { return s.Open == r })
}

// factorOf reads TYPE:PROVIDER, or a TYPE that has only one provider.
func factorOf(name string) oktaclient.Factor {
	if slices.Contains(oktaclient.FactorTypes(), name) {
		return oktaclient.Factor{Type: name, Provider: oktaclient.OnlyProvider(name)}
	}
	return oktaclient.ParseFactor(name)
}

// plainFactor returns what people call a factor, or its name if that isn't known.
func plainFactor(name string) string {
	return cmp.Or(factorOf(name).Words(), cell(name))
}

func plainFactors(names []string) []string {
	var words []string
	for _, name := range names {
		if w := plainFactor(name); !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	return words
}
