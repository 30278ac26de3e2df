package runner

import "encoding/binary"

// Repeats remembers the users that more than one row names, in 128 KiB however many they are. It
// may also claim to have a user that wasn't added; it never misses one that was. The zero value
// is empty.
type Repeats struct {
	bits [1 << repeatBits / 64]uint64
	any  bool
}

// repeatBits is enough that with a thousand users added, only one in a thousand others is taken
// for one of them.
const repeatBits = 20

// Add adds the user with this key.
func (r *Repeats) Add(k Key) {
	word, bit := repeatPlace(k)
	r.bits[word] |= bit
	r.any = true
}

// Has reports whether the user may have been added.
func (r *Repeats) Has(i Identifier) bool {
	if !r.any {
		return false
	}
	word, bit := repeatPlace(i.Key())
	return r.bits[word]&bit != 0
}

// repeatPlace uses the bits that differ from user to user: a login's key is a hash, an ID's ends
// in its last nine digits.
func repeatPlace(k Key) (word, bit uint64) {
	const odd = 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio: Fibonacci hashing
	at := binary.BigEndian.Uint64(k[8:]) * odd >> (64 - repeatBits)
	return at / 64, 1 << (at % 64)
}
