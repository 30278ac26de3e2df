package command

import (
	"context"
	"fmt"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner/access"
	"oktareset/runner/audit"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/results"
)

const (
	// logRetention is how long Okta keeps events.
	logRetention = 90 * 24 * time.Hour
	// logCalls is what a default token may ask the log in a minute, in a workforce org.
	logCalls = 60
	// longReading is a reading of the log that is announced.
	longReading = time.Minute
	// shortFor is the shape of times in messages.
	shortFor = "2006-01-02T15:04:05Z"
)

// logScopes are those of reading the log and nothing else.
var logScopes = access.Scopes{Needed: []string{oktaclient.ScopeLogsRead}}

// connect makes a client for the org of the results, whatever its name is now.
func (r *auditRun) connect(ctx context.Context) error {
	cfg, err := r.LoadOrg(ctx, r.opts.org, logScopes)
	if err != nil {
		return err
	}
	r.client = oktaclient.New(cfg.URL, r.ClientOptions(cfg, "", r.opts.console.Verbose))
	host, id := cfg.URL.Host(), ""
	if r.manifest.OrgID == "" {
		r.Console.Warn("%s doesn't have the org's ID, as an earlier version made it: only the name %s is compared", r.opts.results, r.manifest.Org)
	} else {
		org, err := r.client.GetOrg(ctx)
		if err != nil {
			return fault.CannotBegin(r.client, err, "ask which org it is")
		}
		id = org.ID
	}
	if !r.manifest.SameOrg(host, id) {
		return fault.Usage("give the org of the results by OKTA_CLIENT_ORGURL or --org-url",
			"%s is from %s, but the org is %s", r.opts.results, orgName(r.manifest.Org, r.manifest.OrgID), orgName(host, id))
	}
	return nil
}

// orgName is a host, and the ID of its org if that is known.
func orgName(host, id string) string {
	if id == "" {
		return host
	}
	return host + " (" + id + ")"
}

// readLog holds the rows against the log.
func (r *auditRun) readLog(ctx context.Context) error {
	since, until, ok := r.audit.Span()
	runs := "run " + r.manifest.Runs[0].RunID
	if n := len(r.manifest.Runs); n > 1 {
		runs = fmt.Sprintf("%d runs, the first %s", n, r.manifest.Runs[0].RunID)
	}
	r.Console.Info("%s: %s, %s, in %s", r.opts.results, console.Plural(r.rows, "row"), runs, r.manifest.Org)
	if !ok {
		r.Console.Info("no row names a user for whom anything was tried: there is nothing to ask the log for")
		return nil
	}
	switch old := r.client.Now().Add(-logRetention); {
	case until.Before(old):
		return fault.Usage("it can't be audited any more", "Okta keeps its log for 90 days; this run ended on %s", until.Format(time.DateOnly))
	case since.Before(old):
		r.Console.Warn("Okta keeps its log for 90 days; this run began on %s: its first events may be gone", since.Format(time.DateOnly))
	}
	r.Console.Info("asking the System Log for %s to %s", since.UTC().Format(shortFor), until.UTC().Format(shortFor))
	if calls := logPages(&r.manifest, r.audit.Done()); calls > logCalls*int(longReading/time.Minute) {
		r.Console.Info("that is about %d calls of %d events; at %d a minute, which a default token is allowed, they take %s",
			calls, oktaclient.LogPage, logCalls, time.Duration(calls)*time.Minute/logCalls)
	}
	return r.audit.Read(ctx, r.client, r.opts.wait, r.tell)
}

// logPages is about how many pages of the log the resets of a run fill: on Identity Engine each may write an event for each factor beside its own.
func logPages(m *results.Manifest, resets int) int {
	const factors = 3
	events := resets
	if m.Engine != oktaclient.EngineClassic {
		events *= 1 + factors
	}
	return (events + oktaclient.LogPage - 1) / oktaclient.LogPage
}

// tell says how far the reading is.
func (r *auditRun) tell(g audit.Reading) {
	if g.Open == 0 {
		r.Console.Info("progress: %s read, up to %s", console.Plural(g.Events, "event"), g.At.UTC().Format(shortFor))
		return
	}
	r.Console.Info("progress: %s without an event so far; the log lags: asking again until %s",
		console.Plural(g.Open, "user"), g.Until.UTC().Format("15:04:05Z"))
}

// explain says why the log couldn't be read. Nothing was written.
func (r *auditRun) explain(err error) error {
	return explainLog(r.client, err)
}

// explainLog says why the System Log couldn't be read, with the exit code for that.
func explainLog(c *oktaclient.Client, err error) error {
	p := fault.Before
	if c.MetOkta() {
		p = fault.During
	}
	known := fault.Of(c, err, p, "read its System Log")
	switch {
	case known == nil:
		return fault.WithCode(p.Code(), fmt.Errorf("read the System Log of %s: %w", c.Org().Host(), err))
	case fault.Code(known) == fault.ExitNoAccess:
		return fault.New(fault.ExitNoAccess, hintLog, "%w", known)
	}
	return known
}

const hintLog = "the System Log takes a good token of an admin who may read it, or the scope okta.logs.read"
