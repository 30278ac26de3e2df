//go:build linux

package kubernetes

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// org is a stand-in org with its users, and what a cluster has of it.
type org struct {
	name, host string
	people     int    // in leavers.csv
	consent    string // of orgs.csv: how many a night may have
	sandbox    []string
	stranger   bool // leavers.csv also names somebody who isn't in the org

	address  string // of the stand-in
	clientID string
	dir      string
}

func (o *org) path(name string) string { return filepath.Join(o.dir, name) }

// program is the program under test.
func program(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../../../oktareset")
	check(t, err)
	return path
}

// serve starts the org's stand-in at the number'th address of the loopback, and before it a server
// that speaks TLS in its name. They end with the test.
func (o *org) serve(t *testing.T, ca *authority, number int) {
	t.Helper()
	o.dir = t.TempDir()
	check(t, os.Chmod(o.dir, 0o755))
	check(t, os.Mkdir(o.path("input"), 0o755))
	check(t, os.Mkdir(o.path("results"), 0o755))
	list := "login\n"
	for i := range o.people {
		list += fmt.Sprintf("user%d@%s.example.com\n", i, o.name)
	}
	write(t, o.path("fill.csv"), []byte(list), 0o644)
	if o.stranger {
		list += "stranger@example.com\n"
	}
	write(t, o.path("input/leavers.csv"), []byte(list), 0o644)

	ip := fmt.Sprintf("127.0.1.%d", number)
	o.address = ip + ":8080"
	args := []string{"sandbox", "--listen", o.address, "--users", "0", "--fill", o.path("fill.csv"), "--app", o.path("key.pem"), "--token-share", "100", "--quiet"}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program(t), append(args, o.sandbox...)...)
	cmd.Dir, cmd.Env, cmd.Stderr = o.dir, []string{"HOME=" + o.dir}, os.Stderr
	out, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	for lines := bufio.NewScanner(out); lines.Scan() && !strings.Contains(lines.Text(), "PRIVATEKEY"); {
		if id, ok := strings.CutPrefix(lines.Text(), "export OKTA_CLIENT_CLIENTID="); ok {
			o.clientID = id
		}
	}
	if o.clientID == "" {
		t.Fatalf("the sandbox of %s didn't say how to sign in", o.name)
	}
	o.front(t, ca, ip)
}

// front serves the stand-in over TLS. It asks by whole addresses, as a proxy is asked, so that the
// stand-in knows its own name.
func (o *org) front(t *testing.T, ca *authority, ip string) {
	t.Helper()
	certificate, err := tls.X509KeyPair(ca.certify(t, ip, o.host))
	check(t, err)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", ip+":443")
	check(t, err)
	front := &http.Server{
		ErrorLog: log.New(io.Discard, "", 0), // clients that are killed
		Handler: &httputil.ReverseProxy{
			ErrorLog: log.New(io.Discard, "", 0),
			Rewrite: func(r *httputil.ProxyRequest) {
				r.Out.URL.Scheme, r.Out.URL.Host = "http", o.address
				r.Out.URL.Opaque = "https://" + r.In.Host + r.In.URL.EscapedPath()
				r.Out.Host = r.In.Host
			},
			ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }, // a lost answer stays one
			Transport:    &http.Transport{DisableCompression: true},
		},
	}
	go front.Serve(tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{certificate}})) //nolint:errcheck // it ends with the test
	t.Cleanup(func() { _ = front.Close() })
}

// counts are what the org says was done.
type counts struct {
	ResetsApplied   int      `json:"resetsApplied"`
	UsersReset      int      `json:"usersReset"`
	UsersResetTwice int      `json:"usersResetTwice"`
	Surprises       []string `json:"surprises"`
}

func (o *org) counts(ctx context.Context) (c counts, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+o.address+"/sandbox/stats", http.NoBody)
	if err != nil {
		return c, err
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return c, err
	}
	defer reply.Body.Close()
	return c, json.NewDecoder(reply.Body).Decode(&c)
}

// did fails the test unless so many users were reset, once each, and nothing else was asked of the
// org that a careful client never asks.
func (o *org) did(t *testing.T, resets int) {
	t.Helper()
	c, err := o.counts(t.Context())
	check(t, err)
	if c.ResetsApplied != resets || c.UsersReset != resets || c.UsersResetTwice != 0 || len(c.Surprises) > 0 {
		t.Errorf("%s: want %d users reset, once each: %+v", o.name, resets, c)
	}
}

// statuses counts the rows of the only results in the volume by their status.
func (o *org) statuses(t *testing.T) map[string]int {
	t.Helper()
	files, err := filepath.Glob(o.path("results/*.results.csv"))
	check(t, err)
	if len(files) != 1 {
		t.Fatalf("%s: results are %q, want one file", o.name, files)
	}
	f, err := os.Open(files[0])
	check(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	check(t, err)
	column := slices.Index(rows[0], "status")
	by := make(map[string]int)
	for _, row := range rows[1:] {
		by[row[column]]++
	}
	return by
}
