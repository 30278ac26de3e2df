package conform

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// nodeSDK has Okta's Node SDK do what oktareset does, in all orgs. Its packages go into a folder of
// the test: what is there comes from package-lock.json alone.
func nodeSDK(t *testing.T, orgs []*org, results []*result) {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("node")); err != nil {
		t.Fatal(err)
	}
	install := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
	type described struct {
		URL      string   `json:"url"`
		Direct   string   `json:"direct"`
		Token    string   `json:"token,omitempty"`
		ClientID string   `json:"clientId,omitempty"`
		Key      string   `json:"privateKey,omitempty"`
		Scopes   []string `json:"scopes,omitempty"`
		Classic  bool     `json:"classic"`
	}
	var all []described
	for _, o := range orgs {
		d := described{URL: o.url, Direct: o.direct, Token: o.env["OKTA_CLIENT_TOKEN"], Classic: o.classic}
		if o.app {
			key, err := os.ReadFile(o.env["OKTA_CLIENT_PRIVATEKEY"])
			if err != nil {
				t.Fatal(err)
			}
			d.ClientID, d.Key, d.Scopes = o.env["OKTA_CLIENT_CLIENTID"], string(key), scopes
		}
		all = append(all, d)
	}
	in, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", filepath.Join(dir, "client.mjs"))
	cmd.Dir, cmd.Stdin, cmd.Stderr = dir, bytes.NewReader(in), os.Stderr
	cmd.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH")}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, out)
	}
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		var did struct {
			Org     int     `json:"org"`
			Call    string  `json:"call"`
			Problem *string `json:"problem"`
		}
		if err := json.Unmarshal(lines.Bytes(), &did); err != nil {
			t.Fatalf("%v: %s", err, lines.Text())
		}
		results[did.Org].calls++
		if did.Problem != nil {
			results[did.Org].add("the SDK", "%s: %s", did.Call, *did.Problem)
		}
	}
}
