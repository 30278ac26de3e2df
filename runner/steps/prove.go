package steps

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"oktareset/oktaclient"
	"oktareset/runner"
)

const (
	// settleTime is how long after a request was sent its change may still take effect: three times the longest answer that is
	// waited for. A factor that is still there then wasn't reset.
	settleTime = 60 * time.Second
	// againTime is how long what may be done twice waits before it is: an org that has lost an answer may lose the next one.
	againTime = 5 * time.Second
	// logInterval is how often the System Log is asked while that time passes: it lags, usually by seconds.
	logInterval = 15 * time.Second
	// logTargets is how many users one query of the log asks for: it keeps the URL below 4 KB.
	logTargets = 50
	// clockSlack allows for server clocks that differ: an event may be published a moment before the time that a reply showed.
	clockSlack = 2 * time.Second
	// createdMargin is how much earlier than the row was taken a factor has to be created to prove anything: Okta's servers don't all have the
	// same clock, and a factor that was enrolled just after the reset must not pass for one from before.
	createdMargin = 10 * time.Second
	// proveWorkers ask for factors at the same time; the client's pace holds for them too.
	proveWorkers = 8
)

// resettable are the types of factor that a reset always takes. Not email, which stays enrolled on Identity Engine, nor a question,
// which may be the one for a forgotten password.
var resettable = []string{
	"push", "signed_nonce", "token", "token:hardware", "token:hotp", "token:software:totp", "sms", "call", "u2f", "webauthn",
}

// Prover finds out what became of open rows: results whose UserID, StartedAt (when the row was taken) and RunID are those of the taking. Proof
// is for resets: of what else is open, all can be done again, an enrollment once it would be listed if it had been made.
type Prover struct {
	client  *oktaclient.Client
	start   time.Time         // whatever an earlier run sent was sent before
	sent    map[int]time.Time // by row: when its request had been sent at the latest, where that is known
	warn    func(error)
	waiting func(until time.Time)
	blind   bool // the log can't be read
}

// NewProver makes a prover for a run that begins now. warn gets, once, why there is less proof than there might be. waiting, if it
// isn't nil, is told until when the prover waits (zero: not any more).
func NewProver(c *oktaclient.Client, warn func(error), waiting func(until time.Time)) *Prover {
	return &Prover{client: c, start: time.Now(), sent: make(map[int]time.Time), warn: warn, waiting: waiting}
}

// Sent notes that a row's request was sent before a time of this machine's clock. Where it isn't called, the request was sent before
// [NewProver]. It must not be called concurrently.
func (p *Prover) Sent(n int, before time.Time) { p.sent[n] = before }

// Verified returns the rows of which the System Log proves that they were reset, by us and since they were taken, and the others: with an
// error, those too that it didn't come to.
func (p *Prover) Verified(ctx context.Context, rows []runner.Result) (verified, open []runner.Result, err error) {
	rows, open = split(rows, ResetInDoubt)
	for i := 0; i < len(rows); i += logTargets {
		chunk := rows[i:min(i+logTargets, len(rows))]
		if p.blind {
			open = append(open, chunk...)
			continue
		}
		done, err := p.events(ctx, chunk)
		switch {
		case ctx.Err() != nil:
			return verified, append(open, rows[i:]...), context.Cause(ctx)
		case oktaclient.FateOf(err) == oktaclient.Unreachable:
			return verified, append(open, rows[i:]...), err
		case err != nil:
			p.blind = oktaclient.FateOf(err) == oktaclient.NoAccess || oktaclient.FateOf(err) == oktaclient.Forbidden
			p.warn(fmt.Errorf("the System Log can't be read, so that less can be proved: %w", err))
		}
		for _, res := range chunk {
			if e, ok := done[res.Row.N]; ok {
				verified = append(verified, verify(res, e))
			} else {
				open = append(open, res)
			}
		}
	}
	return verified, open, nil
}

// Ripe returns the rows that may be worked on again at once, and the others.
func (p *Prover) Ripe(rows []runner.Result) (ripe, others []runner.Result) {
	return split(rows, func(res runner.Result) bool { return !ResetInDoubt(res) && p.ripeIn([]runner.Result{res}) <= 0 })
}

// ResetInDoubt reports whether a row's reset is in doubt. An unenrollment, whose result names its factors, is not: it can be done again.
func ResetInDoubt(res runner.Result) bool {
	return res.Status == runner.StatusUnknown && res.FactorID == ""
}

func split(rows []runner.Result, is func(runner.Result) bool) (are, others []runner.Result) {
	for _, res := range rows {
		if is(res) {
			are = append(are, res)
		} else {
			others = append(others, res)
		}
	}
	return are, others
}

// events returns the event that proves each row, by row number. What was found before an error counts.
func (p *Prover) events(ctx context.Context, rows []runner.Result) (map[int]oktaclient.LogEvent, error) {
	found := make(map[int]oktaclient.LogEvent)
	byUser := make(map[string][]runner.Result)
	var ids []string
	since := rows[0].StartedAt
	for _, res := range rows {
		byUser[res.UserID] = append(byUser[res.UserID], res)
		ids = append(ids, res.UserID)
		if res.StartedAt.Before(since) {
			since = res.StartedAt
		}
	}
	for e, err := range p.client.ListFactorEvents(ctx, ids, since.Add(-clockSlack), p.client.Now().Add(time.Minute)) {
		if err != nil {
			return found, err
		}
		for _, t := range e.Target {
			for _, res := range byUser[t.ID] {
				if ours(&e, res) {
					found[res.Row.N] = e
				}
			}
		}
	}
	return found, nil
}

