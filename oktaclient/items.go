package oktaclient

import (
	"bytes"
	"encoding/json"
	"errors"
)

// items is a list in a reply. null becomes nil; an empty list doesn't.
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
			return errTooMany
		}
		var item T
		if err := d.Decode(&item); err != nil {
			return err
		}
		*l = append(*l, item)
	}
	return nil
}
