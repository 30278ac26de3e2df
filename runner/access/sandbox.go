package access

import (
	"context"
	"iter"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
	"oktareset/runner/fault"
	"oktareset/runner/roster"
)

// demoPeople and DemoLatency make a rehearsal look like an org: with users besides those of the
// file, and with realistic delays. The median of the replies recorded from Okta is a few hundred
// milliseconds.
const (
	demoPeople  = 200
	DemoLatency = 100 * time.Millisecond
)

// Sandbox is a stand-in org that this process serves on a loopback address.
type Sandbox struct {
	Org    *standin.Org
	listen net.Listener
	server *http.Server
}

// People are whom a stand-in org has besides its own users.
type People struct {
	File  *roster.File      // the users that it names; nil: none
	Known []oktaclient.User // with ID and login
	Named []string          // IDs or logins
	// IDs or logins that the user named one by one: those of [StartDemo] are as they are there
	Typed []string
}

// StartSandbox serves a stand-in org.
func StartSandbox(p People) (*Sandbox, error) {
	org := standin.New(standin.Config{Users: demoPeople, Latency: DemoLatency, LatencyJitter: DemoLatency / 2, PushDelay: demoAnswer})
	addDemo(org, func(login string) bool {
		return slices.ContainsFunc(p.Typed, func(u string) bool { return strings.EqualFold(u, login) })
	})
	for _, u := range p.Known {
		org.Add(standin.User{ID: u.ID, Login: u.Profile.Login})
	}
	if p.File != nil {
		org.AddIdentifiers(Identifiers(p.File))
	}
	org.AddIdentifiers(slices.Values(p.Named))
	return ServeOrg(context.Background(), org, "127.0.0.1:0")
}

// ServeOrg serves an org on an address of this machine until [Sandbox.Close].
func ServeOrg(ctx context.Context, org *standin.Org, address string) (*Sandbox, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fault.Usage("choose another address with --listen", "serve the stand-in org: %w", err)
	}
	s := &Sandbox{Org: org, listen: l, server: &http.Server{Handler: org, ReadHeaderTimeout: time.Minute}}
	go s.server.Serve(l) //nolint:errcheck // it ends when close is called
	return s, nil
}

// Identifiers yields the well-formed identifiers of a file.
func Identifiers(f *roster.File) iter.Seq[string] {
	return func(yield func(string) bool) {
		for row, err := range f.Rows() {
			if err != nil {
				return
			}
			if id, reason := row.Identifier(); reason == "" && !yield(id.Value) {
				return
			}
		}
	}
}

// Peek says what the owner of a factor of the stand-in sees or knows: in a rehearsal nobody is
// there to read it out. Of a real org (nil) it says nothing.
func (e *Env) Peek(s *Sandbox, userID, login, factorID string) {
	if s == nil {
		return
	}
	if code, ok := s.Org.Passcode(userID, factorID); ok {
		e.Console.Info("the stand-in's %s would say %s", login, code)
	}
}

// URL returns the address of the org.
func (s *Sandbox) URL() string { return "http://" + s.listen.Addr().String() }

// config returns the configuration for connecting to it.
func (s *Sandbox) config() (Config, error) {
	url, err := oktaclient.ParseOrgURL(s.URL())
	return Config{URL: url, token: oktaclient.Token(s.Org.Token())}, err
}

// Close ends the server at once. It does nothing on nil.
func (s *Sandbox) Close() {
	if s != nil {
		_ = s.server.Close()
	}
}
