package command

import (
	"slices"
	"testing"
	"time"

	"github.com/urfave/cli/v2"

	"oktareset/runner/access"
)

// Every flag of sandbox that says how the org is ends up in it.
func TestParseSandbox(t *testing.T) {
	t.Parallel()
	cmd := blankApp().sandboxCommand()
	var got access.Serving
	cmd.Action = func(c *cli.Context) (err error) {
		got, err = parseSandbox(c)
		return err
	}
	args := []string{
		"oktareset", "sandbox", "--users", "7", "--seed", "3", "--engine", "classic", "--reenroll", "1m", "--absent", "20", "--strangers", "5", "--stays", "push", "--stays", "sms", "--log-lag", "20s",
		"--latency", "5ms", "--token-share", "80", "--app", "key.pem", "--dpop", "--scope", "okta.users.read", "--fault", "drop_after", "--fault", "outage:for=1s",
	}
	if err := (&cli.App{Commands: []*cli.Command{cmd}}).Run(args); err != nil {
		t.Fatal(err)
	}
	c := got.Config
	if c.Users != 7 || c.Seed != 3 || c.Engine != 1 || c.Reenroll != time.Minute || c.Absent != 20 || c.Strangers != 5 || c.LogLag != 20*time.Second || c.TokenShare != 80 ||
		c.Latency != 5*time.Millisecond || !slices.Equal(c.Stays, []string{"push", "sms"}) {
		t.Errorf("config %+v", c)
	}
	if got.App != "key.pem" || !got.Dpop || !slices.Equal(got.Scopes, []string{"okta.users.read"}) || len(got.Faults) != 2 {
		t.Errorf("options %+v", got)
	}
}
