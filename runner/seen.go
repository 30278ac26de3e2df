package runner

import (
	"hash/maphash"
	"math/bits"
	"sync"
)

// Seen remembers which row named a user first, in 25 bytes a user, or 23 to 29 if it wasn't
// told how many to expect. It is safe for concurrent use; the zero value is ready.
//
// The keys are kept whole, and not as shorter fingerprints: of two users who are taken for one,
// one is never reset.
type Seen struct {
	users   int      // that are expected
	repeats *Repeats // the only logins that are remembered; nil: all are

	mu     sync.Mutex
	seed   maphash.Seed // against input that is made to fall into one place
	shards []shard      // 2^shardBits, by the hash; nil until the first claim
}

// shardBits makes shards small enough that one grows at little cost: a single table of a
// million would hold all of them twice.
const shardBits = 8

// Expect says, before the first Claim, how many users there will be about, so that none is
// moved, and which logins more than one row names. No others are remembered, which halves the
// memory of a file of logins: should a second row name one of them after all, its user turns
// out to be claimed by ID.
func (s *Seen) Expect(users int, repeats *Repeats) { s.users, s.repeats = users, repeats }

// Claim records that row n, 1 or higher, names the user of i, unless an earlier row did. It
// returns the row that holds the user. A row that claims a user again still holds it.
func (s *Seen) Claim(i Identifier, n int) int {
	if i.Kind == KindLogin && s.repeats != nil && !s.repeats.Has(i) {
		return n
	}
	k := i.Key()
	s.mu.Lock()
	defer s.mu.Unlock()
	return int(s.claim(k, n).first)
}

// Find returns the row that holds the user of i, if one does.
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

// Set records that row n, 1 or higher, names the user of i, whatever an earlier row did.
func (s *Seen) Set(i Identifier, n int) {
	k := i.Key()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.claim(k, n).first = uint32(n)
}

// claim returns k's slot, which is row n's if it was nobody's. s.mu is held.
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

// Forget drops what the rows claim for which drop is true.
func (s *Seen) Forget(drop func(n int) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.shards {
		s.shards[i].forget(drop, s.seed)
	}
}

// Len is the number of identifiers claimed.
func (s *Seen) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for i := range s.shards {
		n += s.shards[i].used
	}
	return n
}

// shard is a hash table that looks for a key from its place onwards (linear probing).
type shard struct {
	slots []slot
	used  int
}

// slot holds the first row that named a user. It is free if that is 0. It takes 20 bytes: a
// uint64 in it would make it 24.
type slot struct {
	key   Key
	first uint32
}

// leastSlots is the smallest size of a shard. It grows by a quarter when seven of eight slots
// are in use, so that hardly a third of the memory is ever free.
const leastSlots = 16

// claim returns k's slot, which is row n's if it was nobody's. It is valid until the next claim.
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

// find returns the slot of k, which is free if nobody has claimed it. There always is a free one.
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

// resize moves what there is to a new place.
func (t *shard) resize(size int, seed maphash.Seed) {
	old := t.slots
	t.slots = make([]slot, max(leastSlots, size))
	for i := range old {
		if old[i].first != 0 {
			*t.find(old[i].key, seed) = old[i]
		}
	}
}

// forget drops the slots of rows for which drop is true. The others move, as a search ends at a
// free slot.
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
