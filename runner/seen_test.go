package runner_test

import (
	"fmt"
	"runtime"
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

// If workers claim the same users at the same time, one gets each, and all agree which.
func TestSeenConcurrent(t *testing.T) {
	t.Parallel()
	const users, workers = 200, 8
	var s runner.Seen
	held := make([][]int, workers) // by worker: who owns each user
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

// Forget drops the claims of some rows, wherever their slots are, and still finds all others.
func TestSeenForget(t *testing.T) {
	t.Parallel()
	const users = 20_000
	var s runner.Seen
	for n := 1; n <= users; n++ {
		s.Claim(numbered(n), n)
	}
	s.Set(numbered(2), users+2)
	s.Forget(func(n int) bool { return n%2 == 1 })
	if got := s.Len(); got != users/2 {
		t.Errorf("Len() after half were forgotten = %d, want %d", got, users/2)
	}
	for n := 1; n <= users; n++ {
		want := n
		switch {
		case n == 2:
			want = users + 2
		case n%2 == 1:
			want = 1_000_000
		}
		if got := s.Claim(numbered(n), 1_000_000); got != want {
			t.Fatalf("user %d belongs to row %d, want %d", n, got, want)
		}
	}
}

// Of logins, only those are remembered that more than one row may name; of IDs, all.
func TestSeenExpect(t *testing.T) {
	t.Parallel()
	once, twice, id := mustParse(t, "once@example.com"), mustParse(t, "Twice@example.com"), mustParse(t, anID)
	var repeats runner.Repeats
	if repeats.Has(twice) {
		t.Errorf("Has(%v) of nobody = true", twice)
	}
	repeats.Add(twice.Key())
	var s runner.Seen
	s.Expect(3, &repeats)
	for _, tt := range []struct {
		id      runner.Identifier
		n, want int
	}{
		{once, 1, 1},
		{once, 2, 2},
		{twice, 3, 3},
		{mustParse(t, "tWICE@example.com"), 4, 3},
		{id, 5, 5},
		{id, 6, 5},
	} {
		if got := s.Claim(tt.id, tt.n); got != tt.want {
			t.Errorf("Claim(%v, %d) = %d, want %d", tt.id, tt.n, got, tt.want)
		}
	}
	if got := s.Len(); got != 2 {
		t.Errorf("Len() = %d, want 2", got)
	}
}

// Every added user is found, and few others by mistake.
func TestRepeats(t *testing.T) {
	t.Parallel()
	const added, others = 1000, 100_000
	var r runner.Repeats
	for n := range added {
		r.Add(numbered(n).Key())
	}
	wrong := 0
	for n := range added + others {
		switch has := r.Has(numbered(n)); {
		case n < added && !has:
			t.Fatalf("Has(%v) = false for a user who was added", numbered(n))
		case n >= added && has:
			wrong++
		}
	}
	if wrong > others/200 {
		t.Errorf("%d of %d others are held, want one in a thousand", wrong, others)
	}
}

// A million users have to fit into 64 MiB together with everything else.
func TestSeenMemory(t *testing.T) {
	const users = 100_000
	ids := make([]runner.Identifier, users)
	for i := range ids {
		ids[i] = numbered(i)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var s runner.Seen
	s.Expect(users, nil)
	for i, id := range ids {
		s.Claim(id, i+1)
	}
	runtime.ReadMemStats(&after)
	if room := (after.TotalAlloc - before.TotalAlloc) / users; room > 28 {
		t.Errorf("%d users who were expected take %d bytes each, want 25", users, room)
	}
	if n := testing.AllocsPerRun(1, func() {
		for i := range 100 {
			s.Claim(ids[i], i+1)
		}
	}); n > 0 {
		t.Errorf("claims allocate %v times, want never", n)
	}
}

// numbered returns a user's ID that differs from others only in its last letters.
func numbered(n int) runner.Identifier {
	return runner.Identifier{Kind: runner.KindID, Value: fmt.Sprintf("00u1h3k9%012d", n)}
}
