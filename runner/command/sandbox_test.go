package command

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"

	"oktareset/runner/access"
	"oktareset/runner/fault"
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

// Of several bad flags the first of the help is named, with its range, each time the same one.
func TestSandboxRanges(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--concurrency 0 --limit 0 --token-share 0": "--limit 0: at least 1",
		"--token-share 101 --concurrency 0":         "--token-share 101: 1 to 100",
		"--users -1 --absent 101":                   "--users -1: at least 0",
		"--absent -1 --reenroll 1m":                 "--absent -1: 0 to 100",
		"--log-lag -1s --reenroll -2s":              "--reenroll -2s: 0 or more",
		"--latency -1ms":                            "--latency -1ms: 0 or more",
		"--log-lag -1s":                             "--log-lag -1s: 0 or more",
		"--scope okta.users.read --dpop":            "--dpop is for a service app: --app is missing: as --app key.pem",
	} {
		for range 10 {
			cmd := blankApp().sandboxCommand()
			cmd.Action = func(c *cli.Context) error {
				_, err := parseSandbox(c)
				return err
			}
			app := &cli.App{Commands: []*cli.Command{cmd}, ExitErrHandler: func(*cli.Context, error) {}}
			err := app.Run(append([]string{"oktareset", "sandbox"}, strings.Fields(args)...))
			if err == nil || err.Error()+": "+fault.Hint(err) != want || fault.Code(err) != fault.ExitUsage {
				t.Errorf("sandbox %s: %v, hint %q; want %s", args, err, fault.Hint(err), want)
				break
			}
		}
	}
}
