package progress

import (
	"sync"
	"sync/atomic"
	"time"

	"oktareset/runner"
)

// DefaultEvery is the time between two plain lines: six lines a minute are enough in the log of a
// job.
const DefaultEvery = 10 * time.Second

// sampleEvery is the time between two samples of the counters: short enough for an even countdown
// in seconds.
const sampleEvery = 200 * time.Millisecond

// Options are those of a display.
type Options struct {
	Screen *Screen // to draw on

	// Columns returns the width of the terminal that Screen writes to, 0 if unknown. It is called
	// for each frame. Nil means that no bar can be drawn: no terminal, or one that can't go back
	// to the start of a line (TERM=dumb).
	Columns func() int

	Label string // what is done to the rows, in ASCII: "reset"
	Total int    // rows to come; 0: unknown, then neither a bar nor the time left is shown

	Reads bool // the rows are only read and have no outcome: no row can need attention

	Unpaced bool // the rows come by themselves: neither a rate nor the time left is shown

	State func() State  // why nothing moves; may be nil. Only the display's goroutine calls it
	Every time.Duration // between two plain lines; 0 is DefaultEvery
	Line  func(string)  // gets each plain line, without its newline, instead of Screen; may be nil
}

// State is what keeps the run waiting.
type State struct {
	Hold time.Time // no request starts before this local time; zero or past: nothing is held
	Why  string    // "rate limit", "concurrency limit"

	// PerWindow is how many rows fit into one window of the rate limit, Window the time from one
	// window to the next. 0: unknown.
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

// display is a way to show samples. Only one goroutine uses it.
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

// Add counts one row that ended with the status. It never blocks and is safe for concurrent use.
func (p *Progress) Add(status runner.Status) {
	if p == nil {
		return
	}
	p.done.Add(1)
	if !status.OK() {
		p.notOK.Add(1)
	}
}

// Count counts one item that is only read. It never blocks and is safe for concurrent use.
func (p *Progress) Count() {
	if p != nil {
		p.done.Add(1)
	}
}

// Mend counts no new row: one that was counted as needing attention has now ended with this status.
func (p *Progress) Mend(status runner.Status) {
	if p != nil && status.OK() {
		p.notOK.Add(-1)
	}
}

// Done shows the end of the run and returns once that is written; nothing is written afterwards.
// It leaves the cursor at the start of a line. It may be called more than once.
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
	s := sample{total: int64(p.opts.Total), reads: p.opts.Reads, unpaced: p.opts.Unpaced}
	s.notOK = p.notOK.Load() // before done, because Add counts it after done: never more than done
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
