package runner_test

import (
	"fmt"
	"sync"
	"testing"

	"oktareset/runner"
)

func mustParse(t *testing.T, cell string) runner.Identifier {
	t.Helper()
	id, reason := runner.ParseIdentifier(cell)
	if reason != "" {
		t.Fatalf("ParseIdentifier(%q) = %q, want a valid one", cell, reason)
	}
	return id
}

func TestSeenFirstWins(t *testing.T) {
	t.Parallel()
	var s runner.Seen
	if s.Len() != 0 {
		t.Errorf("Len() = %d, want 0", s.Len())
	}
	for _, tt := range []struct {
		cell         string
		n, want, len int
	}{
		{anID, 1, 1, 1},
		{anID, 2, 1, 1},
		{anID, 1, 1, 1}, // its own row again
		{anotherID, 3, 3, 2},
		{"alice@example.com", 4, 4, 3},
		{"ALICE@example.com", 5, 4, 3},
		{jurgenNFD, 6, 6, 4},
		{jurgenNFC, 7, 6, 4},
		{"jurgen@example.com", 8, 8, 5},
		{anID, 1_000_000, 1, 5},
		{"zoe@example.com", 4_000_000_000, 4_000_000_000, 6},
	} {
		if got := s.Claim(mustParse(t, tt.cell), tt.n); got != tt.want {
			t.Errorf("Claim(%q, %d) = %d, want %d", tt.cell, tt.n, got, tt.want)
		}
		if got := s.Len(); got != tt.len {
			t.Errorf("Len() after %q = %d, want %d", tt.cell, got, tt.len)
		}
	}
}

// Of workers that claim the same users at the same time, one gets each, and all agree which.
func TestSeenConcurrent(t *testing.T) {
	t.Parallel()
	const users, workers = 200, 8
	var s runner.Seen
	held := make([][]int, workers) // by worker: who holds each user
	var wg sync.WaitGroup
	for w := range workers {
		held[w] = make([]int, users)
		wg.Go(func() {
			for i := range users {
				u := (i + w*37) % users
				id := runner.Identifier{Kind: runner.KindLogin, Value: fmt.Sprintf("user%d@example.com", u)}
				held[w][u] = s.Claim(id, w+1)
			}
		})
	}
	wg.Wait()
	if s.Len() != users {
		t.Errorf("Len() = %d, want %d", s.Len(), users)
	}
	for u := range users {
		for w := range workers {
			if held[w][u] != held[0][u] || held[w][u] < 1 || held[w][u] > workers {
				t.Errorf("user %d belongs to %d for worker %d, to %d for worker 1", u, held[w][u], w+1, held[0][u])
			}
		}
	}
}
