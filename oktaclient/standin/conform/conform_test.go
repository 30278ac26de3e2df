package conform

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// result is what a client did with one way to sign in, and how that differs from Okta's API.
type result struct {
	client, signIn string
	calls          int // commands of oktareset, or calls of an SDK
	exchanges      int
	differences    map[string]*seen
	unknown, known int
}

// seen is how often a difference was seen, and by whom.
type seen struct {
	times int
	by    map[string]bool
}

// add notes a difference and who saw it.
func (r *result) add(by, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	s := r.differences[text]
	if s == nil {
		s = &seen{by: make(map[string]bool)}
		r.differences[text] = s
	}
	s.times++
	s.by[by] = true
}

// Others find no difference between the stand-in, what oktareset sends, and Okta's API.
func TestConform(t *testing.T) {
	judges := []*judge{newJudge(t, sdkSpec(t))}
	if path := os.Getenv("OKTA_OPENAPI"); path != "" {
		if !filepath.IsAbs(path) {
			path = filepath.Join(top, path) // as make was given it
		}
		judges = append(judges, newJudge(t, path))
	}
	var results []*result
	for _, client := range []struct {
		name string
		do   func(*testing.T, []*org, []*result)
	}{{"oktareset", each(ours)}, {"Go SDK", each(goSDK)}, {"Node SDK", nodeSDK}} {
		var orgs []*org
		var mine []*result
		for _, s := range signIns {
			orgs = append(orgs, serve(t, s))
			mine = append(mine, &result{client: client.name, signIn: s.name, differences: make(map[string]*seen)})
		}
		client.do(t, orgs, mine)
		for i, o := range orgs {
			judgeAll(judges, o, mine[i])
		}
		results = append(results, mine...)
	}
	settle(t, results)
}

// each has a client work on all orgs at the same time: mostly it waits.
func each(do func(*testing.T, *org, *result)) func(*testing.T, []*org, []*result) {
	return func(t *testing.T, orgs []*org, results []*result) {
		t.Helper()
		t.Run(results[0].client, func(t *testing.T) {
			for i, o := range orgs {
				t.Run(o.name, func(t *testing.T) {
					t.Parallel()
					do(t, o, results[i])
				})
			}
		})
	}
}

// sdkSpec is the description that comes with Okta's Go SDK.
func sdkSpec(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-json", "github.com/okta/okta-sdk-golang/v6").Output()
	var module struct{ Dir string }
	if err == nil {
		err = json.Unmarshal(out, &module)
	}
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(module.Dir, "okta/api/openapi.yaml")
}

// judgeAll has every judge judge every exchange.
func judgeAll(judges []*judge, o *org, r *result) {
	o.mu.Lock()
	defer o.mu.Unlock()
	r.exchanges = len(o.log)
	for _, x := range o.log {
		described := false
		for _, j := range judges {
			differences, ok := j.judge(x)
			described = described || ok
			for _, d := range differences {
				r.add(j.name(), "%s", d)
			}
		}
		if !described {
			r.add("every description", "no description of %s %s", x.method, anonymous(x.url.Path))
		}
	}
}

var identifier = regexp.MustCompile(`/(00u|00g|[a-z0-9]{3})[A-Za-z0-9]{17}(/|$)|/[^/]*@[^/]*`)

// anonymous is a path without identifiers.
func anonymous(path string) string { return identifier.ReplaceAllString(path, "/{id}$2") }

// settle prints the table, and fails for every difference that isn't known, and for every known one
// that nobody saw.
func settle(t *testing.T, results []*result) {
	t.Helper()
	patterns, met := make([]*regexp.Regexp, len(known)), make([]bool, len(known))
	for i, f := range known {
		patterns[i] = regexp.MustCompile("^(?:" + f.is + ")$")
	}
	for _, r := range results {
		for _, d := range slices.Sorted(maps.Keys(r.differences)) {
			text, listed := r.client+", "+r.signIn+": "+d, false
			for i, p := range patterns {
				if p.MatchString(text) {
					met[i], listed = true, true
				}
			}
			if listed {
				r.known++
				continue
			}
			r.unknown++
			s := r.differences[d]
			t.Errorf("%s (%d times, seen by %s)", text, s.times, strings.Join(slices.Sorted(maps.Keys(s.by)), ", "))
		}
	}
	for i, f := range known {
		if !met[i] {
			t.Errorf("no longer a difference, remove it from the known ones: %s (%s)", f.is, f.source)
		}
	}
	fmt.Printf("%-24s %6s %10s %12s %6s\n", "check", "calls", "exchanges", "differences", "known")
	for _, r := range results {
		fmt.Printf("%-24s %6d %10d %12d %6d\n", r.client+", "+r.signIn, r.calls, r.exchanges, r.unknown, r.known)
	}
}
