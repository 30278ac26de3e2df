package standin

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ParseFault reads a fault as a command line has it; the package comment shows the form.
func ParseFault(s string) (Fault, error) {
	fields := strings.Split(s, ":")
	f := parseKind(fields[0])
	for i, field := range fields[1:] {
		key, value, found := strings.Cut(field, "=")
		switch {
		case !found && i == 0:
			f.Op = strings.TrimPrefix(field, "all")
		case !found:
			return Fault{}, fmt.Errorf("fault %q: %q isn't of the form key=value", s, field)
		default:
			if err := f.set(key, value); err != nil {
				return Fault{}, fmt.Errorf("fault %q: %w", s, err)
			}
		}
	}
	if err := f.check(); err != nil {
		return Fault{}, err
	}
	return f, nil
}

// parseKind cuts the moment off the kind.
func parseKind(s string) Fault {
	for _, when := range []When{Before, After, Late} {
		if kind, ok := strings.CutSuffix(s, "_"+string(when)); ok {
			return Fault{Kind: Kind(kind), When: when}
		}
	}
	return Fault{Kind: Kind(s)}
}

func (f *Fault) set(key, value string) error {
	var err error
	switch key {
	case "user":
		f.UserID = value
	case "skip":
		f.Skip, err = strconv.Atoi(value)
	case "times":
		f.Times, err = strconv.Atoi(value)
	case "every":
		f.Every, err = strconv.Atoi(value)
	case "p":
		if f.Probability, err = strconv.ParseFloat(value, 64); f.Probability == 0 && err == nil {
			return errors.New("p=0 is never: leave the fault out")
		}
	case "delay":
		f.Delay, err = time.ParseDuration(value)
	case "query":
		f.Query = value
	case "from":
		f.From, err = time.ParseDuration(value)
	case "for":
		f.For, err = time.ParseDuration(value)
	case "code":
		f.Code, err = strconv.Atoi(value)
	case "offset":
		f.Offset, err = time.ParseDuration(value)
	case "part":
		f.Part, err = strconv.Atoi(value)
	default:
		return fmt.Errorf("%q is none of user, skip, times, every, p, delay, query, from, for, code, offset, part", key)
	}
	if err != nil {
		return fmt.Errorf("%s=%q: not a number or duration: %w", key, value, err)
	}
	return nil
}

// check returns why a fault makes no sense.
func (f Fault) check() error {
	how, known := kinds[f.Kind]
	switch {
	case !known:
		return fmt.Errorf("fault %q: the kinds are %s", string(f.Kind), strings.Join(kindNames(), ", "))
	case !slices.Contains([]When{AsUsual, Before, After, Late}, f.When):
		return fmt.Errorf("fault %q: %q is none of before, after, late", f.String(), string(f.When))
	case f.When != AsUsual && !how.moves:
		return fmt.Errorf("fault %q: %s can't come %s a change", f.String(), f.Kind, f.When)
	case f.Op != "" && !slices.ContainsFunc(routes, func(rt route) bool { return rt.op == f.Op }):
		return fmt.Errorf("fault %q: no such operation; the operations are %s", f.String(), strings.Join(opNames(), ", "))
	case f.Skip < 0, f.Times < 0, f.Every < 0, f.Delay < 0, f.From < 0, f.For < 0, f.Part < 0:
		return fmt.Errorf("fault %q: skip, times, every, delay, from, for and part can't be below 0", f.String())
	case !(f.Probability >= 0 && f.Probability <= 1): // not true of NaN either
		return fmt.Errorf("fault %q: p is a probability, from 0 to 1", f.String())
	}
	return f.checkSpecial()
}

// checkSpecial returns why what only some kinds have makes no sense.
func (f Fault) checkSpecial() error {
	isPage, isList := f.Kind == Page || f.Kind == PageHeaders, func(rt route) bool { return rt.op == f.Op && rt.list }
	switch {
	case f.When == Late && kinds[f.Kind].outage:
		return fmt.Errorf("fault %q: %s can't come late", f.String(), f.Kind)
	case f.Code != 0 && !isPage:
		return fmt.Errorf("fault %q: only page and page_headers have a code", f.String())
	case f.Code != 0 && (f.Code < 200 || f.Code > 599):
		return fmt.Errorf("fault %q: a page's code is a status from 200 to 599", f.String())
	case f.Offset != 0 && f.Kind != WrongDate:
		return fmt.Errorf("fault %q: only date has an offset", f.String())
	case f.Kind == NoEnd && f.Op != "" && !slices.ContainsFunc(routes, isList):
		return fmt.Errorf("fault %q: %s is no list", f.String(), f.Op)
	case f.Part > 0 && kinds[f.Kind].edit != nil:
		return fmt.Errorf("fault %q: %s leaves what is done alone", f.String(), f.Kind)
	case f.Part > 0 && f.Op != "" && f.Op != OpResetFactors:
		return fmt.Errorf("fault %q: part is of the factors that %s takes", f.String(), OpResetFactors)
	case f.Part > 0 && f.moment() == Before && f.Kind != Slow:
		return fmt.Errorf("fault %q: nothing is reset before the fault, so no part of it", f.String())
	}
	return nil
}

func kindNames() []string {
	var names []string
	for k := range kinds {
		names = append(names, string(k))
	}
	slices.Sort(names)
	return names
}

func opNames() []string {
	var names []string
	for _, rt := range routes {
		names = append(names, rt.op)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// String returns f in the form that [ParseFault] reads; Match has none.
func (f Fault) String() string {
	b := []byte(f.Kind)
	if f.When != AsUsual {
		b = append(append(b, '_'), f.When...)
	}
	if f.Op != "" {
		b = append(append(b, ':'), f.Op...)
	}
	add := func(key, value, zero string) {
		if value != zero {
			b = append(b, ":"+key+"="+value...)
		}
	}
	add("user", f.UserID, "")
	add("skip", strconv.Itoa(f.Skip), "0")
	add("times", strconv.Itoa(f.Times), "0")
	add("every", strconv.Itoa(f.Every), "0")
	add("p", strconv.FormatFloat(f.Probability, 'g', -1, 64), "0")
	add("delay", f.Delay.String(), "0s")
	add("query", f.Query, "")
	add("from", f.From.String(), "0s")
	add("for", f.For.String(), "0s")
	add("code", strconv.Itoa(f.Code), "0")
	add("offset", f.Offset.String(), "0s")
	add("part", strconv.Itoa(f.Part), "0")
	return string(b)
}
