package access

// A run's memory grows with its input and consists of keys and offsets, which the garbage
// collector hardly has to look at. By default Go waits until there is as much garbage again; here
// that would be waste.
const (
	// memoryPerRow is 25 bytes for the seen-set, 8 for the ledger's index and 8 more during a
	// resume, as measured, and a third of that for garbage. Ten million rows need 540 MB.
	memoryPerRow = 54
	// leastMemory, with the 10 MiB of the program's own code, stays below the 64 MiB that a
	// million rows may take. A small input never comes near it.
	leastMemory = 50 << 20
)

// MemoryLimit returns the soft limit, in bytes, for a run over this number of rows.
func MemoryLimit(rows int) int64 { return max(leastMemory, memoryPerRow*int64(rows)) }
