package results

import (
	"strings"
	"testing"

	"oktareset/runner"
	"oktareset/runner/console"
)

// Every command that is made from a manifest reaches the org by the flags of this execution, else
// by those of the last run, but never another org: that would get the user's credentials.
func TestCommandsReachTheOrg(t *testing.T) {
	t.Parallel()
	const recorded, given = " --org-url https://acme.okta.com --token-file old", " --token-file tok"
	for _, tt := range []struct {
		name, url string
		reach     console.OrgFlags
		want      string
	}{
		{"recorded", "https://acme.okta.com", console.OrgFlags{}, recorded},
		{"given", "https://acme.okta.com", console.OrgFlags{TokenFile: "tok"}, given},
		{"forged", "https://evil.example.com", console.OrgFlags{}, " --token-file old"},
		{"for another org", "https://acme.okta.com", console.OrgFlags{URL: "https://other.okta.com", TokenFile: "tok"}, recorded},
	} {
		m := Manifest{Org: "acme.okta.com", Input: Input{File: "r.csv"}, Runs: []Run{{Options: map[string]string{"org-url": tt.url, "token-file": "old"}}}}
		m.ReachBy(tt.reach)
		plan := m
		plan.DryRun, plan.Counts = true, runner.Counts{runner.StatusWouldReset: 1}
		for _, got := range []string{
			AuditCommand(&m, "r.csv"), AfterCommand(&m, "r.csv"), RemindCommand(&m, "r.csv", "l.csv"), ResetAgainCommand(&m, "alice@example.com"),
			FactorsCommand(&m, "list", "alice@example.com"), GoOnCommand(&m, "r.csv", "--resume"), JobCommand(&m, "o.csv", "i.csv"), PlanCommand(&plan, "p.csv"),
		} {
			if !strings.Contains(got, tt.want) || strings.Contains(got, "evil") || strings.Contains(got, "other") || tt.want != recorded && strings.Contains(got, "--org-url") {
				t.Errorf("%s: %s, want%s", tt.name, got, tt.want)
			}
		}
	}
}
