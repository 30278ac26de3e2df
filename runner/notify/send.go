package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"oktareset/runner"
	"oktareset/runner/fault"
	"oktareset/runner/progress"
)

const (
	// connections is how many connections send at a time: the large services allow three for an
	// account.
	connections = 3
	// mostTries is how often a mail is tried that the server refuses for now.
	mostTries = 3
	// ownPause is how long a mail waits whose receiver is refused for now. Others go on meanwhile.
	ownPause = time.Minute
	// firstPause and longestPause are for a server that takes no mails now: each pause is twice as
	// long as the one before.
	firstPause, longestPause = 5 * time.Second, time.Minute
	// idleTime is how long a connection is kept that isn't used. Servers close it after a few
	// minutes, some without a word.
	idleTime = 30 * time.Second
	// patience is how long a server may take no mails until the run stops.
	patience = 5 * time.Minute
	// mostLost is how many mails in a row may be in doubt until the run stops.
	mostLost = 5
	// mostDeferred is how many mails in a row may be refused for now until all wait.
	mostDeferred = 10
	// mostRefused is how many mails in a row may be refused for good until the run stops: the server
	// accepts none from this account then, or no more today.
	mostRefused = 10
)

// sender sends the mails of a run, over a few connections.
type sender struct {
	*run
	post    *post
	limiter *rate.Limiter
	bar     *progress.Progress

	alone chan struct{} // closed once the server has accepted a mail, or there is none

	mu       sync.Mutex
	queue    []*outgoing
	put      []*outgoing // aside, until their time comes
	until    time.Time   // nothing is sent before
	pause    time.Duration
	bad      time.Time // since when the server takes no mails; zero: it does
	lost     int       // in a row
	deferred int       // in a row
	refused  int       // in a row
	opened   bool      // alone is closed
}

func newSender(r *run, p *post) *sender {
	s := &sender{run: r, post: p, limiter: rate.NewLimiter(rate.Inf, 1), alone: make(chan struct{}), queue: r.mails}
	if r.opts.Rate > 0 {
		s.limiter.SetLimit(r.opts.Rate)
	}
	return s
}

// send sends all mails. Its error says why it stopped early. Mails go one by one until the server
// has accepted one.
func (s *sender) send(ctx context.Context) error {
	if len(s.mails) == 0 {
		return nil
	}
	s.bar = s.Progress(progress.Options{Label: "send", Total: len(s.mails), Unpaced: s.opts.Rate == 0, State: s.state})
	defer s.bar.Done()
	pool, running := errgroup.WithContext(ctx)
	for i := range min(connections, len(s.mails)) {
		pool.Go(func() error {
			if i > 0 {
				select {
				case <-s.alone:
				case <-running.Done():
					return nil
				}
			}
			return s.work(running)
		})
	}
	err := pool.Wait()
	if ctx.Err() != nil {
		err = fault.Stopped(context.Cause(ctx))
	}
	return err
}

// state says why nothing moves.
func (s *sender) state() progress.State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return progress.State{Hold: s.until, Why: "mail server"}
}

// work sends mails until there are no more.
func (s *sender) work(ctx context.Context) error {
	var l *link
	defer func() {
		if l != nil {
			l.close()
		}
	}()
	for {
		m, err := s.next(ctx)
		if err != nil || m == nil {
			return err
		}
		if l, err = s.deliver(ctx, l, m); err != nil {
			return err
		}
	}
}

// begin lets the other connections begin. The caller has locked s.mu.
func (s *sender) begin() {
	if !s.opened {
		s.opened = true
		close(s.alone)
	}
}

// next returns the next mail when its time has come, or nil.
func (s *sender) next(ctx context.Context) (*outgoing, error) {
	s.mu.Lock()
	var m *outgoing
	switch {
	case len(s.queue) > 0:
		m, s.queue = s.queue[0], s.queue[1:]
	case len(s.put) > 0:
		m, s.put = s.put[0], s.put[1:]
	default:
		s.begin() // nothing is left to wait for
	}
	s.mu.Unlock()
	if m == nil || m.when.IsZero() {
		return m, nil
	}
	return m, runner.Pause(ctx, time.Until(m.when))
}

// deliver sends a mail until its fate is known, or until it is put aside. It returns the connection
// for the next one.
func (s *sender) deliver(ctx context.Context, l *link, m *outgoing) (*link, error) {
	for {
		if err := s.turn(ctx); err != nil {
			return l, err
		}
		var err error
		if l, err = s.onLink(ctx, l, m); errors.Is(err, errGone) {
			l, err = s.onLink(ctx, nil, m)
		}
		again, err := s.judge(ctx, m, err)
		if !again || err != nil {
			return l, err
		}
	}
}

// errGone is in the failure of a mail on a connection that had been of use. The server may have
// closed that meanwhile, and take the mail on another one.
var errGone = errors.New("the connection is gone")

// onLink tries a mail on a connection, or on a new one, and returns the connection for the next one.
func (s *sender) onLink(ctx context.Context, l *link, m *outgoing) (*link, error) {
	if l != nil && time.Since(l.used) > idleTime {
		l.close()
		l = nil
	}
	used := l != nil
	if !used {
		var err error
		if l, err = s.post.connect(ctx); err != nil {
			return nil, err
		}
	}
	err := s.try(ctx, l, m)
	if l.reusable(err) {
		return l, err
	}
	l.close()
	if f, ok := errors.AsType[*failure](err); ok && used && f.fate == busy && !errors.Is(err, errOutOfStep) {
		err = &failure{busy, f.text, errors.Join(errGone, f.err)}
	}
	return nil, err
}

