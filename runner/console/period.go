package console

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// ParsePeriod reads a duration that may begin with days, as 2d or 1d12h.
func ParsePeriod(s string) (time.Duration, error) {
	days, rest, ok := strings.Cut(s, "d")
	if !ok {
		return time.ParseDuration(s)
	}
	n, err := strconv.Atoi(days)
	if err != nil || n < 0 || n > 1000 {
		return 0, fmt.Errorf("%q isn't a number of days", days)
	}
	d := time.Duration(n) * 24 * time.Hour
	if rest == "" {
		return d, nil
	}
	more, err := time.ParseDuration(rest)
	return d + more, err
}

// Period is the value of a flag for a duration.
type Period time.Duration

var (
	errNoUnit   = errors.New("has no unit")
	errNoPeriod = errors.New("isn't a time")
	numberOnly  = regexp.MustCompile(`^[0-9]+([.][0-9]+)?$`)
)

// Set implements flag.Value.
func (p *Period) Set(text string) error {
	d, err := ParsePeriod(text)
	switch {
	case err == nil:
		*p = Period(d)
		return nil
	case numberOnly.MatchString(text):
		return errNoUnit
	}
	return errNoPeriod
}

// Get implements flag.Getter.
func (p *Period) Get() any { return time.Duration(*p) }

// String returns the form of [PeriodText].
func (p *Period) String() string { return PeriodText(time.Duration(*p)) }

// PeriodText writes a duration as a person does, without parts that are zero: 24h, 1h30m.
func PeriodText(d time.Duration) string {
	s := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, zero) {
			s = s[:len(s)-2]
		}
	}
	return s
}
