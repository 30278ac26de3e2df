package job

import (
	"sync/atomic"

	"oktareset/runner"
)

// notedBook notes that a row was taken.
type notedBook struct {
	runner.Book
	taken *atomic.Bool
}

// Take implements [runner.Book].
func (b notedBook) Take(row runner.Row, t runner.Taken) error {
	err := b.Book.Take(row, t)
	if err == nil {
		b.taken.Store(true)
	}
	return err
}
