package notify

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/files"
	"oktareset/runner/journal"
	"oktareset/runner/results"
	"oktareset/runner/table"
)

// Status is what became of a mail. The set is closed.
type Status string

// The statuses.
const (
	Sent      Status = "sent"       // the mail server accepted it
	Skipped   Status = "skipped"    // left out on purpose
	NoAddress Status = "no_address" // nobody knows where to send it
	Refused   Status = "refused"    // by the mail server, for good; certainly not sent
	NotSent   Status = "not_sent"   // the run stopped first, or the server refused for now; certainly not sent
	Unknown   Status = "unknown"    // in doubt: its content was sent, and the answer was lost
)

// Statuses are all statuses, the best first.
var Statuses = []Status{Sent, Skipped, NoAddress, Refused, NotSent, Unknown}

// final reports whether no run ever sends the mail again.
func (s Status) final() bool { return s == Sent || s == Unknown }

// note is what the record has of a mail: a line of the list.
type note struct {
	kind                           string
	row                            int // of the results; for a manager, of the first user
	id, login, name, address       string
	status                         Status
	reason, answer, messageID, run string
	attempts                       int
	at                             time.Time // when it was accepted, refused or given up
	people                         []string  // for a manager: the users of whom the mail tells
}

func (n *note) cells() []string {
	return []string{
		n.kind, strconv.Itoa(n.row), n.id, n.login, n.name, n.address, string(n.status), n.reason, n.answer, strconv.Itoa(n.attempts), table.TimeText(n.at), n.messageID,
		strings.Join(n.people, " "), n.run,
	}
}

// readNote reads the cells of a file.
func readNote(cells []string) (note, error) {
	c := make([]string, len(cells))
	for i := range cells {
		c[i] = table.Unescape(cells[i])
	}
	return parseNote(c)
}

// parseNote reads what cells returns.
func parseNote(c []string) (n note, err error) {
	if len(c) != len(noteColumns) {
		return n, errors.New("it has another number of cells")
	}
	n = note{kind: c[0], id: c[2], login: c[3], name: c[4], address: c[5], status: Status(c[6]), reason: c[7], answer: c[8], messageID: c[11], people: strings.Fields(c[12]), run: c[13]}
	if n.row, err = strconv.Atoi(c[1]); err == nil {
		n.attempts, err = strconv.Atoi(c[9])
	}
	if err == nil && c[10] != "" {
		n.at, err = time.Parse(table.TimeFormat, c[10])
	}
	if err == nil && (!slices.Contains(Audiences, n.kind) || !slices.Contains(Statuses, n.status) || n.id == "") {
		err = errors.New("it has an unknown kind or status, or names nobody")
	}
	return n, err
}

// noteColumns are those of the list, without the checksum: the record has its own.
var noteColumns = table.NotifyColumns[:len(table.NotifyColumns)-1]

// key is the same for all lines about a mail.
func (n *note) key() string { return n.kind + " " + n.id + " " + strings.Join(n.people, " ") }

// byPlace sorts a list: mails to users first, in the order of the results.
func byPlace(a, b *note) int {
	if a.kind != b.kind {
		return slices.Index(Audiences, a.kind) - slices.Index(Audiences, b.kind)
	}
	return a.row - b.row
}

// The events of a record. A mail is taken before its content is sent, and settled when its outcome
// is known.
const (
	taken   = "taken"
	settled = "settled"
)

// answerLost is the answer to a mail that was taken and not settled.
const answerLost = "the program ended before the answer came"

// underWay is why a mail is neither sent nor in doubt, while another run sends.
const underWay = "under way, by another run"

// recordVersion is that of the record's format.
const recordVersion = "mails 1"

// owner says what a record belongs to: mails of one occasion about one reset.
type owner struct{ occasion, run, org string }

// line is the first line of a record of o.
func (o owner) line() []string {
	return []string{table.JournalColumn, recordVersion, o.occasion, o.run, o.org}
}

// record is the journal of the mails about a reset. Each of its lines is on the disk before the
// method that writes it returns, so of an interrupted program, at most the last line is torn.
type record struct {
	path string

	mu   sync.Mutex
	file *os.File
	sum  journal.Sum
	end  int64
	buf  bytes.Buffer
	csv  *table.Sheet
	err  error // the first failure; nothing is written after it
}

// createRecord makes the record of new mails.
func createRecord(path string, o owner) (*record, error) {
	f, err := files.Create(path)
	if err != nil {
		return nil, err
	}
	r := newRecord(path, f)
	if err = r.begin(o); err == nil {
		err = files.SyncFolder(filepath.Dir(path))
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return r, nil
}

func newRecord(path string, f *os.File) *record {
	r := &record{path: path, file: f}
	r.csv, _ = table.NewSheet(&r.buf, nil) // it writes into memory
	_ = r.csv.Flush()                      // the header: the record's own comes later
	return r
}

// headLines are the lines before the mails: whose record it is, and the columns.
const headLines = 2

// begin writes the head.
func (r *record) begin(o owner) error {
	if err := r.write(o.line()); err != nil {
		return err
	}
	return r.write(append([]string{"event"}, noteColumns...))
}

// take records that the mail may be sent from now on.
func (r *record) take(n *note) error { return r.write(append([]string{taken}, n.cells()...)) }

// settle records what became of a mail.
func (r *record) settle(n *note) error { return r.write(append([]string{settled}, n.cells()...)) }

func (r *record) write(cells []string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return r.err
	}
	if err := r.append(cells); err != nil {
		r.err = fault.New(fault.ExitBrokeOff, "make room on the disk, or repair what the error names; then continue with --resume", "write %q: %w", r.path, err)
	}
	return r.err
}

