package progress

import (
	"sync"
	"sync/atomic"
	"time"

	"oktareset/runner"
)

// DefaultEvery is the time between two plain lines: six lines a minute say enough in the log of
// a job.
const DefaultEvery = 10 * time.Second

// sampleEvery is the time between two looks at the counters: often enough for a countdown in
// seconds to look even.
const sampleEvery = 200 * time.Millisecond

// Options of a display.
type Options struct {
	Screen *Screen // what is written on

	// Columns is the width of the terminal that Screen writes to, 0 when it can't be told. It
	// is asked for each frame. Nil means that no bar can be drawn: not a terminal, or one that
	// can't go back to the start of a line (TERM=dumb).
	Columns func() int

	Label string // what is done to the rows, in ASCII: "reset"
	Total int    // rows to come; 0 when nobody knows: no bar then, and no time left

	Reads bool // what is counted is only read and has no outcome: nothing is said of what is not ok

	State func() State  // why nothing moves; may be nil. Called by the display's goroutine alone
	Every time.Duration // between two plain lines; 0 is DefaultEvery
	Line  func(string)  // gets each plain line, without its newline, in place of Screen; may be nil
}

// State is what keeps the run from going on.
type State struct {
	Hold time.Time // no request starts before, by this machine's clock; zero or past: nothing is held
	Why  string    // "rate limit", "concurrency limit"

	// PerWindow is how many rows one window of the rate limit is enough for, Window the time
	// from one window to the next. 0: not known.
	PerWindow int
	Window    time.Duration
}

// Progress is a display of one run over rows. A nil Progress counts nothing and shows nothing.
type Progress struct {
	opts        Options
	start       time.Time
	done, notOK atomic.Int64

	stop     sync.Once
	stopping chan struct{} // closed by Done
	finished chan struct{} // closed after the last output
}

// display is a way to show samples. It is used by one goroutine.
type display interface {
	show(sample)
	end(sample)
}

// New starts a display. The caller must call [Progress.Done]. Only one display may draw on a
// screen at a time.
func New(o Options) *Progress {
	if o.Every <= 0 {
		o.Every = DefaultEvery
	}
	p := &Progress{opts: o, start: time.Now(), stopping: make(chan struct{}), finished: make(chan struct{})}
	var d display = &lines{write: p.line, every: o.Every, last: p.start}
	if o.Columns != nil {
		d = &bar{screen: o.Screen, columns: o.Columns, label: o.Label}
	}
	go p.run(d)
	return p
}

// Add counts one row that ended with the status. It never blocks and may be called from many
// goroutines.
func (p *Progress) Add(status runner.Status) {
	if p == nil {
		return
	}
	p.done.Add(1)
	if !status.OK() {
		p.notOK.Add(1)
	}
}

// Count counts one of what is only read. It never blocks and may be called from many goroutines.
func (p *Progress) Count() {
	if p != nil {
		p.done.Add(1)
	}
}

// Mend counts no row: one that was counted before has ended with the status now, after it was
// not ok.
func (p *Progress) Mend(status runner.Status) {
	if p != nil && status.OK() {
		p.notOK.Add(-1)
	}
}

// Done shows the end of the run and returns once that is written; nothing is written
// afterwards. It leaves the cursor at the start of a line. It may be called more than once.
func (p *Progress) Done() {
	if p == nil {
		return
	}
	p.stop.Do(func() { close(p.stopping) })
	<-p.finished
}

func (p *Progress) run(d display) {
	defer close(p.finished)
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for {
		d.show(p.sample())
		select {
		case <-p.stopping:
			d.end(p.sample())
			return
		case <-tick.C:
		}
	}
}

func (p *Progress) sample() sample {
	s := sample{total: int64(p.opts.Total), reads: p.opts.Reads}
	s.notOK = p.notOK.Load() // before done, as Add counts it after: never more than done
	s.done = p.done.Load()
	if p.opts.State != nil {
		s.state = p.opts.State()
	}
	s.now = time.Now()
	s.elapsed = s.now.Sub(p.start)
	return s
}

// line writes one plain line.
func (p *Progress) line(text string) {
	if p.opts.Label != "" {
		text = p.opts.Label + " " + text
	}
	text = "progress: " + text
	if p.opts.Line != nil {
		p.opts.Line(text)
		return
	}
	_, _ = p.opts.Screen.Write([]byte(text + "\n"))
}