// ours reports whether an event is the work of the request that left a row in doubt: another admin's reset of the same user, or the
// user's own, is no proof.
func ours(e *oktaclient.LogEvent, res runner.Result) bool {
	if e.EventType != oktaclient.EventResetAll && e.EventType != oktaclient.EventDeactivate ||
		e.Outcome.Result != oktaclient.OutcomeSuccess || e.Published.Before(res.StartedAt.Add(-clockSlack)) {
		return false
	}
	if res.RequestID != "" && e.RequestID() == res.RequestID {
		return true
	}
	agent := strings.Fields(e.Client.UserAgent.Raw)
	for run := range strings.FieldsSeq(res.RunID) {
		if slices.Contains(agent, "run/"+run) {
			return true
		}
	}
	return false
}

func verify(res runner.Result, e oktaclient.LogEvent) runner.Result {
	settle(&res, runner.StatusReset, runner.ReasonVerified, "the answer was lost; the System Log proves it: event "+e.UUID)
	res.RequestID, res.FinishedAt = clip(e.RequestID()), later(e.Published, res.StartedAt)
	return res
}

// Wait waits until nothing that the rows' requests did can still take effect, and asks the log now and then. It returns as
// [Prover.Verified] does, and the open rows are then ripe for [Prover.Undone].
func (p *Prover) Wait(ctx context.Context, rows []runner.Result) (verified, open []runner.Result, err error) {
	open = rows
	for {
		var now []runner.Result
		now, open, err = p.Verified(ctx, open)
		verified = append(verified, now...)
		if err != nil {
			return verified, open, err
		}
		left := p.ripeIn(open)
		if left <= 0 {
			return verified, open, nil
		}
		p.tell(time.Now().Add(left))
		t := time.NewTimer(min(left, logInterval))
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			err = context.Cause(ctx)
		}
		p.tell(time.Time{})
		if err != nil {
			return verified, open, err
		}
	}
}

func (p *Prover) tell(until time.Time) {
	if p.waiting != nil {
		p.waiting(until)
	}
}

// ripeIn is the time until [settleTime] has passed for all rows, by this machine's clock: the servers' may jump.
func (p *Prover) ripeIn(rows []runner.Result) time.Duration {
	var left time.Duration
	for _, res := range rows {
		pause := settleTime
		if !ResetInDoubt(res) && (res.Status != runner.StatusPartial || res.Reason != runner.ReasonEnroll) {
			pause = againTime // doing it twice is no harm
		}
		refused := res.HTTPStatus/100 == 4 && res.HTTPStatus != http.StatusRequestTimeout
		if res.Status == runner.StatusPartial && (refused || res.HTTPStatus/100 == 2) { // 2xx is what came before: the open step wasn't sent
			continue
		}
		sent, ok := p.sent[res.Row.N]
		if !ok {
			sent = p.start
		}
		left = max(left, time.Until(sent.Add(pause)))
	}
	return left
}

// Undone returns those of the rows that may be worked on again: the user certainly wasn't reset, because a factor that a reset takes, enrolled
// before the row was taken, is still listed (its status becomes not_attempted); or the row isn't one whose reset is in doubt. And it returns the
// others. An empty list proves nothing: policies hide factors. [Prover.Wait] must come before.
func (p *Prover) Undone(ctx context.Context, rows []runner.Result) (undone, open []runner.Result, err error) {
	rows, undone = split(rows, ResetInDoubt)
	proved := make([]bool, len(rows))
	var workers errgroup.Group
	workers.SetLimit(proveWorkers)
	failed := make([]error, len(rows))
	for i, res := range rows {
		workers.Go(func() error {
			factors, _, err := p.client.ListFactors(ctx, res.UserID)
			failed[i] = err
			for _, f := range factors {
				if slices.Contains(resettable, f.Type) && !f.Created.IsZero() && f.Created.Before(res.StartedAt.Add(-createdMargin)) {
					proved[i] = true
				}
			}
			return nil
		})
	}
	_ = workers.Wait() // its functions return nil: one user's failure is no other's
	for i, res := range rows {
		if proved[i] {
			settle(&res, runner.StatusNotAttempted, "", "proved not to have taken effect: a factor from before is still enrolled")
			undone = append(undone, res)
		} else {
			open = append(open, res)
		}
	}
	if ctx.Err() != nil {
		return undone, open, context.Cause(ctx)
	}
	if i := slices.IndexFunc(failed, func(err error) bool { return fatal(err) != nil }); i >= 0 {
		return undone, open, failed[i]
	}
	if i := slices.IndexFunc(failed, func(err error) bool { return err != nil }); i >= 0 {
		p.warn(fmt.Errorf("not every user's factors could be listed, so that less can be proved: %w", failed[i]))
	}
	return undone, open, nil
}
