package export

import (
	"strings"

	"oktareset/oktaclient"
	"oktareset/runner/console"
)

// cutCells are the values that were too long for a cell.
type cutCells struct {
	count        int
	column, user string // the first one's
}

// short cuts a value of the i-th column that is too long. A list or an object can be that with no
// long text in it.
func (x *export) short(cell, userID string, i int) string {
	if len(cell) <= oktaclient.MaxAttribute {
		return cell
	}
	if x.cut.count++; x.cut.count == 1 {
		x.cut.column, x.cut.user = x.opts.Columns[i].Name, userID
	}
	return strings.ToValidUTF8(cell[:oktaclient.MaxAttribute], "") + "…"
}

// say says that the export doesn't hold all that the org has.
func (c *cutCells) say(to *console.Console) {
	if c.count == 0 {
		return
	}
	to.Alert("cut after %[2]d KB: %[1]s, the first in column %[3]q of user %[4]s",
		console.Plural(c.count, "value"), oktaclient.MaxAttribute>>10, c.column, c.user)
}
