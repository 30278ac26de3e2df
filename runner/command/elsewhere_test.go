package command

import (
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
	"oktareset/runner/fault"
)

// Where an http org's name leads to another machine, every command ends with 2 before anything is
// sent, and says what to do.
func TestNameThatLeadsElsewhere(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"reset", "--dry-run"}, {"reset", confirm(3)}, {"users"}, {"factors", "list", "user1@example.com"}, {"whoami"}, {"audit", "--wait", "0"}, {"after"}, {"watch", "--once"},
	} {
		for _, asApp := range []bool{false, true} {
			virtually(t, 3, standin.Config{}, func(v *virtual) {
				args := slices.Clone(args)
				switch args[0] {
				case "audit", "after":
					v.reset(confirm(3))
					args = append(args, v.path("users.results.csv"))
				case "reset":
					args = append(args, v.path("users.csv"))
				}
				if asApp {
					v.asApp(standin.App{})
				}
				tries := 0
				v.tampered = func(*http.Request, http.RoundTripper) (*http.Response, error) {
					tries++
					return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 9, 9, 9), Port: 8080}, Err: oktaclient.ErrNotLoopback}
				}
				_, code := v.onTerminalIn(v.t.Context(), args...)
				if code != fault.ExitUsage || tries > 2 ||
					!strings.Contains(v.stderr, "error: acme.okta.com isn't this machine: ") || !strings.Contains(v.stderr, "10.9.9.9:8080: this isn't a loopback address, and without TLS nothing is sent") ||
					!strings.Contains(v.stderr, "hint: give an address in place of the name, as http://127.0.0.1:8080") {
					t.Errorf("%q, as an app %v: exit code %d after %d tries:\n%s", args, asApp, code, tries, v.stderr)
				}
			})
		}
	}
}

// In the middle of a run it ends the run: nobody waits until the name leads back.
func TestNameLeadsElsewhereInTheMiddle(t *testing.T) {
	t.Parallel()
	virtually(t, 10, standin.Config{}, func(v *virtual) {
		v.tampered = func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
			if v.org.Stats().ResetsApplied == 4 {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: oktaclient.ErrNotLoopback}
			}
			return next.RoundTrip(r)
		}
		v.want(v.reset(confirm(10), "--workers", "1"), fault.ExitBrokeOff, map[string]int{"reset": 4, "not_attempted": 6})
		v.resets(map[int]int{0: 6, 1: 4})
		v.tampered = nil
		v.want(v.reset("--resume"), 0, map[string]int{"reset": 10})
		v.resets(map[int]int{1: 10})
	})
}
