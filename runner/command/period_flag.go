package command

import (
	"time"

	"github.com/urfave/cli/v2"

	"oktareset/runner/console"
)

// periodFlag is a flag that takes a time. def is its default, 0 for none.
func periodFlag(name, category string, def time.Duration, usage string) *cli.GenericFlag {
	value := console.Period(def)
	return &cli.GenericFlag{Name: name, Category: category, Value: &value, Usage: usage}
}

// aTime returns an example for a flag: its default, else an hour and a half.
func aTime(f *cli.GenericFlag) string {
	if def := f.GetDefaultText(); def != "" && def != "0s" {
		return def
	}
	return "90m"
}
