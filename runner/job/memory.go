package job

// What a run keeps grows with its input, and the collector hardly has to look at it, as it is
// keys and offsets: to wait until there is as much garbage again, as Go does by default, would
// be waste.
const (
	// memoryPerRow is 25 bytes of the seen-set, 8 of the ledger's index and 8 more while a
	// ledger is resumed, as measured, and a third of that for garbage. Ten million rows are 560
	// MB.
	memoryPerRow = 56
	// leastMemory, with the 8 MiB of the program's own code, stays below the 64 MiB that a
	// million rows may take. A small input never comes near it.
	leastMemory = 52 << 20
)

// limitMemory asks for no more memory than the surveyed input needs. It is a soft limit: what
// doesn't fit costs time, at most half of the processor's, and not the run. The stand-in org of
// a rehearsal needs more.
func (in *input) limitMemory() {
	if in.LimitMemory != nil && !in.opts.Sandbox {
		in.LimitMemory(memoryLimit(in.survey.Rows + in.survey.Ignored))
	}
}

// memoryLimit is in bytes.
func memoryLimit(rows int) int64 { return max(leastMemory, memoryPerRow*int64(rows)) }
