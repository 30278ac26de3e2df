package access_test

import (
	"testing"

	"oktareset/runner/access"
)

func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	for rows, want := range map[int]int64{0: 50 << 20, 900_000: 50 << 20, 1_000_000: 54_000_000, 10_000_000: 540_000_000} {
		if got := access.MemoryLimit(rows); got != want {
			t.Errorf("MemoryLimit(%d) = %d, want %d", rows, got, want)
		}
	}
}
