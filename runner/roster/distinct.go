package roster

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"oktareset/runner"
)

// distinct counts different keys, exactly. A table of a million keys waits for memory at every one;
// here they are dealt into buckets that are small enough to be looked through in the processor's
// cache. It is ready after reset.
type distinct struct {
	buckets [1 << bucketBits][]runner.Key
	places  []uint32        // a hash table of the bucket at hand: which of its keys stands where, counted from 1
	repeats *runner.Repeats // gets the keys that were added more than once
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

// reset forgets all keys, and keeps the memory for as many.
func (d *distinct) reset() {
	for i := range d.buckets {
		d.buckets[i] = d.buckets[i][:0]
	}
	d.repeats = new(runner.Repeats)
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
	size := 1 << bits.Len(uint(2*len(keys))) // at least half of it stays free
	d.places = slices.Grow(d.places[:0], size)[:size]
	clear(d.places)
	kept := keys[:0]
	for _, k := range keys {
		at := spread(k) & uint64(size-1)
		for d.places[at] != 0 && kept[d.places[at]-1] != k {
			at = (at + 1) & uint64(size-1)
		}
		if d.places[at] != 0 {
			d.repeats.Add(k)
			continue
		}
		kept = append(kept, k)
		d.places[at] = uint32(len(kept))
	}
	return kept
}

// bucket chooses a key's bucket, by other bits than its place in there.
func bucket(k runner.Key) uint64 { return spread(k) >> (64 - bucketBits) }

// spread hashes keys evenly although IDs of one org share their first and last letters: all
// bits of a key have a part in the upper half of the product, which is folded into the lower
// one.
func spread(k runner.Key) uint64 {
	const odd = 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio: Fibonacci hashing
	high, low := binary.BigEndian.Uint64(k[:8]), binary.BigEndian.Uint64(k[8:])
	h := (high*odd ^ low) * odd
	return h ^ h>>32
}
