package command

import (
	"errors"
	"regexp"
	"time"

	"github.com/urfave/cli/v2"

	"oktareset/runner/protect"
)

// period is the value of a flag that takes a time.
type period time.Duration

var (
	errNoUnit   = errors.New("has no unit")
	errNoPeriod = errors.New("isn't a time")
	numberOnly  = regexp.MustCompile(`^[0-9]+([.][0-9]+)?$`)
)

// Set implements [cli.Generic].
func (p *period) Set(text string) error {
	d, err := protect.ParsePeriod(text)
	switch {
	case err == nil:
		*p = period(d)
		return nil
	case numberOnly.MatchString(text):
		return errNoUnit
	}
	return errNoPeriod
}

// Get implements flag.Getter.
func (p *period) Get() any { return time.Duration(*p) }

// String is what [cli.Context.Duration] reads.
func (p *period) String() string { return time.Duration(*p).String() }

// periodFlag is a flag that takes a time. def is its default, 0 for none.
func periodFlag(name, category string, def time.Duration, usage string) *cli.GenericFlag {
	value := period(def)
	return &cli.GenericFlag{Name: name, Category: category, Value: &value, Usage: usage}
}

// aTime is an example of what a flag takes: its default, else an hour and a half.
func aTime(f *cli.GenericFlag) string {
	if def := f.GetDefaultText(); def != "" && def != "0s" {
		return def
	}
	return "90m"
}
