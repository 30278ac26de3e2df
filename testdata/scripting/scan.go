package scripting

import (
	"net/http"
	"regexp"

	"github.com/rogpeppe/go-internal/testscript"
)

var qrCode = regexp.MustCompile(`"href": "(http://[^"]+/qr/[^"]+)"`)

// Scan fetches the QR code whose address the last command printed on stdout, as a help desk does
// that shows it to a user: scan.
func Scan(ts *testscript.TestScript, _ bool, _ []string) {
	found := qrCode.FindStringSubmatch(ts.ReadFile("stdout"))
	if found == nil {
		ts.Fatalf("stdout has no QR code")
	}
	resp, err := http.Get(found[1]) //nolint:noctx // of the stand-in, on this machine
	ts.Check(err)
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "image/png" {
		ts.Fatalf("the QR code is %s, %s", resp.Status, resp.Header.Get("Content-Type"))
	}
}