// turn waits until something may be sent.
func (s *sender) turn(ctx context.Context) error {
	for {
		s.mu.Lock()
		left := time.Until(s.until)
		s.mu.Unlock()
		if left <= 0 {
			break
		}
		if err := runner.Pause(ctx, left); err != nil {
			return err
		}
	}
	if err := s.limiter.Wait(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	return runner.Pause(ctx, 0)
}

// try sends a mail once, and records what became of it.
func (s *sender) try(ctx context.Context, l *link, m *outgoing) error {
	content, err := s.content(m)
	if err != nil {
		return err
	}
	m.attempts++
	sent := l.send(ctx, m.address, content, func() error { return s.record.take(m.note) })
	f, failed := errors.AsType[*failure](sent)
	if sent != nil && !failed { // it couldn't be recorded, and wasn't sent
		return sent
	}
	m.at = time.Now()
	switch {
	case !failed:
		m.status, m.reason, m.answer = Sent, "", ""
	case f.fate == refused:
		m.status, m.reason, m.answer = Refused, "", f.text
	case f.fate == lost:
		m.status, m.reason, m.answer = Unknown, "", f.text
	default:
		m.status, m.reason, m.answer = NotSent, reasonTemporary, f.text
	}
	if err := s.record.settle(m.note); err != nil {
		return err
	}
	return sent
}

// judge draws the conclusions from an attempt. again says that the same mail is tried again.
func (s *sender) judge(ctx context.Context, m *outgoing, err error) (again bool, stop error) {
	f, failed := errors.AsType[*failure](err)
	switch {
	case err != nil && !failed:
		return false, err
	case ctx.Err() != nil && failed && f.fate == busy: // the signal ended it
		return false, context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !failed:
		s.answered()
		s.begin()
		s.lost, s.deferred, s.refused = 0, 0, 0
	case f.fate == refused:
		s.answered()
		if s.refused++; s.refused >= mostRefused {
			return false, fault.New(fault.ExitNoAccess, "check what the account may send, and how much; check the addresses",
				"the mail server refused %d mails in a row, the last one with: %w", s.refused, f)
		}
	case f.fate == lost:
		if s.lost++; s.lost >= mostLost {
			return false, fault.New(fault.ExitStopped, "look at what is between this machine and the mail server, and at the server's log, before you continue",
				"%d mails in a row are in doubt, the last one because %w", s.lost, f)
		}
		s.hold()
	case f.fate == denied:
		return false, fault.New(fault.ExitNoAccess, "check the account, its password and what it may send", "%w", f)
	case f.fate == unsafe:
		return false, fault.New(fault.ExitStopped, "something else may be answering in the server's place: look at it before you continue", "%w", f)
	case f.fate == later:
		return false, s.aside(m, f)
	default:
		return true, s.holdUnlessLong(f)
	}
	s.bar.Count()
	return false, nil
}

// aside puts a mail aside that the server refuses for now. If it refuses many in a row, it isn't
// about their receivers: then nothing is sent for a while. The caller has locked s.mu.
func (s *sender) aside(m *outgoing, f *failure) error {
	if m.attempts < mostTries {
		m.when = time.Now().Add(ownPause)
		s.put = append(s.put, m)
	} else {
		s.bar.Count()
	}
	if s.deferred++; s.deferred >= mostDeferred {
		return s.holdUnlessLong(f)
	}
	return nil
}

// holdUnlessLong holds all mails, or stops the run if the server has taken none for long. The caller
// has locked s.mu.
func (s *sender) holdUnlessLong(f *failure) error {
	if s.bad.IsZero() {
		s.bad = time.Now()
	}
	if time.Since(s.bad) > patience {
		return fault.New(fault.ExitStopped, "", "the mail server has taken no mail for %s: %w", patience, f)
	}
	s.hold()
	return nil
}

// answered records that the server takes mails. The caller has locked s.mu.
func (s *sender) answered() {
	s.bad, s.pause = time.Time{}, 0
}

// hold keeps all connections from sending for a while. The caller has locked s.mu. If several of
// them find out the same at a time, it is one pause.
func (s *sender) hold() {
	if time.Now().Before(s.until) {
		return
	}
	s.pause = min(max(2*s.pause, firstPause), longestPause)
	s.until = time.Now().Add(s.pause)
}

// countsText returns a text as "18 sent, 2 refused; 1 without an address". The last part are no
// mails.
func countsText(counts map[Status]int) string {
	words := map[Status]string{
		Sent: "sent", Skipped: "skipped", NoAddress: "without an address", Refused: "refused", NotSent: "not sent", Unknown: "in doubt",
	}
	text := ""
	for _, status := range append(slices.DeleteFunc(slices.Clone(Statuses), unsent), Skipped, NoAddress) {
		if n := counts[status]; n > 0 {
			switch {
			case text != "" && unsent(status) && !strings.Contains(text, ";"):
				text += "; "
			case text != "":
				text += ", "
			}
			text += fmt.Sprintf("%d %s", n, words[status])
		}
	}
	if text == "" {
		return "nothing to send"
	}
	return text
}

// unsent reports whether a status means that there is no mail at all.
func unsent(s Status) bool { return s == Skipped || s == NoAddress }
