package command

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"oktareset/oktaclient/standin"
)

// audit finds the verification in the log, or says that it isn't there. An input's own column can't
// pose as one.
func TestAuditFindsTheVerification(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		by, says string
		hide     bool
		code     int
	}{
		{"sms", "the log has the verification of 1 user, too", false, 0},
		{"push", "the log has the verification of 1 user, too", false, 0},
		{"sms", "missing: line 2 user0@example.com: the log has no verification by sms:OKTA at 20", true, 1},
	} {
		virtually(t, 1, standin.Config{}, func(v *virtual) {
			v.has(0, "push", "OKTA")
			v.csv("userId,verified_by\n" + v.ids[0] + ",nobody\n")
			v.readsOut("sms", false)
			if code := v.reset("--verify", tt.by, confirm(1)); code != 0 {
				t.Fatalf("exit code %d:\n%s", code, v.stderr)
			}
			if row := v.cellsOf(); row["input.verified_by"] != "nobody" || row["verified_by"] != tt.by+":OKTA" {
				t.Errorf("the row is %q", row)
			}
			if tt.hide {
				v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
					if q := r.URL.Query(); strings.Contains(q.Get("filter"), "auth_via_mfa") {
						q.Set("filter", `eventType eq "none"`)
						r = r.Clone(r.Context())
						r.URL.RawQuery = q.Encode()
					}
					return next.RoundTrip(r)
				}
			}
			if code := v.run(v.t.Context(), io.Discard, "audit", v.path("users.results.csv")); code != tt.code || !strings.Contains(v.stderr, tt.says) {
				t.Errorf("exit code %d, want %d and %q:\n%s", code, tt.code, tt.says, v.stderr)
			}
		})
	}
}
