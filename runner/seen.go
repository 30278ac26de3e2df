package runner

import (
	"hash/maphash"
	"math/bits"
	"sync"
)

// Seen remembers which row named a user first, in 25 bytes a user, or 23 to 29 without the
// expected number of users. It is safe for concurrent use; the zero value is ready.
//
// It stores whole keys, not shorter fingerprints: if two users were taken for one, one of them
// would never be reset.
type Seen struct {
	users   int      // how many are expected
	repeats *Repeats // only these logins are remembered; nil: all are

	mu     sync.Mutex
	seed   maphash.Seed // protects from input that was made to collide
	shards []shard      // 2^shardBits, by the hash; nil until the first claim
}

// shardBits makes shards so small that growing one costs little: while a single table of a
// million grew, it would take twice its memory.
const shardBits = 8

// Expect says, before the first Claim, about how many users there will be, so that nothing has to
// be moved, and which logins more than one row names. Other logins aren't remembered, which
// halves the memory for a file of logins. If a second row names one of them after all, the claim
// of its user's ID shows it.
func (s *Seen) Expect(users int, repeats *Repeats) { s.users, s.repeats = users, repeats }

// Claim records that row n, 1 or higher, names the user of i, unless an earlier row did. It
// returns the row that owns the user. A row that claims its user again still owns it.
func (s *Seen) Claim(i Identifier, n int) int {
	if i.Kind == KindLogin && s.repeats != nil && !s.repeats.Has(i) {
		return n
	}
	k := i.Key()
	s.mu.Lock()
	defer s.mu.Unlock()
	return int(s.claim(k, n).first)
}

// Find returns the row that owns the user of i, if there is one.
func (s *Seen) Find(i Identifier) (n int, ok bool) {
	k := i.Key()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shards == nil {
		return 0, false
	}
	hash := maphash.Bytes(s.seed, k[:])
	n = int(s.shards[hash>>(64-shardBits)].find(k, s.seed).first)
	return n, n != 0
}

// Set records that row n, 1 or higher, owns the user of i, even if an earlier row did.
func (s *Seen) Set(i Identifier, n int) {
	k := i.Key()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.claim(k, n).first = uint32(n)
}

// claim returns k's slot, and gives it to row n if it was free. The caller has locked s.mu.
func (s *Seen) claim(k Key, n int) *slot {
	if s.shards == nil {
		s.begin()
	}
	hash := maphash.Bytes(s.seed, k[:])
	return s.shards[hash>>(64-shardBits)].claim(k, uint32(n), s.seed)
}

func (s *Seen) begin() {
	s.seed, s.shards = maphash.MakeSeed(), make([]shard, 1<<shardBits)
	for i := range s.shards {
		s.shards[i].resize(s.users>>shardBits*5/4, s.seed) // some get a few more than their share
	}
}

// Forget drops the claims of the rows for which drop is true.
func (s *Seen) Forget(drop func(n int) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.shards {
		s.shards[i].forget(drop, s.seed)
	}
}

// Len returns the number of identifiers claimed.
func (s *Seen) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for i := range s.shards {
		n += s.shards[i].used
	}
	return n
}

// shard is a hash table with linear probing.
type shard struct {
	slots []slot
	used  int
}

// slot is a user and the first row that named them. It is free if first is 0. It takes 20 bytes;
// with a uint64 it would take 24.
type slot struct {
	key   Key
	first uint32
}

// leastSlots is the smallest size of a shard. A shard grows by a quarter when seven of eight
// slots are in use, so that hardly a third of the memory is ever free.
const leastSlots = 16

// claim returns k's slot, and gives it to row n if it was free. The slot is valid until the next
// claim.
func (t *shard) claim(k Key, n uint32, seed maphash.Seed) *slot {
	if t.used >= len(t.slots)-len(t.slots)/8 {
		t.resize(len(t.slots)+len(t.slots)/4, seed)
	}
	s := t.find(k, seed)
	if s.first == 0 {
		*s = slot{key: k, first: n}
		t.used++
	}
	return s
}

// find returns the slot of k, or a free one if nobody has claimed k. There is always a free slot.
func (t *shard) find(k Key, seed maphash.Seed) *slot {
	hash := maphash.Bytes(seed, k[:]) << shardBits // the highest bits chose the shard
	place, _ := bits.Mul64(hash, uint64(len(t.slots)))
	for i := int(place); ; i++ {
		if i == len(t.slots) {
			i = 0
		}
		if s := &t.slots[i]; s.first == 0 || s.key == k {
			return s
		}
	}
}

// resize moves the slots to a new table.
func (t *shard) resize(size int, seed maphash.Seed) {
	old := t.slots
	t.slots = make([]slot, max(leastSlots, size))
	for i := range old {
		if old[i].first != 0 {
			*t.find(old[i].key, seed) = old[i]
		}
	}
}

// forget drops the slots of rows for which drop is true and moves the others, because a search
// ends at a free slot.
func (t *shard) forget(drop func(n int) bool, seed maphash.Seed) {
	before := t.used
	for i, s := range t.slots {
		if s.first != 0 && drop(int(s.first)) {
			t.slots[i].first = 0
			t.used--
		}
	}
	if t.used < before {
		t.resize(len(t.slots), seed)
	}
}
