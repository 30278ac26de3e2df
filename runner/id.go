package runner

import (
	"crypto/rand"
	"encoding/hex"
	"time"
)

// NewRunID returns a new name for a run, for the ledger, the manifest and every request's
// User-Agent: its UTC start and six random digits.
func NewRunID() string {
	var b [3]byte
	_, _ = rand.Read(b[:]) // it never fails
	return time.Now().UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(b[:])
}
