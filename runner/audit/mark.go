package audit

import (
	"encoding/hex"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner/evidence"
)

// mark is what is kept of an event that belongs to a row: 56 bytes, because a million resets
// may have written four million of them.
type mark struct {
	uuid    [16]byte // zero: it isn't a UUID, see marks.odd
	at      int64    // published, in milliseconds since 1970
	request uint64   // hash of its request ID
	next    int32    // an older event of the same row; -1: none
	actor   uint32   // place in marks.texts; so are name and factor
	name    uint32
	factor  uint32
	user    uint32 // what the log calls the user, where the results say nothing or something else
	proof   Proof
	whole   bool // of a reset of all factors, for certain
	all     bool // it says that all factors went
	success bool
}

// marks are the events that belong to rows.
type marks struct {
	all   []mark
	odd   map[int32]string // event IDs that aren't UUIDs, by place
	texts []string         // each once
	known map[string]uint32
}

func newMarks() marks {
	return marks{odd: make(map[int32]string), texts: []string{""}, known: map[string]uint32{"": 0}}
}

// add keeps an event in front of a row's others, and returns its place.
func (m *marks) add(e *oktaclient.LogEvent, f *evidence.Fact, p Proof, request, login uint64, next int32) int32 {
	place := int32(len(m.all))
	id, ok := packUUID(e.UUID)
	if !ok {
		m.odd[place] = e.UUID
	}
	user := f.User.Login()
	if loginHash(user) == login {
		user = "" // a million logins that the results have aren't kept again
	}
	m.all = append(m.all, mark{
		uuid: id, at: e.Published.UnixMilli(), request: request, next: next, proof: p, whole: f.Whole,
		actor: m.keep(f.By.ActorID), name: m.keep(f.By.Actor), factor: m.keep(f.Factor), user: m.keep(user), success: f.Done,
		all: e.EventType == oktaclient.EventResetAll,
	})
	return place
}

func (m *marks) keep(text string) uint32 {
	i, ok := m.known[text]
	if !ok {
		i = uint32(len(m.texts))
		m.texts, m.known[text] = append(m.texts, text), i
	}
	return i
}

// id is the event's own ID.
func (m *marks) id(place int32) string {
	if id, ok := m.odd[place]; ok {
		return id
	}
	return unpackUUID(m.all[place].uuid)
}

func (m *mark) time() time.Time { return time.UnixMilli(m.at).UTC() }

// packUUID makes 16 bytes of a UUID in small letters; of another text it reports false.
func packUUID(s string) (id [16]byte, ok bool) {
	if len(s) != 36 {
		return id, false
	}
	_, err := hex.Decode(id[:], []byte(s[:8]+s[9:13]+s[14:18]+s[19:23]+s[24:]))
	if err != nil || unpackUUID(id) != s {
		return [16]byte{}, false
	}
	return id, true
}

func unpackUUID(id [16]byte) string {
	h := hex.EncodeToString(id[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
