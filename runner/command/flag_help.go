package command

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// flagHelp lists flags by category, in the order in which they are given: urfave/cli would sort both.
func flagHelp(flags []cli.Flag) string {
	var b strings.Builder
	category := ""
	for _, f := range flags {
		d, ok := f.(cli.DocGenerationFlag)
		if !ok {
			continue
		}
		if c, ok := f.(cli.CategorizableFlag); ok && c.GetCategory() != category {
			category = c.GetCategory()
			fmt.Fprintf(&b, "\n%s:\n", category)
		}
		usage := d.GetUsage()
		names := flagNames(f.Names())
		if _, rest, ok := strings.Cut(usage, "`"); ok {
			value, _, _ := strings.Cut(rest, "`")
			names += " " + value
		}
		usage = strings.ReplaceAll(usage, "`", "")
		if def := strings.Trim(d.GetDefaultText(), `"`); d.TakesValue() && def != "" && def != "0" {
			usage += " (default: " + def + ")"
		}
		fmt.Fprintf(&b, "   %-27s %s\n", names, usage)
	}
	return b.String()
}

// flagNames is as "-n, --dry-run": the name comes first in the list, its short form after it.
func flagNames(names []string) string {
	if len(names) > 1 {
		return fmt.Sprintf("-%s, --%s", names[1], names[0])
	}
	return "    --" + names[0]
}
