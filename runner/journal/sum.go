package journal

import (
	"errors"
	"hash/crc32"
)

// Sum is the running checksum of a journal: the CRC-32C of everything before it, except the sums
// themselves.
type Sum uint32

// SumLength is the length of a sum and its newline: eight hexadecimal digits and LF.
const SumLength = 9

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// After returns the sum after a line's text, which ends in the comma before its sum.
func (s Sum) After(text []byte) Sum { return Sum(crc32.Update(uint32(s), castagnoli, text)) }

// AppendTo appends the sum and a newline to a line's text.
func (s Sum) AppendTo(dst []byte) []byte {
	const digits = "0123456789abcdef"
	for shift := 28; shift >= 0; shift -= 4 {
		dst = append(dst, digits[s>>shift&15])
	}
	return append(dst, '\n')
}

func (s Sum) String() string { return string(s.AppendTo(nil)[:SumLength-1]) }

// errSum means that a line was changed, or doesn't follow the line before it.
var errSum = errors.New("its checksum doesn't match this line and those before it")

// Check returns a line's text and its sum, if that is the right sum after s.
func (s Sum) Check(line []byte) (text []byte, now Sum, err error) {
	end := len(line) - SumLength
	if end < 1 || line[end-1] != ',' {
		return nil, 0, errSum
	}
	text = line[:end]
	now, ok := ParseSum(line[end:])
	if !ok || now != s.After(text) {
		return nil, 0, errSum
	}
	return text, now, nil
}

// ParseSum reads a sum and its newline.
func ParseSum(b []byte) (s Sum, ok bool) {
	if len(b) != SumLength || b[SumLength-1] != '\n' {
		return 0, false
	}
	for _, c := range b[:SumLength-1] {
		switch {
		case c >= '0' && c <= '9':
			s = s<<4 | Sum(c-'0')
		case c >= 'a' && c <= 'f':
			s = s<<4 | Sum(c-'a'+10)
		default:
			return 0, false
		}
	}
	return s, true
}
