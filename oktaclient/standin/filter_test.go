package standin

import (
	"strings"
	"testing"
)

func TestParseFilterErrors(t *testing.T) {
	t.Parallel()
	for s, hint := range map[string]string{
		`id`:                         "no operator",
		`id eq`:                      "isn't a string",
		`id eq bob`:                  "isn't a string",
		`id eq "bob`:                 "isn't closed",
		`id eq "a" and`:              "can't be filtered",
		`(id eq "a"`:                 "parenthesis",
		`id eq "a")`:                 "unexpected",
		`id eq "a" "b"`:              "unexpected",
		`colour eq "a"`:              "can't be filtered",
		`id between "a"`:             "no operator",
		`not`:                        "can't be filtered",
		`"id" eq "a"`:                "can't be filtered",
		`id eq "a" or status ne 'b'`: "isn't a string",
	} {
		if f, err := parseFilter(s, dialect{attrs: []string{"id", "status"}}); err == nil || !strings.Contains(err.Error(), hint) {
			t.Errorf("parseFilter(%s) = %v, %v; want an error with %q", s, f, err, hint)
		}
	}
}

func TestFilterMatches(t *testing.T) {
	t.Parallel()
	values := map[string][]string{"a": {"one"}, "b": {"two", "three"}, "x.id": {"Id"}, "none": nil}
	known := []string{"a", "b", "x.id", "none"}
	for s, want := range map[string]bool{
		``:                                      true,
		`a eq "ONE"`:                            true,
		`x.id eq "Id"`:                          true,
		`x.id eq "ID"`:                          false,
		`a ne "one"`:                            false,
		`b eq "three"`:                          true,
		`b ne "three"`:                          false,
		`a pr`:                                  true,
		`none pr`:                               false,
		`a sw "on" and a ew "ne" and a co "n"`:  true,
		`a gt "a" and a lt "z"`:                 true,
		`a ge "one" and a le "one"`:             true,
		`a eq "x" or b eq "two" and a eq "one"`: true,
		`(a eq "x" or b eq "two") and a eq "y"`: false,
		`a eq "one" or b eq "x" and a eq "y"`:   true,
		`not a eq "x"`:                          true,
		`NOT (a eq "one" OR b eq "x")`:          false,
	} {
		f, err := parseFilter(s, dialect{attrs: known})
		if err != nil {
			t.Errorf("parseFilter(%s): %v", s, err)
			continue
		}
		if got := f.matches(func(a string) []string { return values[a] }); got != want {
			t.Errorf("%s = %v, want %v", s, got, want)
		}
	}
}

func FuzzParseFilter(f *testing.F) {
	f.Add(`id eq "a" and (status eq "b\"c" or not status pr)`)
	f.Add(`((((`)
	f.Fuzz(func(_ *testing.T, s string) {
		if g, err := parseFilter(s, dialect{attrs: []string{"id", "status"}}); err == nil {
			g.matches(func(string) []string { return []string{"a"} })
		}
	})
}
