package runner

import "sync"

// Seen remembers which row named a user first. It is safe for concurrent use; the zero value is ready.
type Seen struct {
	mu    sync.Mutex
	first map[Key]uint32
}

// Claim records that row n names the user of i, unless an earlier row did. It returns the row that holds the user.
// A row that claims a user again still holds it.
func (s *Seen) Claim(i Identifier, n int) int {
	k := i.Key()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first == nil {
		s.first = make(map[Key]uint32)
	}
	if first, ok := s.first[k]; ok {
		return int(first)
	}
	s.first[k] = uint32(n)
	return n
}

// Len is the number of identifiers claimed.
func (s *Seen) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.first)
}
