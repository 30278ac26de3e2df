package table

import (
	"bufio"
	"bytes"
	"io"

	"golang.org/x/text/encoding/unicode"
)

// magics are the first bytes of files that aren't CSV.
var magics = []struct{ prefix, what string }{
	{"PK\x03\x04", "an Excel workbook or another zip archive"},
	{"\xd0\xcf\x11\xe0", "an old Excel workbook"},
	{"\x1f\x8b", "a gzip archive"},
	{"%PDF", "a PDF"},
}

const (
	utf8BOM        = "\xef\xbb\xbf"
	saveAsUTF8Hint = "save it as CSV UTF-8"
)

// decodeText returns r as UTF-8, without byte order marks and without a last Ctrl-Z. It refuses a
// file whose first bytes show that it isn't text.
func decodeText(r io.Reader) (io.Reader, error) {
	raw := bufio.NewReader(r)
	head, _ := raw.Peek(4) // an error comes back from the first read
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.prefix)) {
			return nil, &Error{Message: "the file looks like " + m.what + ", not like CSV", Hint: saveAsUTF8Hint}
		}
	}
	if endian, ok := utf16Endianness(head); ok {
		return newCleanReader(unicode.UTF16(endian, unicode.UseBOM).NewDecoder().Reader(raw)), nil
	}
	return newCleanReader(raw), nil
}

// utf16Endianness recognises UTF-16 by its byte order mark or, as a header is ASCII, by every
// other byte being NUL.
func utf16Endianness(head []byte) (unicode.Endianness, bool) {
	if len(head) >= 2 {
		switch {
		case head[0] == 0xff && head[1] == 0xfe:
			return unicode.LittleEndian, true
		case head[0] == 0xfe && head[1] == 0xff:
			return unicode.BigEndian, true
		}
	}
	if len(head) >= 4 {
		switch {
		case head[0] != 0 && head[1] == 0 && head[2] != 0 && head[3] == 0:
			return unicode.LittleEndian, true
		case head[0] == 0 && head[1] != 0 && head[2] == 0 && head[3] != 0:
			return unicode.BigEndian, true
		}
	}
	return unicode.LittleEndian, false
}
