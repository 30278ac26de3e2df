package ledger

import (
	"fmt"
	"slices"

	"oktareset/runner"
)

// index records the last line of each row, in 8 bytes a row: where it begins in the journal and
// its status.
type index struct {
	places []place              // row n is at n-1
	counts [1 << statusBits]int // rows of each status, by the status's number
}

// place is a line's offset and, in the lowest bits, its status; 0 means no line.
type place uint64

// statusBits is how many bits the number of a status needs.
const statusBits = 4

// lineStatuses are the statuses that a line may have; each one's number is its index. Number 0
// means none.
var lineStatuses = append([]runner.Status{"", runner.StatusTaken}, runner.Statuses...)

func (p place) offset() int64 { return int64(p >> statusBits) }

func (p place) number() int { return int(p & (1<<statusBits - 1)) }

func (p place) status() runner.Status { return lineStatuses[p.number()] }

func newIndex(lastRow int) index {
	return index{places: make([]place, lastRow)}
}

// check returns an error if a line with this row and status can't be indexed.
func (x *index) check(row int, s runner.Status) error {
	switch {
	case row < 1 || row > len(x.places):
		return fmt.Errorf("row %d is outside of the input, which has the rows 1 to %d", row, len(x.places))
	case s == "" || !slices.Contains(lineStatuses, s):
		return fmt.Errorf("row %d has the status %q, which isn't one", row, s)
	}
	return nil
}

// set records where the row's last line begins. Row and status must have passed check.
func (x *index) set(row int, s runner.Status, offset int64) {
	number := slices.Index(lineStatuses, s)
	if old := x.places[row-1]; old != 0 {
		x.counts[old.number()]--
	}
	x.counts[number]++
	x.places[row-1] = place(offset)<<statusBits | place(number)
}

// rows returns how many rows have each status by their last line.
func (x *index) rows() runner.Counts {
	counts := runner.Counts{}
	for number, n := range x.counts {
		if n > 0 {
			counts[lineStatuses[number]] = n
		}
	}
	return counts
}
