package access

import (
	"context"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"oktareset/oktaclient"
)

// OptionalTime is how long the start of a run waits for optional information.
const OptionalTime = 5 * time.Second

// AskWho is the first request of most commands, in words.
const AskWho = "ask who they are"

// Way says how a command reaches its org.
type Way struct {
	Flags   Flags
	Scopes  Scopes                   // for a service app
	StandIn func() (*Sandbox, error) // serves the stand-in org instead of a real one; nil: not used
	// follows ours in the User-Agent: run/ID if the command may change something
	Product string
	Client  oktaclient.Options // the command's own choices: pace, timeout

	Rehearsal string // the command that does the same without an org; "": there is none
}

// Pace is how fast a command asks, as the user chose.
type Pace struct {
	Rate     rate.Limit // requests a second in each bucket; 0: no limit
	Capacity int        // percent of each of Okta's limits
	Timeout  time.Duration
}

// Connection is a client for an org.
type Connection struct {
	Client  *oktaclient.Client
	StandIn *Sandbox // nil with a real org
	Config  Config
	options oktaclient.Options
	met     bool // Okta has answered one of the clients
}

// Connect finds the org and the credentials, or serves the stand-in, and makes a client. It sends
// nothing.
func (e *Env) Connect(ctx context.Context, w Way) (*Connection, error) {
	c := &Connection{options: w.Client}
	var err error
	if w.StandIn == nil {
		c.Config, err = e.loadOrg(ctx, w)
	} else if c.StandIn, err = w.StandIn(); err == nil {
		c.Config, err = c.StandIn.config()
	}
	if err != nil {
		return nil, err
	}
	o := &c.options
	o.Token, o.App, o.Transport, o.Proxy = c.Config.token, c.Config.App, e.Transport, c.Config.proxy
	o.UserAgent = strings.TrimSpace("oktareset/" + e.Version + " " + w.Product)
	if e.Console.Opts.Verbose {
		o.Logger = e.Console.Log
	}
	c.Renew()
	return c, nil
}

// Renew replaces a client that has given up for good.
func (c *Connection) Renew() {
	earlier := c.Client
	c.Client = oktaclient.New(c.Config.URL, c.options)
	if earlier != nil {
		c.Client.Succeed(earlier)
	}
}
