package standin

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// filter is a parsed SCIM filter expression: a comparison, or and/or/not over others. The nil
// filter lets everything through.
type filter struct {
	op    string // eq ne sw ew co gt ge lt le pr, or and or not
	attr  string
	value string
	bare  bool // the value has no quotes: true, false or a number
	exact bool // the value is compared with its case
	kids  []*filter
}

// operators compare an attribute with a value; pr needs none.
var operators = []string{"pr", "eq", "ne", "sw", "ew", "co", "gt", "ge", "lt", "le"}

// dialect is what of the language an endpoint understands.
type dialect struct {
	attrs  []string
	prefix string                     // attributes that begin so are known too; "" for none
	allows func(attr, op string) bool // nil: every operator
	noNot  bool                       // "not" isn't understood
	bare   bool                       // of the profile, true, false and numbers stand without quotes
	exact  bool                       // values are compared with their case
}

func (d dialect) known(attr string) bool {
	return slices.Contains(d.attrs, attr) || d.prefix != "" && len(attr) > len(d.prefix) && strings.HasPrefix(attr, d.prefix)
}

// parseFilter reads an expression such as
//
//	eventType eq "user.session.clear" and (actor.id eq "00u…" or not (target.id pr))
//
// in which only what the dialect allows may stand. "and" binds tighter than "or". An empty
// expression is the nil filter.
func parseFilter(s string, d dialect) (*filter, error) {
	tokens, err := scan(s)
	if err != nil || len(tokens) == 0 {
		return nil, err
	}
	p := filterParser{tokens: tokens, dialect: d}
	f, err := p.or()
	if err == nil && p.peek() != "" {
		err = fmt.Errorf("unexpected %q", p.peek())
	}
	return f, err
}

// scan cuts an expression into words, parentheses and strings; a string keeps its opening quote.
func scan(s string) ([]string, error) {
	var tokens []string
	for s = strings.TrimLeft(s, " "); s != ""; s = strings.TrimLeft(s, " ") {
		n := 1
		switch {
		case s[0] == '(' || s[0] == ')':
			tokens = append(tokens, s[:1])
		case s[0] == '"':
			value, size, err := unquote(s)
			if err != nil {
				return nil, err
			}
			n = size
			tokens = append(tokens, `"`+value)
		default:
			n = strings.IndexAny(s, ` ()"`)
			if n < 0 {
				n = len(s)
			}
			tokens = append(tokens, s[:n])
		}
		s = s[n:]
	}
	return tokens, nil
}

// unquote reads the string that s starts with: its value, and its length with the quotes.
func unquote(s string) (value string, size int, err error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == '"':
			return b.String(), i + 1, nil
		default:
			b.WriteByte(s[i])
		}
	}
	return "", 0, errors.New("a string isn't closed")
}

type filterParser struct {
	tokens  []string
	dialect dialect
}

func (p *filterParser) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *filterParser) next() string {
	t := p.peek()
	if t != "" {
		p.tokens = p.tokens[1:]
	}
	return t
}

// word reports whether the next token is this keyword, and takes it if so.
func (p *filterParser) word(w string) bool {
	if !strings.EqualFold(p.peek(), w) {
		return false
	}
	p.next()
	return true
}

func (p *filterParser) or() (*filter, error) { return p.list("or", p.and) }

func (p *filterParser) and() (*filter, error) { return p.list("and", p.term) }

func (p *filterParser) list(op string, item func() (*filter, error)) (*filter, error) {
	f, err := item()
	for err == nil && p.word(op) {
		var g *filter
		g, err = item()
		f = &filter{op: op, kids: []*filter{f, g}}
	}
	return f, err
}

func (p *filterParser) term() (*filter, error) {
	if p.word("not") {
		if p.dialect.noNot {
			return nil, errors.New("not isn't supported here")
		}
		f, err := p.term()
		return &filter{op: "not", kids: []*filter{f}}, err
	}
	if p.word("(") {
		f, err := p.or()
		if err == nil && !p.word(")") {
			err = errors.New("a parenthesis isn't closed")
		}
		return f, err
	}
	return p.comparison()
}

func (p *filterParser) comparison() (*filter, error) {
	f := &filter{attr: p.next(), op: strings.ToLower(p.next())}
	if !p.dialect.known(f.attr) {
		return nil, fmt.Errorf("attribute %q can't be filtered by", f.attr)
	}
	if !slices.Contains(operators, f.op) {
		return nil, fmt.Errorf("%q is no operator", f.op)
	}
	if p.dialect.allows != nil && !p.dialect.allows(f.attr, f.op) {
		return nil, fmt.Errorf("operator %q isn't supported for %q", f.op, f.attr)
	}
	if f.op == "pr" {
		return f, nil
	}
	value := p.next()
	var quoted bool
	if f.value, quoted = strings.CutPrefix(value, `"`); !quoted {
		_, err := strconv.ParseFloat(value, 64)
		f.bare = p.dialect.bare && strings.HasPrefix(f.attr, p.dialect.prefix) && (value == "true" || value == "false" || err == nil)
		if !f.bare {
			return nil, fmt.Errorf("the value of %q isn't a string", f.attr)
		}
	}
	f.exact = p.dialect.exact || f.attr == "id" || strings.HasSuffix(f.attr, ".id")
	return f, nil
}

// matches reports whether the filter lets something through that has these attribute values. Of
// several values one is enough.
func (f *filter) matches(get func(attr string) []string) bool {
	if f == nil {
		return true
	}
	switch f.op {
	case "and":
		return f.kids[0].matches(get) && f.kids[1].matches(get)
	case "or":
		return f.kids[0].matches(get) || f.kids[1].matches(get)
	case "not":
		return !f.kids[0].matches(get)
	case "ne":
		return !slices.ContainsFunc(get(f.attr), f.same)
	}
	return slices.ContainsFunc(get(f.attr), f.compare)
}

// same compares as Okta does: IDs exactly, most else without case.
func (f *filter) same(v string) bool {
	if f.exact {
		return v == f.value
	}
	return strings.EqualFold(v, f.value)
}

// compare compares as same does, and numbers as numbers.
func (f *filter) compare(v string) bool {
	value := f.value
	if !f.exact {
		v, value = strings.ToLower(v), strings.ToLower(value)
	}
	if f.bare && f.op != "eq" && f.op != "pr" {
		got, err := strconv.ParseFloat(v, 64)
		want, _ := strconv.ParseFloat(value, 64)
		return err == nil && map[string]bool{"gt": got > want, "ge": got >= want, "lt": got < want, "le": got <= want}[f.op]
	}
	switch f.op {
	case "eq":
		return f.same(v)
	case "pr":
		return v != ""
	case "sw":
		return strings.HasPrefix(v, value)
	case "ew":
		return strings.HasSuffix(v, value)
	case "co":
		return strings.Contains(v, value)
	case "gt":
		return v > value
	case "ge":
		return v >= value
	case "lt":
		return v < value
	}
	return v <= value
}

// pinned returns the one value that an attribute must have to be let through.
func (f *filter) pinned(attr string) (string, bool) {
	switch {
	case f == nil:
		return "", false
	case f.op == "eq" && f.attr == attr:
		return f.value, true
	case f.op == "and":
		if v, ok := f.kids[0].pinned(attr); ok {
			return v, true
		}
		return f.kids[1].pinned(attr)
	}
	return "", false
}
