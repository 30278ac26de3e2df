package oktaclient

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestParseLinks(t *testing.T) {
	t.Parallel()
	const a, b = "https://acme.okta.com/api/v1/users?after=a,b;c&limit=2", "https://acme.okta.com/x"
	for header, want := range map[string][]string{
		``:                                   nil,
		`,,`:                                 nil,
		`<` + a + `>; rel="next"`:            {"next " + a},
		`<` + a + `>;rel=next`:               {"next " + a},
		`<` + a + `> ; REL = Next`:           {"next " + a},
		`<` + a + `>; rel="prev next"`:       {"prev next " + a},
		`<` + a + `>; rel="next"; rel="x"`:   {"next " + a},
		`<` + a + `>`:                        {a},
		`<` + a + `>; `:                      {a},
		`<` + a + `>;;rel=next;`:             {"next " + a},
		`<` + a + `>; crossorigin; rel=next`: {"next " + a},
		`<` + a + `>; title="a, b; rel=\"self\" <x>"; rel="next"`:           {"next " + a},
		`<` + a + `>; title="\\"; rel=next`:                                 {"next " + a},
		`<` + b + `>; rel="self", <` + a + `>; rel="next"`:                  {"self " + b, "next " + a},
		`<` + b + `>;rel=self,<` + a + `>;type="x/y";rel=next`:              {"self " + b, "next " + a},
		"<" + b + ">;\trel=self\t,\t<" + a + ">\t;\trel=next":               {"self " + b, "next " + a},
		`<` + b + `>; title*=UTF-8''n%c3%a4chste; rel=self,, <x>; rel=next`: {"self " + b, "next x"},
	} {
		links, err := parseLinks(header)
		var got []string
		for _, l := range links {
			got = append(got, strings.TrimSpace(strings.Join(l.rels, " ")+" "+l.target))
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("parseLinks(%s) = %q, %v; want %q", header, got, err, want)
		}
	}
	for _, bad := range []string{
		"next", `rel="next"`, ">", "<", "<" + a, a + `; rel="next"`, "<" + a + `>; rel="next`, "<" + a + `>; rel="next\"`, "<" + a + `> rel="next"`,
		"<" + a + `>; rel next`, "<" + a + `>; ="next"`, "<" + a + `>; rel="next"x`, "<" + a + `>; rel=ne"xt`, `"<` + a + `>; rel=next`,
	} {
		if links, err := parseLinks(bad); !errors.Is(err, ErrPages) {
			t.Errorf("parseLinks(%s) = %+v, %v; want an error", bad, links, err)
		}
	}
}

// The parser ends for any input; and links that are written again are read as the same links.
func FuzzParseLinks(f *testing.F) {
	for _, s := range []string{
		`<https://acme.okta.com/a?b=c>; rel="next"`, `<a>;rel=next , <b>; REL="self"; title="\",;<"`, `<a>;;x;y=;z="`, `,<>;=`, `>`, "<a>\t;\trel\t=\tnext",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		links, err := parseLinks(header)
		if err != nil {
			if links != nil || !errors.Is(err, ErrPages) {
				t.Errorf("%+v, %v", links, err)
			}
			return
		}
		var b strings.Builder
		for _, l := range links {
			b.WriteString(", <" + l.target + `>; title="a,\";<>"; Rel="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(strings.Join(l.rels, " ")) + `"`)
		}
		again, err := parseLinks(b.String())
		if err != nil || !slices.EqualFunc(again, links, func(x, y link) bool { return x.target == y.target && slices.Equal(x.rels, y.rels) }) {
			t.Errorf("%q: %+v, written anew %q: %+v, %v", header, links, b.String(), again, err)
		}
	})
}
