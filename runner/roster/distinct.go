package roster

import (
	"encoding/binary"
	"slices"

	"oktareset/runner"
)

// distinct counts different keys, exactly. A map of a million keys waits for memory at every one; here they are dealt into
// buckets that are small enough to be looked through in the processor's cache. The zero value is ready.
type distinct struct {
	buckets [1 << bucketBits][]runner.Key
	seen    map[runner.Key]struct{} // of the bucket at hand
}

const (
	bucketBits = 8  // a million keys are 4,000 a bucket: 64 KB
	bucketStep = 32 // keys that a new bucket has room for
)

// add counts k.
func (d *distinct) add(k runner.Key) {
	b := &d.buckets[bucket(k)]
	if len(*b) == cap(*b) {
		*b = d.compact(*b) // many rows of few users take no more memory than the users
		if len(*b) >= cap(*b)/2 {
			*b = slices.Grow(*b, len(*b)+bucketStep)
		}
	}
	*b = append(*b, k)
}

// count returns the number of different keys.
func (d *distinct) count() int {
	n := 0
	for i, b := range d.buckets {
		d.buckets[i] = d.compact(b)
		n += len(d.buckets[i])
	}
	return n
}

// compact drops doubles in place.
func (d *distinct) compact(keys []runner.Key) []runner.Key {
	if d.seen == nil {
		d.seen = make(map[runner.Key]struct{})
	}
	clear(d.seen)
	kept := keys[:0]
	for _, k := range keys {
		d.seen[k] = struct{}{}
		if len(d.seen) > len(kept) {
			kept = append(kept, k)
		}
	}
	return kept
}

// bucket spreads keys evenly although IDs of one org share their first and last letters: the top bits of a product depend on
// all bits of its factors.
func bucket(k runner.Key) uint64 {
	const odd = 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio: Fibonacci hashing
	high, low := binary.BigEndian.Uint64(k[:8]), binary.BigEndian.Uint64(k[8:])
	return ((high*odd ^ low) * odd) >> (64 - bucketBits)
}
