package watch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/evidence"
	"oktareset/runner/fault"
)

const (
	// pollTime bounds the time to read a page: a rate limit's window, and a few tries.
	pollTime = 2 * time.Minute
	// maxTrouble is the longest pause between two tries while the log can't be read.
	maxTrouble = 5 * time.Minute
)

// errPoll is why the reading of a page was ended.
var errPoll = fmt.Errorf("no page came in %s", pollTime)

// watcher follows the log.
type watcher struct {
	*access.Env
	opts  Options
	to    *access.Connection
	place watchPlace
	fold  Fold
	out   printer
	orgID string // "": it isn't known

	toldUnsure bool // what a ? means was said
}

// meetOrg asks for the org's ID and the server's clock. If that fails, the org's name must do.
func (w *watcher) meetOrg(ctx context.Context) {
	brief, cancel := context.WithTimeout(ctx, access.OptionalTime)
	defer cancel()
	if org, err := w.to.Client.GetOrg(brief); err == nil {
		w.orgID = org.ID
	}
}

// begin finds the place from which to follow the log.
func (w *watcher) begin() error {
	host := w.to.Client.Org().Host()
	if w.opts.Cursor != "" {
		found, err := w.place.load(w.opts.Cursor, host, w.orgID)
		if err != nil {
			return fault.Refused(err)
		}
		if found {
			w.fold.Over = w.place.Resets
			w.Console.Info("following the System Log of %s from where %s is", host, w.opts.Cursor)
			return nil
		}
	}
	since, err := ParseSince(w.opts.Since, w.to.Client.Now())
	if err != nil {
		return err
	}
	w.place.begin(host, w.orgID, oktaclient.FollowFactorEvents(since))
	if w.opts.Cursor != "" {
		if err := w.place.save(w.opts.Cursor); err != nil { // what can't be written must show at once
			return fault.Refused(err)
		}
	}
	w.Console.Info("following the System Log of %s since %s", host, since.UTC().Format(evidence.ShortFor))
	return nil
}

// follow reads page after page until ctx ends, or until it has read all that there is.
func (w *watcher) follow(ctx context.Context) error {
	for trouble := time.Duration(0); ; {
		page, next, err := w.read(ctx)
		switch {
		case ctx.Err() != nil:
			return w.stopped(evidence.ExplainLog(w.to.Client, context.Cause(ctx)))
		case err != nil && !w.to.MayPass(err):
			return fault.Also(evidence.ExplainLog(w.to.Client, w.hintCursor(err)), w.end())
		case err != nil:
			trouble = min(max(w.opts.Interval, 2*trouble), maxTrouble)
			w.Console.Warn("the System Log can't be read, trying again in %s; nothing is lost: %v%s", trouble, err, fault.Held(w.to.Client))
			_ = runner.Pause(ctx, trouble)
			continue
		}
		if trouble > 0 {
			w.Console.Info("the System Log can be read again")
		}
		trouble = 0
		full := len(page) >= oktaclient.LogPage
		if err := w.take(page, next); err != nil {
			return err
		}
		if w.opts.Once && !full {
			err := w.end()
			if err == nil && w.out.columns != nil && !w.out.headed {
				w.Console.Info("nobody was reset since then")
			}
			return err
		}
		if !full {
			_ = runner.Pause(ctx, w.opts.Interval)
		}
	}
}

// stopped ends a watch that was stopped from outside. That is its usual end: it isn't an error, and
// no message follows.
func (w *watcher) stopped(why error) error {
	if err := w.end(); err != nil {
		return fault.Also(why, err)
	}
	if sig, ok := errors.AsType[fault.Signal](why); ok && sig.Signal == os.Interrupt && w.Terminal {
		_, _ = io.WriteString(w.Console.Screen, "\n") // the next text begins on a line below the terminal's ^C
	}
	return fault.Told(why)
}

