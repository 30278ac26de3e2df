package command

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// flagEntry describes a flag. The flag's --help, the man page and the completion of the shells all
// use it.
type flagEntry struct {
	flag       cli.Flag
	names      []string // the long one first
	category   string
	takesValue bool
	value      string // the kind of value in words, as FILE
	usage      string // with the default
	repeatable bool
}

// flagEntries describes flags in the given order. urfave/cli would sort them.
func flagEntries(flags []cli.Flag) []flagEntry {
	var entries []flagEntry
	for _, f := range flags {
		d, ok := f.(cli.DocGenerationFlag)
		if !ok {
			continue
		}
		e := flagEntry{flag: f, names: f.Names(), takesValue: d.TakesValue(), usage: strings.ReplaceAll(d.GetUsage(), "`", "")}
		if c, ok := f.(cli.CategorizableFlag); ok {
			e.category = c.GetCategory()
		}
		if _, rest, ok := strings.Cut(d.GetUsage(), "`"); ok {
			e.value, _, _ = strings.Cut(rest, "`")
		}
		if def := strings.Trim(d.GetDefaultText(), `"`); d.TakesValue() && def != "" && def != "0" && def != "0s" {
			e.usage += " (default: " + def + ")"
		}
		_, e.repeatable = f.(*cli.StringSliceFlag)
		entries = append(entries, e)
	}
	return entries
}

// flagHelp lists flags by category.
func flagHelp(flags []cli.Flag) string {
	var b strings.Builder
	category := ""
	for _, e := range flagEntries(flags) {
		if e.category != category {
			category = e.category
			fmt.Fprintf(&b, "\n%s:\n", category)
		}
		names := e.forms()
		if len(e.names) == 1 {
			names = "    " + names
		}
		fmt.Fprintf(&b, "   %-28s  %s\n", names, e.usage)
	}
	return b.String()
}

// forms returns the names and the value, as "-o, --output FILE".
func (e flagEntry) forms() string {
	forms := "--" + e.names[0]
	if len(e.names) > 1 {
		forms = "-" + e.names[1] + ", " + forms
	}
	if e.value != "" {
		forms += " " + e.value
	}
	return forms
}
