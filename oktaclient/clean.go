package oktaclient

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// header cleans all headers of an answer in place. A link that would have to be changed is
// replaced as a whole: a part of it leads elsewhere.
func (f *filter) header(h http.Header) {
	for name, values := range h {
		if name == "Date" || strings.HasPrefix(name, "X-Rate-Limit-") {
			// Only numbers and times are read from these; any number may contain a short passcode.
			continue
		}
		for i, v := range values {
			clean := f.text(strings.ToValidUTF8(v, "\ufffd"))
			if name != "Link" {
				clean = cut(clean, maxHeader)
			} else if clean != v || len(v) > maxLink {
				clean = spoilt
			}
			if clean != v {
				values[i] = clean
			}
		}
	}
}

// spoilt replaces a link that must not be followed: it can't be read as a link.
const spoilt = redacted

var errNotJSON = errors.New("it isn't JSON")

// memberToken is the member of an answer that contains an access token. It is the only secret
// that the program takes from a server's text.
const memberToken = "access_token"

// body cleans the JSON of an answer: it returns JSON in which every string, once decoded, has no
// secrets and is within bounds, names of members included. That is nearly always the input
// itself. In what can't be decoded, secrets are replaced as far as they can be seen.
func (f *filter) body(b []byte) ([]byte, error) {
	if f.keep != "" {
		f.learn(b)
	}
	seen := f.sees(b)
	escaped := bytes.IndexByte(b, '\\') >= 0 || bytes.IndexByte(b, '%') >= 0
	if !seen && !escaped && len(b) <= min(f.most, maxItems) {
		return b, nil
	}
	w := rewriter{filter: f, in: b, seen: seen}
	err := w.run()
	switch {
	case errors.Is(err, errNotJSON), err == nil && seen && !json.Valid(b):
		return []byte(f.replace(string(b), minSecret)), nil
	case err != nil:
		return nil, err
	case w.done == 0:
		return b, nil
	}
	return append(w.out, b[w.done:]...), nil
}

// learn adds the access token of an answer to the known secrets: the answer may contain it twice.
func (f *filter) learn(b []byte) {
	var answer tokenAnswer
	if json.Unmarshal(b, &answer) == nil && len(answer.AccessToken) >= minSecret {
		f.known = append(f.known, answer.AccessToken)
	}
}

// sees reports whether b may contain a secret without escapes.
func (f *filter) sees(b []byte) bool {
	in := func(secret string) bool { return bytes.Contains(b, []byte(secret[:min(len(secret), tellTale)])) }
	return len(f.typed) > 0 || in(jwtBegins) ||
		slices.ContainsFunc(f.known, func(s string) bool { return !strings.HasPrefix(s, jwtBegins) && in(s) })
}

// rewriter replaces strings and numbers in JSON. It copies nothing until it has to replace
// something. It doesn't check the JSON fully: the decoder refuses what isn't JSON.
type rewriter struct {
	*filter
	in   []byte
	seen bool   // strings without escapes may contain a secret too
	out  []byte // replaces in[:done]
	done int
	open []int // commas so far in each open list and object
}

// maxDepth is how deep encoding/json reads.
const maxDepth = 10_000

func (w *rewriter) run() error {
	var name []byte // of the member whose value comes next; nil: the item of a list
	for i := 0; i < len(w.in); {
		end := i + 1
		switch c := w.in[i]; {
		case c == '"':
			var err error
			if end, name, err = w.str(i, name); err != nil {
				return err
			}
		case c == '{' || c == '[':
			if w.open, name = append(w.open, 0), nil; len(w.open) > maxDepth {
				return errNotJSON
			}
		case c == '}' || c == ']':
			w.open = w.open[:max(len(w.open)-1, 0)]
		case c == ',' && len(w.open) > 0:
			name = nil
			if w.open[len(w.open)-1]++; w.open[len(w.open)-1] == maxItems {
				return errTooMany
			}
		case c == '-' || c >= '0' && c <= '9':
			for end < len(w.in) && strings.IndexByte("+-.0123456789Ee", w.in[end]) >= 0 {
				end++
			}
			if end-i > w.most {
				return errTooLong
			}
			w.number(i, end)
		}
		i = end
	}
	return nil
}

// str cleans the string that begins at i. It returns the string's end, and its text if it is the
// name of a member.
func (w *rewriter) str(i int, member []byte) (end int, name []byte, err error) {
	escaped := false
	for end = i + 1; end < len(w.in) && w.in[end] != '"'; end++ {
		switch w.in[end] {
		case '\\':
			escaped = true
			end++
		case '%':
			escaped = true
		}
	}
	if end++; end > len(w.in) {
		return end, nil, errNotJSON
	}
	raw := w.in[i+1 : end-1]
	next := end
	for next < len(w.in) && strings.IndexByte(" \t\r\n", w.in[next]) >= 0 {
		next++
	}
	if next < len(w.in) && w.in[next] == ':' {
		name = raw
	}
	if !w.seen && !escaped && fits(raw, w.most) {
		return end, name, nil
	}
	var text string
	if json.Unmarshal(w.in[i:end], &text) != nil {
		return end, nil, errNotJSON
	}
	var now string
	if name != nil {
		name = []byte(text)
		now = cut(w.name(text), w.most)
	} else {
		now = w.value(string(member), text)
	}
	if now != text {
		b, _ := json.Marshal(now) // marshalling a string never fails
		w.replaceWith(i, end, b)
	}
	return end, name, nil
}

// fits reports whether a string without escapes has at most so many bytes once decoded: an
// invalid byte becomes a character of three.
func fits(raw []byte, most int) bool {
	return len(raw) <= most/3 || len(raw) <= most && utf8.Valid(raw)
}

// value cleans the text of a member, or of an item in a list (member "").
func (w *rewriter) value(member, text string) string {
	switch {
	case w.keep != "" && len(w.open) == 1 && strings.EqualFold(member, w.keep):
		return text
	case isCode(text) && strings.EqualFold(member, "errorCode"): // it decides the request's fate
		return text
	}
	clean := w.text(text)
	if len(clean) > w.most && strings.EqualFold(member, "href") {
		return "" // half an address would lead elsewhere
	}
	return cut(clean, w.most)
}

// number replaces a number that is a passcode by null, which every type accepts.
func (w *rewriter) number(i, end int) {
	if len(w.numbers) == 0 {
		return
	}
	if n, err := strconv.ParseFloat(string(w.in[i:end]), 64); err == nil && slices.Contains(w.numbers, n) {
		w.replaceWith(i, end, []byte("null"))
	}
}

func (w *rewriter) replaceWith(i, end int, b []byte) {
	w.out = append(append(w.out, w.in[w.done:i]...), b...)
	w.done = end
}
