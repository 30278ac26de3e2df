package access_test

import (
	"testing"

	"oktareset/runner/access"
)

func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	for rows, want := range map[int]int64{0: 52 << 20, 900_000: 52 << 20, 1_000_000: 56_000_000, 10_000_000: 560_000_000} {
		if got := access.MemoryLimit(rows); got != want {
			t.Errorf("MemoryLimit(%d) = %d, want %d", rows, got, want)
		}
	}
}
