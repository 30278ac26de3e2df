package oktaclient

import (
	"bytes"
	"encoding/json"
	"errors"
)

// maxItems is more than any list of Okta's holds at once: a page of the System Log has 1,000 events. A reply's bytes don't bound the memory that
// they take as items.
const maxItems = 5000

// items is a list in a reply. null stays nil, and an empty list isn't.
type items[T any] []T

// UnmarshalJSON reads a list of bounded length.
func (l *items[T]) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	switch first, err := d.Token(); {
	case err != nil:
		return err
	case first == nil:
		*l = nil
		return nil
	case first != json.Delim('['):
		return errors.New("it isn't a list")
	}
	*l = items[T]{}
	for d.More() {
		if len(*l) == maxItems {
			return errors.New("the list is longer than any of Okta's")
		}
		var item T
		if err := d.Decode(&item); err != nil {
			return err
		}
		*l = append(*l, item)
	}
	return nil
}
