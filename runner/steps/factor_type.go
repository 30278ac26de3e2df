package steps

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"oktareset/oktaclient"
	"oktareset/runner/console"
	"oktareset/runner/fault"
)

// FactorType names factors.
type FactorType struct {
	Type     string // as push, sms
	Provider string // as OKTA; "": all factors of the type
}

// ParseFactorType reads TYPE[:PROVIDER]. A type may contain colons, as token:software:totp. The
// last part is a provider if it is in capitals, or if Okta has that provider.
func ParseFactorType(s string) (FactorType, error) {
	f := FactorType{Type: s}
	if i := strings.LastIndexByte(s, ':'); i >= 0 && isProvider(s[:i], s[i+1:]) {
		f.Type, f.Provider = s[:i], strings.ToUpper(s[i+1:])
		if f.Provider == "" {
			return f, errors.New("the provider after the colon is missing")
		}
	}
	f.Type = strings.ToLower(f.Type)
	if f.Type == "" || strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != ':' && r != '_' && r != '-'
	}) {
		return f, errors.New("it isn't TYPE or TYPE:PROVIDER, as sms or token:software:totp:GOOGLE")
	}
	return f, nil
}

// isProvider reports whether the text after the last colon is a provider, not a part of the type.
func isProvider(before, last string) bool {
	if slices.Contains(oktaclient.FactorTypes(), strings.ToLower(before+":"+last)) {
		return false
	}
	return strings.ToUpper(last) == last || slices.Contains(oktaclient.Providers(strings.ToLower(before)), strings.ToUpper(last))
}

// ParseFactorTypes reads the values of a flag that names factors. A type that Okta doesn't have is
// an error: no user would have a factor of that type, and the run would look like a success. Okta
// may add types, though. So a name passes if it looks as if it came from Okta's API.
func ParseFactorTypes(flag string, values []string) ([]FactorType, error) {
	var types []FactorType
	for _, s := range values {
		f, err := ParseFactorType(s)
		if hint := Unlikely(s, f, err); hint != "" {
			return nil, fault.Usage(hint, "--%s %q is no type of factor that Okta has", flag, s)
		}
		if err != nil {
			return nil, fault.Usage("as --"+flag+" sms or --"+flag+" push:OKTA", "--%s %q: %w", flag, s, err)
		}
		if !slices.Contains(types, f) {
			types = append(types, f)
		}
	}
	return types, nil
}

// Unlikely returns what to write instead of a type that Okta doesn't have, or "". f and err are
// what ParseFactorType returned for s.
func Unlikely(s string, f FactorType, err error) string {
	called := oktaclient.CalledFactors()
	types := oktaclient.FactorTypes()
	word := strings.ToLower(strings.NewReplacer(" ", "", "-", "", "_", "", ".", "").Replace(s))
	switch {
	case called[word] != nil:
		return "in Okta's API it is " + oneOf(called[word])
	case err != nil:
		return ""
	case slices.Contains(types, f.Type):
		if f.Provider == "" || slices.Contains(oktaclient.Providers(""), f.Provider) {
			return ""
		}
		return fmt.Sprintf("the provider of %s is %s", f.Type, oneOf(oktaclient.Providers(f.Type)))
	case strings.ContainsAny(f.Type, ":_"): // people don't invent names of this form
		return ""
	}
	hint := "it has " + strings.Join(types, ", ")
	switch near := console.Nearest(f.Type, slices.Concat(types, slices.Sorted(maps.Keys(called)))); {
	case near == "":
		return hint
	case called[near] != nil:
		return fmt.Sprintf("did you mean %s? %s", oneOf(called[near]), hint)
	default:
		return fmt.Sprintf("did you mean %s? %s", near, hint)
	}
}

// oneOf returns "a, b or c".
func oneOf(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// Undocumented says which types Okta doesn't document, or returns "".
func Undocumented(types []FactorType) string {
	for _, f := range types {
		if !slices.Contains(oktaclient.FactorTypes(), f.Type) {
			return fmt.Sprintf("%s is no type of factor that Okta documents, and perhaps nobody has it: it documents %s", f, strings.Join(oktaclient.FactorTypes(), ", "))
		}
		if f.Provider != "" && !slices.Contains(oktaclient.Providers(f.Type), f.Provider) {
			return fmt.Sprintf("Okta documents no %s, and perhaps nobody has it: the provider of %s is %s", f, f.Type, oneOf(oktaclient.Providers(f.Type)))
		}
	}
	return ""
}

// String returns TYPE or TYPE:PROVIDER.
func (f FactorType) String() string {
	if f.Provider == "" {
		return f.Type
	}
	return f.Type + ":" + f.Provider
}

// Names reports whether f names a factor.
func (f FactorType) Names(o oktaclient.Factor) bool {
	return o.Type == f.Type && (f.Provider == "" || o.Provider == f.Provider)
}
