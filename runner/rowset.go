package runner

// RowSet is a set of row numbers, one bit each.
type RowSet []uint64

// NewRowSet makes an empty set for the rows up to last.
func NewRowSet(last int) RowSet { return make(RowSet, last/64+1) }

// Add puts row n into the set.
func (s RowSet) Add(n int) { s[n/64] |= 1 << (n % 64) }

// Has reports whether row n is in the set.
func (s RowSet) Has(n int) bool { return s[n/64]&(1<<(n%64)) != 0 }
