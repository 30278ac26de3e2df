package command

import (
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/time/rate"

	"oktareset/oktaclient"
	"oktareset/runner/access"
	"oktareset/runner/fault"
)

// paceFlags say how fast a command asks.
func paceFlags(category string) []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "rate", Category: category, Usage: "at most `N/s`, N/m or N/h requests in each of Okta's buckets (default: what the org allows)"},
		&cli.IntFlag{Name: "max-api-capacity", Category: category, Value: oktaclient.DefaultCapacity, Usage: "leave the rest of each limit to others: use `PCT` percent"},
		timeoutFlag(category),
	}
}

func timeoutFlag(category string) cli.Flag {
	return periodFlag("timeout", category, oktaclient.DefaultTimeout, "wait `D` for the answer to a request")
}

// parsePace reads the flags of [paceFlags].
func parsePace(c *cli.Context) (p access.Pace, err error) {
	if p.Rate, err = parseRate(c.String("rate")); err != nil {
		return p, err
	}
	if p.Capacity = c.Int("max-api-capacity"); p.Capacity < 1 || p.Capacity > 100 {
		return p, fault.Usage("1 to 100", "--max-api-capacity %d", p.Capacity)
	}
	p.Timeout, err = parseTimeout(c)
	return p, err
}

func parseTimeout(c *cli.Context) (time.Duration, error) {
	d := c.Duration("timeout")
	if d < time.Second {
		return d, fault.Usage("at least 1s: an answer that comes too late is lost", "--timeout %s", d)
	}
	return d, nil
}

// parseRate reads N/s, N/m or N/h.
func parseRate(s string) (rate.Limit, error) {
	if s == "" {
		return 0, nil
	}
	number, unit, _ := strings.Cut(s, "/")
	n, err := strconv.ParseFloat(number, 64)
	per := map[string]float64{"s": 1, "m": 60, "h": 3600}[unit]
	if err != nil || per == 0 || !(n > 0) || n > 1e6 {
		return 0, fault.Usage("as --rate 5/s, --rate 200/m or --rate 100/h", "--rate %q isn't N/s, N/m or N/h", s)
	}
	return rate.Limit(n / per), nil
}
