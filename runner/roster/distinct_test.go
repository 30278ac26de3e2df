package roster

import (
	"fmt"
	"testing"

	"oktareset/runner"
)

func key(i int) runner.Key {
	return runner.Identifier{Kind: runner.KindID, Value: fmt.Sprintf("00u1%012d0h7x", i)}.Key()
}

func TestDistinct(t *testing.T) {
	t.Parallel()
	const users = 20_000
	var d distinct
	d.reset()
	for row := range 10 * users {
		d.add(key(row * 7919 % users))
	}
	room, largest := 0, 0
	for _, b := range d.buckets {
		room += cap(b)
		largest = max(largest, len(b))
	}
	if room > 4*users {
		t.Errorf("%d rows of %d users take room for %d keys", 10*users, users, room)
	}
	if largest > 8*users/len(d.buckets) {
		t.Errorf("one of %d buckets has %d of %d users", len(d.buckets), largest, users)
	}
	if got := d.count(); got != users {
		t.Errorf("count() = %d, want %d", got, users)
	}
	d.add(key(0))
	d.add(key(users))
	if got := d.count(); got != users+1 {
		t.Errorf("count() after an old and a new user = %d, want %d", got, users+1)
	}
}
