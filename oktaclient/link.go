package oktaclient

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// ErrPages marks a list that can't be read to its end: the server doesn't say, in a way that can
// be understood, where it continues. The part read so far is incomplete.
var ErrPages = errors.New("the list can't be read to its end")

// link is one link of a Link header.
type link struct {
	target string
	rels   []string // its relation types, in lower case
}

// parseLinks reads a Link header according to RFC 8288: several links in one value, each with
// parameters in any order and case, their values as tokens or in quotes. If a link has several
// rel, the first counts.
func parseLinks(header string) ([]link, error) {
	var links []link
	rest := header
	for {
		rest = strings.TrimLeft(rest, ", \t")
		if rest == "" {
			return links, nil
		}
		target, more, ok := strings.Cut(rest, ">")
		if !ok || rest[0] != '<' {
			return nil, badLink(header)
		}
		l := link{target: trimSpace(target[1:])}
		seen := false
		for rest = trimSpace(more); strings.HasPrefix(rest, ";"); rest = trimSpace(rest) {
			name, value, behind, ok := cutParam(trimSpace(rest[1:]))
			if !ok {
				return nil, badLink(header)
			}
			if rest = behind; strings.EqualFold(name, "rel") && !seen {
				seen, l.rels = true, strings.Fields(strings.ToLower(value))
			}
		}
		if rest != "" && rest[0] != ',' {
			return nil, badLink(header)
		}
		links = append(links, l)
	}
}

// cutParam cuts off the first parameter and the spaces behind it. Between two semicolons there
// may be none.
func cutParam(s string) (name, value, rest string, ok bool) {
	i := strings.IndexAny(s, "=;, \t")
	if i < 0 {
		return s, "", "", true
	}
	name, rest = s[:i], trimSpace(s[i:])
	if !strings.HasPrefix(rest, "=") {
		return name, "", rest, true
	}
	rest = trimSpace(rest[1:])
	if strings.HasPrefix(rest, `"`) {
		value, rest, ok = cutQuoted(rest[1:])
		return name, value, rest, ok && name != ""
	}
	i = strings.IndexAny(rest+";", ";,")
	return name, trimSpace(rest[:i]), rest[i:], name != "" && !strings.Contains(rest[:i], `"`)
}

// cutQuoted cuts off a quoted string, whose first quote is already gone.
func cutQuoted(s string) (value, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), trimSpace(s[i+1:]), true
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}

func trimSpace(s string) string { return strings.Trim(s, " \t") }

func badLink(header string) error {
	return fmt.Errorf("%w: the Link header %q can't be understood", ErrPages, cut(header, 200))
}

// next returns path and query of the page after the one at uri, according to its Link headers; ""
// if they name none. A link to another host is refused: the token would go there.
func (c *Client) next(uri string, headers []string) (string, error) {
	for _, h := range headers {
		links, err := parseLinks(h)
		if err != nil {
			return "", err
		}
		for _, l := range links {
			if !l.is("next") {
				continue
			}
			here, err := url.Parse(c.org.String() + uri)
			if err != nil {
				return "", fmt.Errorf("%w: %w", ErrPages, err)
			}
			to, err := here.Parse(l.target)
			if err != nil || to.Scheme != c.org.scheme || !strings.EqualFold(to.Host, c.org.host) {
				return "", fmt.Errorf("%w: okta's next page is at another address, %q", ErrPages, cut(l.target, 200))
			}
			return to.RequestURI(), nil
		}
	}
	return "", nil
}

func (l link) is(rel string) bool {
	for _, r := range l.rels {
		if r == rel {
			return true
		}
	}
	return false
}