// read reads the next page.
func (w *watcher) read(ctx context.Context) ([]oktaclient.LogRecord, oktaclient.LogCursor, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, pollTime, errPoll)
	defer cancel()
	return w.to.Client.ReadLog(ctx, w.place.Next)
}

// hintCursor says what to do about a place that Okta doesn't know any more.
func (w *watcher) hintCursor(err error) error {
	if api := (*oktaclient.APIError)(nil); errors.As(err, &api) && api.Status == 400 && !w.place.Last.IsZero() {
		return fault.Usage("begin with a new file, and --since "+w.place.Last.UTC().Format(evidence.ShortFor)+", when the last event was",
			"%s doesn't know the place any more at which the log was left: %w", w.to.Client.Org().Host(), err)
	}
	return err
}

// take prints the resets that are over with this page, and then advances the place.
func (w *watcher) take(page []oktaclient.LogRecord, next oktaclient.LogCursor) error {
	news := w.place.news(page)
	if err := w.print(w.fold.Add(news)); err != nil {
		return err
	}
	w.place.move(page, next)
	return w.keep()
}

// end prints the resets that aren't over yet, because the watch won't see more of them.
func (w *watcher) end() error {
	if !w.fold.Pending() {
		return nil
	}
	if err := w.print(w.fold.End()); err != nil {
		return err
	}
	return w.keep()
}

func (w *watcher) print(resets []Reset) error {
	if !w.opts.All {
		resets = slices.DeleteFunc(resets, func(r Reset) bool { return !r.All() })
	}
	if err := w.out.writeTo(w.Stdout, w.to.Client.Org(), resets); err != nil {
		return fault.WithCode(fault.ExitBrokeOff, fmt.Errorf("print the events: %w", err))
	}
	if w.out.unsure && !w.toldUnsure {
		w.toldUnsure = true
		w.Console.Info("? means that a run of oktareset did it; to see whether it was yours, give --runs FOLDER with your results")
	}
	return nil
}

// keep records how far the watch came, after it has printed that: a crash in between repeats lines
// and loses none.
func (w *watcher) keep() error {
	w.place.settle(w.fold.Open)
	w.place.Resets = w.fold.Over
	if w.opts.Cursor == "" {
		return nil
	}
	if err := w.place.save(w.opts.Cursor); err != nil {
		return fault.WithCode(fault.ExitBrokeOff, err)
	}
	return nil
}

// Options are what the flags of watch set.
type Options struct {
	Since    string
	Cursor   string
	Runs     []string
	All      bool
	Once     bool
	JSON     bool // on a terminal, too
	Interval time.Duration
	Org      access.Flags
}

// ParseSince reads a time, or how long ago it was. "" is now.
func ParseSince(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return now, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if ago, durErr := console.ParsePeriod(s); durErr == nil {
		t, err = now.Add(-ago), nil
	}
	switch {
	case err != nil:
		return t, fault.Usage("as --since 2026-11-22T08:00:00Z, --since 2h or --since 2d", "--since %q is no time", s)
	case t.After(now.Add(time.Minute)):
		return t, fault.Usage("", "--since %q is in the future", s)
	case t.Before(now.Add(-evidence.LogRetention)):
		return t, fault.Usage("begin later", "--since %q: Okta keeps its log for 90 days", s)
	}
	return t, nil
}

// Run carries out the watch command.
func Run(ctx context.Context, e *access.Env, o Options) error {
	c, err := e.Connect(ctx, access.Way{Flags: o.Org, Scopes: access.LogScopes})
	if err != nil {
		return err
	}
	w := &watcher{Env: e, opts: o, to: c}
	w.meetOrg(ctx)
	if e.TerminalOut && !o.JSON {
		w.out.columns = e.Columns
	}
	w.out.ours = ownRuns{paths: o.Runs, org: c.Config.URL.Host(), orgID: w.orgID}
	if err := w.out.ours.load(); err != nil {
		return fault.Refused(err)
	}
	if err := w.begin(); err != nil {
		return err
	}
	return w.follow(ctx)
}
