package audit

import (
	"context"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner/console"
	"oktareset/runner/evidence"
	"oktareset/runner/fault"
	"oktareset/runner/results"
)

// readLog reads the log and compares the rows with it.
func (r *run) readLog(ctx context.Context) error {
	since, until, ok := r.audit.Span()
	r.Console.Info("%s: %s, %s, in %s", r.opts.Results, console.Plural(r.rows, "row"), results.RunsText(&r.manifest), r.manifest.Org)
	if !ok {
		r.Console.Info("no row names a user for whom anything was tried: there is nothing to ask the log for")
		return nil
	}
	switch old := r.client.Now().Add(-evidence.LogRetention); {
	case until.Before(old):
		return fault.Usage("it can't be audited any more", "Okta keeps its log for 90 days; this run ended on %s", until.Format(time.DateOnly))
	case since.Before(old):
		r.Console.Warn(evidence.WarnForgotten, since.Format(time.DateOnly))
	}
	r.Console.Info("reading the System Log from %s to %s", since.UTC().Format(evidence.ShortFor), until.UTC().Format(evidence.ShortFor))
	if calls := logPages(&r.manifest, r.audit.Done()); calls > evidence.LogCalls*int(evidence.LongReading/time.Minute) {
		r.Console.Info("that is about %d calls of %d events; at %d a minute, which a default token is allowed, they take %s",
			calls, oktaclient.LogPage, evidence.LogCalls, time.Duration(calls)*time.Minute/evidence.LogCalls)
	}
	return r.audit.Read(ctx, r.client, r.opts.Wait, r.tell)
}

// logPages returns about how many pages of the log the resets of a run fill. On Identity Engine
// each reset may write an event of its own and one for each factor.
func logPages(m *results.Manifest, resets int) int {
	const factors = 3
	events := resets
	if m.Engine != oktaclient.EngineClassic {
		events *= 1 + factors
	}
	return (events + oktaclient.LogPage - 1) / oktaclient.LogPage
}

// tell shows how far the reading is.
func (r *run) tell(g Reading) {
	if g.Open == 0 {
		r.Console.Info("progress: %s read, up to %s", console.Plural(g.Events, "event"), g.At.UTC().Format(evidence.ShortFor))
		return
	}
	r.Console.Info("progress: %s without an event so far; the log lags: asking again until %s",
		console.Plural(g.Open, "user"), g.Until.UTC().Format("15:04:05Z"))
}
