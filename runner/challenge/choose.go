package challenge

import (
	"slices"
	"strings"

	"oktareset/oktaclient"
	"oktareset/runner/fault"
	"oktareset/runner/steps"
)

// Parse reads a value of --verify. lost are the factors that the same command names as lost: by
// these nobody can be verified, whoever has them.
func Parse(value string, lost []steps.FactorType) (string, error) {
	if IsFactorID(value) {
		return value, nil
	}
	types, err := steps.ParseFactorTypes("verify", []string{value})
	if err != nil {
		return "", err
	}
	f := types[0]
	switch why := oktaclient.OwnDevice(f.Type); {
	case why != "":
		return "", fault.Usage("choose another factor", "--verify %s: %s", f, why)
	case slices.ContainsFunc(lost, func(l steps.FactorType) bool { return l.Names(oktaclient.Factor{Type: f.Type, Provider: f.Provider}) }):
		return "", fault.Usage("verify by a factor that isn't lost", "--verify %s proves nothing: --factor names it as lost", f)
	}
	return f.String(), nil
}

// IsFactorID reports whether s has the form of the IDs that Okta gives to factors: no type has
// it.
func IsFactorID(s string) bool {
	return len(s) >= 15 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

// Find returns the factor that is meant, by its ID or as the only one of its kind. login is whose
// they are, and list a command that shows them.
func Find(listed []oktaclient.Factor, what, login, list string) (oktaclient.Factor, error) {
	var found []oktaclient.Factor
	var kinds []string
	for _, f := range listed {
		kinds = append(kinds, f.String())
		if named(f, what) {
			found = append(found, f)
		}
	}
	switch len(found) {
	case 0:
		hint := list
		if len(kinds) > 0 {
			hint = "there are " + strings.Join(kinds, ", ")
		}
		return oktaclient.Factor{}, fault.New(fault.ExitRows, hint, "%s has no factor %q", login, what)
	case 1:
		return found[0], nil
	}
	kinds = nil
	for _, f := range found {
		kinds = append(kinds, f.ID+" ("+f.String()+")")
	}
	return oktaclient.Factor{}, fault.New(fault.ExitRows, "give the ID", "%s has several factors %q: %s", login, what, strings.Join(kinds, ", "))
}

func named(f oktaclient.Factor, what string) bool {
	return f.ID == what || f.Type == what || f.String() == what
}

// Usable returns why a factor can't prove anything, or nil. command returns a command of factors
// for its owner.
func Usable(f oktaclient.Factor, login string, command func(verb string, args ...string) string) error {
	if why := oktaclient.OwnDevice(f.Type); why != "" {
		return fault.Usage("choose another: "+command("list"), "%s can't be verified here: %s", f, why)
	}
	if f.Status != oktaclient.FactorActive {
		return fault.New(fault.ExitRows, "activate it first: "+command("activate", f.ID), "%s of %s is %s: it proves nothing yet",
			f, login, f.Status)
	}
	return nil
}

// Lost returns a factor that is named as lost and would be lost together with f, or false. Those
// on one device are lost together: the factors of Okta Verify, and whatever reaches the same phone
// number. Whoever has found the phone must not prove by it that somebody else has lost it.
func Lost(f oktaclient.Factor, listed []oktaclient.Factor, named []steps.FactorType) (oktaclient.Factor, bool) {
	i := slices.IndexFunc(listed, func(g oktaclient.Factor) bool {
		return slices.ContainsFunc(named, func(n steps.FactorType) bool { return n.Names(g) }) && sameDevice(f, g)
	})
	if i < 0 {
		return oktaclient.Factor{}, false
	}
	return listed[i], true
}

func sameDevice(f, g oktaclient.Factor) bool {
	phone := func(f oktaclient.Factor) string {
		if !oktaclient.ByPhone(f.Type) {
			return ""
		}
		return Which(f)
	}
	return f.ID == g.ID || f.OktaVerify() && g.OktaVerify() || phone(f) != "" && phone(f) == phone(g)
}
