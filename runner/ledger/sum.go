package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
)

// sum is the SHA-256 of what is read, reckoned beside the reading: on a second core it costs a resume no time.
type sum struct {
	chunks, free chan []byte
	done         chan struct{}
	hash         hash.Hash
	ended        bool
}

// sumBuffers is how many chunks may wait.
const sumBuffers = 4

// newSum makes a reader of what in holds that is summed up. end must be called.
func newSum(in io.Reader) (io.Reader, *sum) {
	s := &sum{
		chunks: make(chan []byte, sumBuffers), free: make(chan []byte, sumBuffers+2), done: make(chan struct{}), hash: sha256.New(),
	}
	go func() {
		defer close(s.done)
		for chunk := range s.chunks {
			s.hash.Write(chunk)
			s.free <- chunk
		}
	}()
	return io.TeeReader(in, s), s
}

// Write takes a copy of a chunk.
func (s *sum) Write(p []byte) (int, error) {
	var chunk []byte
	select {
	case chunk = <-s.free:
	default:
	}
	s.chunks <- append(chunk[:0], p...)
	return len(p), nil
}

// end waits until all is summed up. It may be called again, and on nil.
func (s *sum) end() {
	if s != nil && !s.ended {
		s.ended = true
		close(s.chunks)
		<-s.done
	}
}

// hex is the sum of all that was read, in hexadecimal.
func (s *sum) hex() string {
	s.end()
	return hex.EncodeToString(s.hash.Sum(nil))
}
