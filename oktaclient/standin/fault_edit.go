package standin

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// edit is a change of a reply's headers.
type edit struct {
	fault Fault
	apply func(*call, Fault, http.Header)
}

// edits finds the faults that change the reply to a call, whatever it is. All of them strike. The
// caller holds the mutex.
func (o *Org) edits(c *call) {
	for _, s := range o.faults {
		if apply := kinds[s.fault.Kind].edit; apply != nil && o.strikes(s, c, time.Now()) {
			c.edits = append(c.edits, edit{s.fault, apply})
		}
	}
}

// finish writes a status and the headers that stand by now, changed as the faults ask for.
func (c *call) finish(status int) {
	for _, e := range c.edits {
		e.apply(c, e.fault, c.w.Header())
	}
	c.w.WriteHeader(status)
}

// defaultOffset is how far off a wrong Date is.
const defaultOffset = time.Hour

// wrongDate moves the Date of a reply: the org's own clock goes on as it was.
func wrongDate(_ *call, f Fault, h http.Header) {
	offset := f.Offset
	if offset == 0 {
		offset = defaultOffset
	}
	if len(h["Date"]) == 0 {
		return
	}
	if t, err := http.ParseTime(h["Date"][0]); err == nil {
		h["Date"] = []string{t.Add(offset).Format(http.TimeFormat)}
	}
}

func strip(_ *call, _ Fault, h http.Header) { delete(h, "x-okta-request-id") }

// respell writes each link anew, as RFC 8288 allows it, or doesn't.
func respell(spell func(address, rel string) string) func(*call, Fault, http.Header) {
	return func(_ *call, _ Fault, h http.Header) {
		for i, line := range h["Link"] {
			address, rel, _ := strings.Cut(strings.TrimPrefix(line, "<"), ">; rel=")
			h["Link"][i] = spell(address, strings.Trim(rel, `"`))
		}
	}
}

func joinLinks(_ *call, _ Fault, h http.Header) {
	if len(h["Link"]) > 0 {
		h["Link"] = []string{strings.Join(h["Link"], ", ")}
	}
}

func capital(s string) string {
	_, n := utf8.DecodeRuneInString(s)
	return strings.ToUpper(s[:n]) + s[n:]
}

// hangsUp returns the fault that closes the connection after the reply, if one does.
func (c *call) hangsUp() (Fault, bool) {
	for _, e := range c.edits {
		if e.fault.Kind == Close {
			return e.fault, true
		}
	}
	return Fault{}, false
}

// deliver writes an answer by hand and closes the connection a while after it. Nothing in the
// answer says so, and whatever the client sends on it meanwhile is lost. Where no connection can be
// had, the answer is written as usual.
func (r *recorder) deliver(w http.ResponseWriter, after time.Duration) {
	r.WriteHeader(http.StatusOK)
	hijacker, ok := w.(http.Hijacker)
	if !ok || r.endless != nil {
		r.copy(w)
		return
	}
	conn, out, err := hijacker.Hijack()
	if err != nil {
		r.copy(w)
		return
	}
	if r.status != http.StatusNoContent && r.status != http.StatusNotModified {
		r.header["Content-Length"] = []string{strconv.Itoa(r.body.Len())}
	}
	_, _ = fmt.Fprintf(out, "HTTP/1.1 %d %s\r\n", r.status, http.StatusText(r.status))
	_ = r.header.Write(out)
	_, _ = out.WriteString("\r\n")
	_, _ = out.Write(r.body.Bytes())
	_ = out.Flush()
	time.AfterFunc(after, func() { _ = conn.Close() })
}

// copy writes an answer as it is.
func (r *recorder) copy(w http.ResponseWriter) {
	for name, values := range r.header {
		w.Header()[name] = values
	}
	w.WriteHeader(r.status)
	_, err := w.Write(r.body.Bytes())
	if in, ok := w.(interface{ repeat([]byte) }); ok && r.endless != nil {
		in.repeat(r.endless)
		return
	}
	for r.endless != nil && err == nil {
		_, err = w.Write(r.endless)
	}
}
