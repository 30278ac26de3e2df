package after

import (
	"strings"
	"testing"

	"oktareset/runner/console"
	"oktareset/runner/results"
)

// The commands that are proposed reach the org by the flags of this command, not by those of the
// run, and name a user by the ID if the login looks like a flag.
func TestNextReaches(t *testing.T) {
	t.Parallel()
	r := &run{opts: Options{Results: "r.csv", Output: "list.csv"}, told: &outcome{statuses: map[Status]int{NotYet: 1}}}
	r.manifest = results.Manifest{Org: "acme.okta.com", Runs: []results.Run{{Options: map[string]string{"token-file": "old"}}}}
	r.manifest.ReachBy(console.OrgFlags{URL: "https://acme.okta.com", TokenFile: "tok"})
	lines := r.next(&Summary{LookAt: []Example{{Login: "-dash@example.com", UserID: "00u1"}}, Statuses: map[Status]int{NotYet: 1}})
	for _, line := range lines {
		if !strings.Contains(line, "--org-url https://acme.okta.com --token-file tok") {
			t.Errorf("%s", line)
		}
	}
	if want := "oktareset factors list --org-url https://acme.okta.com --token-file tok 00u1"; len(lines) != 4 || !strings.HasSuffix(lines[0], ": "+want) {
		t.Errorf("%q, want first %s", lines, want)
	}
}
