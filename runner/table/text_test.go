package table

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// The marks that programs leave between joined files are dropped, and so is a row that was cleared.
func TestReaderOfJoinedFiles(t *testing.T) {
	t.Parallel()
	two := []row{{1, []string{"id", "name"}}, {2, []string{"1", "a"}}}
	for name, tt := range map[string]struct {
		text string
		want []row
	}{
		"Ctrl-Z":               {"id,name\r\n1,a\r\n\x1a", two},
		"Ctrl-Z in a line":     {"id,name\n1,a\x1a", two},
		"on a line":            {"id,name\n1,a\n\x1a\r\n\n", two},
		"several":              {"id,name\n1,a\n\x1a\x1a\x1a", two},
		"two marks":            {"\ufeff\ufeffid,name\n1,a\n", two},
		"marks, quotes":        {"\ufeff\ufeff\"id\",name\n\ufeff\"1\",a\n", two},
		"UTF-16, marks":        {utf16Text(binary.LittleEndian, "\ufeff\ufeffid,name\r\n\ufeff1,a\r\n\x1a"), two},
		"a mark in a cell":     {"id,name\n1,a\ufeff\n", []row{{1, []string{"id", "name"}}, {2, []string{"1", "a\ufeff"}}}},
		"Ctrl-Z in the middle": {"id,name\n\x1a1,a\n", []row{{1, []string{"id", "name"}}, {2, []string{"\x1a1", "a"}}}},
		"the header again": {
			"\ufeffid,name\n1,a\n\ufeffid,name\n2,b\n",
			[]row{{1, []string{"id", "name"}}, {2, []string{"1", "a"}}, {3, []string{"id", "name"}}, {4, []string{"2", "b"}}},
		},
		"cleared rows": {
			",\n ,\nid,name\n,\n1,a\n \t,\u00a0\n\"\",\"\"\n,,,,\n,\n",
			[]row{{3, []string{"id", "name"}}, {5, []string{"1", "a"}}},
		},
		"a wider row of delimiters first": {";;;\nid;name\n1;a\n", []row{{2, []string{"id", "name"}}, {3, []string{"1", "a"}}}},
	} {
		for _, read := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.HalfReader, iotest.DataErrReader} {
			got, _, err := readAll(read(strings.NewReader(tt.text)), ReaderOptions{})
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("%s: %q: %v (-want +got):\n%s", name, tt.text, err, diff)
			}
		}
	}
}

func TestReaderNotUTF8(t *testing.T) {
	t.Parallel()
	_, in, err := readAll(strings.NewReader("id,name\n1,a\n2,\xdf\n3,\xfc\n"), ReaderOptions{})
	if err != nil || in.NotUTF8() != 3 {
		t.Errorf("NotUTF8() = %d, %v, want 3", in.NotUTF8(), err)
	}
	if _, in, err = readAll(strings.NewReader("id\nstra\u00dfe\n"), ReaderOptions{}); err != nil || in.NotUTF8() != 0 {
		t.Errorf("NotUTF8() = %d, %v, want 0", in.NotUTF8(), err)
	}
	if _, in, err = readAll(strings.NewReader("stra\xdfe\n1\n"), ReaderOptions{}); err != nil || in.NotUTF8() != 1 {
		t.Errorf("NotUTF8() of a header = %d, %v, want 1", in.NotUTF8(), err)
	}
}

// A file of nothing but Ctrl-Z takes no more memory than any other.
func TestManyCtrlZ(t *testing.T) {
	t.Parallel()
	in := newCleanReader(io.LimitReader(ctrlZs{}, 64<<20))
	n, err := io.Copy(io.Discard, in)
	if err != nil || n < 63<<20 || cap(in.held) > 4*cleanSize || cap(in.buf) > 4*cleanSize {
		t.Errorf("%d bytes, %v, with %d and %d bytes held", n, err, cap(in.held), cap(in.buf))
	}
}

type ctrlZs struct{}

func (ctrlZs) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ctrlZ[0]
	}
	return len(p), nil
}

// Only marks at the starts of lines and the last Ctrl-Z are dropped, wherever one read ends and the
// next begins. An error stays an error.
func FuzzCleanReader(f *testing.F) {
	f.Add([]byte("\xef\xbb\xbfa\n\xef\xbb\xbf\xef\xbbb\x1a\x1a"), uint8(3))
	f.Add([]byte("\x1a\xef\xbb\xbf\n\xef\xbb"), uint8(1))
	f.Fuzz(func(t *testing.T, text []byte, chunk uint8) {
		var want []byte
		rest, start := text, true
		if end := regexp.MustCompile("\x1a[\x1a\r\n]*$").FindIndex(text); end != nil && end[1] == len(text) {
			rest = text[:end[0]]
		}
		for len(rest) > 0 {
			if start && bytes.HasPrefix(rest, []byte(utf8BOM)) {
				rest = rest[len(utf8BOM):]
				continue
			}
			want, start = append(want, rest[0]), rest[0] == '\n'
			rest = rest[1:]
		}
		got, err := io.ReadAll(newCleanReader(&chunks{text, int(chunk%16) + 1}))
		if !bytes.Equal(got, want) || err != nil {
			t.Fatalf("%q becomes %q, %v, want %q", text, got, err, want)
		}
		broken := errors.New("broken")
		if _, err := io.ReadAll(newCleanReader(io.MultiReader(bytes.NewReader(text), iotest.ErrReader(broken)))); !errors.Is(err, broken) {
			t.Fatalf("%v, want %v", err, broken)
		}
	})
}

// chunks reads some bytes at a time.
type chunks struct {
	text []byte
	size int
}

func (c *chunks) Read(p []byte) (int, error) {
	if len(c.text) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.text[:min(c.size, len(c.text))])
	c.text = c.text[n:]
	return n, nil
}