func (r *record) append(cells []string) error {
	r.buf.Reset()
	if err := r.csv.Write(cells); err != nil {
		return err
	}
	if err := r.csv.Flush(); err != nil {
		return err
	}
	text := append(bytes.TrimSuffix(r.buf.Bytes(), []byte("\n")), ',')
	r.sum = r.sum.After(text)
	line := r.sum.AppendTo(text)
	if _, err := r.file.WriteAt(line, r.end); err != nil {
		return err
	}
	r.end += int64(len(line))
	return r.file.Sync()
}

// close does nothing on nil.
func (r *record) close() error {
	if r == nil {
		return nil
	}
	return r.file.Close()
}

// readRecord is openRecord for whoever only looks. Another run may be writing.
func readRecord(path string, o owner, list listed) ([]*note, error) {
	f, err := files.Open(path, files.Rule{Ours: true, Private: true})
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	return newRecord(path, f).read(o, list)
}

// openRecord opens the record of earlier runs and reads the last line about each mail. A mail that
// was taken and not settled is in doubt.
func openRecord(path string, o owner, list listed) (*record, []*note, error) {
	f, err := files.OpenToWrite(path, files.Rule{Ours: true, Private: true})
	if err != nil {
		return nil, nil, err
	}
	if err := files.MakePrivate(f); err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	r := newRecord(path, f)
	notes, err := r.read(o, list)
	if err == nil {
		err = f.Truncate(r.end) // what a dying program left of its last line
	}
	if err == nil && r.end == 0 { // it died before anything could be sent
		err = r.begin(o)
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return r, notes, nil
}

// read reads all lines. It sets the end and the sum of the last good one.
func (r *record) read(o owner, list listed) ([]*note, error) {
	lines := results.NewLines(r.path, io.NewSectionReader(r.file, 0, 1<<62))
	last := make(map[string]*note)
	var order []string
	sum, end, n := journal.Sum(0), int64(0), 0 // of the good lines
	for ; ; n++ {
		line, err := lines.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if damage := (*results.DamageError)(nil); errors.As(err, &damage) {
			if !r.torn(lines.End) {
				return nil, r.damaged(err.Error())
			}
			break
		}
		if err != nil {
			return nil, err
		}
		text, now, err := sum.Check(line)
		if err != nil {
			if !r.torn(lines.End) {
				return nil, r.damaged(fmt.Sprintf("line %d: %v", n+1, err))
			}
			break
		}
		sum, end = now, lines.End
		if err := r.add(n, text, o, last, &order); err != nil {
			return nil, err
		}
	}
	if n < headLines { // nothing was taken before the head was whole
		sum, end = 0, 0
	}
	r.sum, r.end = sum, end
	if err := r.covers(list, last); err != nil {
		return nil, err
	}
	notes := make([]*note, len(order))
	for i, key := range order {
		notes[i] = last[key]
	}
	return notes, nil
}

// listed has the keys of those mails of a list that no run sends again. It is nil if there is no
// list, as after the first run was interrupted.
type listed map[string]bool

// covers refuses a record that has less than the list: a run writes the list after the record.
func (r *record) covers(list listed, last map[string]*note) error {
	if list != nil && r.end == 0 {
		return r.damaged("it is empty, and there is a list of its mails")
	}
	missing := 0
	for key := range list {
		if n := last[key]; n == nil || !n.status.final() {
			missing++
		}
	}
	if missing > 0 {
		return r.damaged(fmt.Sprintf("it lacks %s that the list has as %s or %s", console.Plural(missing, "mail"), Sent, Unknown))
	}
	return nil
}

// add reads a line, by its number from 0.
func (r *record) add(n int, text []byte, o owner, last map[string]*note, order *[]string) error {
	in, err := table.NewReader(bytes.NewReader(append(bytes.TrimSuffix(slices.Clone(text), []byte(",")), '\n')), table.ReaderOptions{Delimiter: ',', NoHeader: true})
	if err != nil {
		return r.damaged(fmt.Sprintf("line %d: %v", n+1, err))
	}
	cells, _ := in.Header()
	switch {
	case n == 0 && (len(cells) < 2 || cells[0] != table.JournalColumn || cells[1] != recordVersion):
		return r.damaged("it isn't a record of mails that this version knows")
	case n == 0 && !slices.Equal(cells, o.line()):
		return fault.Usage("give the results that the mails were about, or move the record away with its list",
			"%q is about other mails: those of run %q, not of run %q", r.path, cells[min(3, len(cells)-1)], o.run)
	case n < headLines:
		return nil
	}
	var m note
	if m, err = readNote(cells[1:]); err != nil || cells[0] != taken && cells[0] != settled {
		return r.damaged(fmt.Sprintf("line %d: %v", n+1, err))
	}
	if cells[0] == taken {
		m.status, m.reason, m.answer = Unknown, "", answerLost
	}
	if last[m.key()] == nil {
		*order = append(*order, m.key())
	}
	last[m.key()] = &m
	return nil
}

// torn reports whether nothing follows a bad line: every line before the last one was on the disk
// before the next was written.
func (r *record) torn(end int64) bool {
	info, err := r.file.Stat()
	return err == nil && end >= info.Size()
}

func (r *record) damaged(why string) error {
	return fault.Usage("put it back as the last run left it: nothing else says who got a mail, and with a new record somebody may get it twice",
		"%q can't be relied on: %s", r.path, why)
}
