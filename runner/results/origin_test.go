package results

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// For a plan of a plan, the origin is the file that the first one was made from, and the same
// holds for the results of its run.
func TestOrigin(t *testing.T) {
	t.Parallel()
	first := Manifest{Input: Input{File: "users.csv", SHA256: "aa", Column: "email"}, Runs: []Run{{RunID: "dry1"}}}
	second := Manifest{Input: Input{File: "users.plan.csv", SHA256: "bb", Column: "user_id"}, Plan: first.AsPlan(), Runs: []Run{{RunID: "dry2"}, {RunID: "dry3"}}}
	results := Manifest{Input: Input{File: "second.csv", SHA256: "cc"}, Plan: second.AsPlan()}
	if diff := cmp.Diff(&Plan{RunID: "dry3", File: "users.csv", SHA256: "aa", Column: "user_id"}, results.Plan); diff != "" {
		t.Errorf("the plan (-want +got):\n%s", diff)
	}
	for name, m := range map[string]Manifest{"the plan": first, "the plan of the plan": second, "its results": results, "a copy": results.Clone()} {
		if m.Origin() != "aa" {
			t.Errorf("the origin of %s is %q, want aa", name, m.Origin())
		}
	}
	if c := results.Clone(); c.Plan == results.Plan {
		t.Error("a clone shares its plan")
	}
}
