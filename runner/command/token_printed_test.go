package command

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"oktareset/runner/fault"
)

// A token that a command has printed is taken out of what a server sends back, as any other is.
func TestPrintedTokenIsRedacted(t *testing.T) {
	const secret = "00printedByACommand"
	shell, err := exec.LookPath("sh")
	if err != nil || runtime.GOOS == "windows" {
		t.Skip("no shell")
	}
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Okta-Request-Id", "r1")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprintf(w, `{"errorCode":"E0000011","errorId":"e1","errorSummary":"bad token %s"}`, r.Header.Get("Authorization"))
	}))
	defer server.Close()
	env := map[string]string{"OKTA_CLIENT_ORGURL": server.URL, "OKTA_CLIENT_TOKEN_COMMAND": shell + " -c 'echo " + secret + "'", "HOME": t.TempDir()}
	var stdout, stderr bytes.Buffer
	code := Run(t.Context(), Process{
		Args: []string{"oktareset", "whoami", "-v"}, Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Getenv: func(k string) string { return env[k] }, Version: "test",
	})
	if code != fault.ExitNoAccess || asked == 0 || !strings.Contains(stderr.String(), "bad token SSWS REDACTED") || strings.Contains(stdout.String()+stderr.String(), secret) {
		t.Errorf("exit code %d after %d requests:\n%s%s", code, asked, &stdout, &stderr)
	}
}
