package runner

import "encoding/binary"

// Repeats holds the users whom more than one row names, in 128 KiB however many they are. Of
// somebody else it may say that it holds them, too; never the other way round. The zero value
// holds nobody.
type Repeats struct {
	bits [1 << repeatBits / 64]uint64
	any  bool
}

// repeatBits is enough for only one in a thousand others to be taken for one of a thousand that
// are held.
const repeatBits = 20

// Add adds the user whose key this is.
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

// repeatPlace depends on the bits that differ from user to user: a login's key is a hash, an
// ID's ends in its last nine digits.
func repeatPlace(k Key) (word, bit uint64) {
	const odd = 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio: Fibonacci hashing
	at := binary.BigEndian.Uint64(k[8:]) * odd >> (64 - repeatBits)
	return at / 64, 1 << (at % 64)
}
