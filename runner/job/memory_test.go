package job

import "testing"

func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	for rows, want := range map[int]int64{0: 52 << 20, 900_000: 52 << 20, 1_000_000: 56_000_000, 10_000_000: 560_000_000} {
		if got := memoryLimit(rows); got != want {
			t.Errorf("memoryLimit(%d) = %d, want %d", rows, got, want)
		}
	}
}
