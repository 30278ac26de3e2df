package standin

import (
	"encoding/binary"
	"net/http"
	"strings"
)

// browser is the User-Agent of an admin who works in the Admin Console.
const browser = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

// ResetBy resets a user's factors as another admin does in the Admin Console: it isn't a call of
// the token, and its events have that admin as the actor. If admin and user are the same, they
// remove their own factors. ResetBy reports false if one of the two doesn't exist.
func (o *Org) ResetBy(admin, userID string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	by, pos := o.dir.find(admin), o.dir.find(userID)
	if by < 0 || pos < 0 {
		return false
	}
	o.reset(o.inBrowser(uint32(by), pos, "api/v1/users/{id}/lifecycle/reset_factors"))
	return true
}

// inBrowser returns a call that somebody's browser makes, about the user at pos. The caller must
// hold the mutex.
func (o *Org) inBrowser(by uint32, pos int, path string) *call {
	c := &call{o: o, r: &http.Request{Header: http.Header{"User-Agent": {browser}}}, pos: pos, by: by, route: &route{path: path}}
	binary.BigEndian.PutUint64(c.request[:8], o.rng.Uint64())
	binary.BigEndian.PutUint64(c.request[8:], o.rng.Uint64())
	return c
}

// resetBy answers POST /sandbox/users/{id}/reset?by=LOGIN.
func (c *call) resetBy(path string) {
	name, ok := strings.CutSuffix(path, "/reset")
	if !ok {
		c.fail(methodNotAllowed)
		return
	}
	if !c.o.ResetBy(c.r.URL.Query().Get("by"), name) {
		c.fail(notFound(name, "User"))
		return
	}
	c.noContent()
}
