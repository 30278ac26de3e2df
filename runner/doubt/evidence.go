package doubt

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner"
)

const (
	// ClockDoubt is how far off the time of a taking may be although Okta's windows confirm it:
	// events that must not be missed are looked for from that much earlier on.
	ClockDoubt = oktaclient.Window + 10*time.Second
	// replySlack allows for two clocks of Okta's servers: an event may be published a moment before
	// the time in the reply. It is shorter than the slack of an audit, which also allows for times
	// that were cut: an event that is too early proves nothing here.
	replySlack = 2 * time.Second
)

// evidence is what one reading of the log shows about a row.
type evidence struct {
	whole     *oktaclient.LogEvent  // our reset of all factors
	parts     []oktaclient.LogEvent // our deactivations
	touched   bool                  // somebody took a factor from the user, we or others
	complete  bool                  // the log was read to its end
	witnessed bool                  // the same reading shows a witness
}

// readLog returns the evidence for each row that it reached, by row number. An error means that
// nothing more can be asked.
func (p *Prover) readLog(ctx context.Context, rows []runner.Result, ripe bool) (map[int]*evidence, error) {
	read := make(map[int]*evidence, len(rows))
	if p.Blind() {
		return read, nil
	}
	var witnesses []answer
	if ripe {
		p.mu.Lock()
		witnesses = slices.Clone(p.answered)
		p.mu.Unlock()
	}
	for chunk := range slices.Chunk(rows, oktaclient.LogTargets-len(witnesses)) {
		err := p.readChunk(ctx, chunk, witnesses, read)
		switch fate := oktaclient.FateOf(err); {
		case err == nil:
		case ctx.Err() != nil:
			return read, context.Cause(ctx)
		case fate == oktaclient.Unreachable:
			return read, err
		case fate == oktaclient.NoAccess, fate == oktaclient.Forbidden:
			p.mu.Lock()
			p.blind = true
			p.mu.Unlock()
			p.warn("log", fmt.Errorf("the System Log can't be read, so nothing can be proved about lost answers: %w", err))
			return read, nil
		default:
			p.warn("log", fmt.Errorf("the System Log could not be read, so less can be proved: %w", err))
		}
	}
	return read, nil
}

// readChunk reads the log for some rows and for the witnesses in one query: if the witnesses
// show, the rows would show too. Events found before an error count.
func (p *Prover) readChunk(ctx context.Context, rows []runner.Result, witnesses []answer, read map[int]*evidence) error {
	byUser := make(map[string][]runner.Result)
	var ids []string
	since := rows[0].StartedAt
	add := func(id string, at time.Time) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
		if at.Before(since) {
			since = at
		}
	}
	for _, res := range rows {
		byUser[res.UserID] = append(byUser[res.UserID], res)
		read[res.Row.N] = &evidence{}
		add(res.UserID, res.StartedAt)
	}
	for _, w := range witnesses {
		add(w.userID, w.at)
	}
	events, err := p.client.FindFactorEvents(ctx, ids, since.Add(-ClockDoubt))
	var last time.Time // local time at which the latest witness was taken
	for i := range events {
		e := &events[i]
		if !tookFactor(e) {
			continue
		}
		for _, t := range e.Target {
			for _, res := range byUser[t.ID] {
				p.note(e, res, read[res.Row.N])
			}
		}
		for _, w := range witnesses {
			if w.taken.After(last) && p.sawWitness(e, w) {
				last = w.taken
			}
		}
	}
	for _, res := range rows {
		e := read[res.Row.N]
		e.complete, e.witnessed = err == nil, last.After(p.givenUp(res.Row.N))
	}
	return err
}

// tookFactor reports whether an event took a factor from somebody.
func tookFactor(e *oktaclient.LogEvent) bool {
	return (e.EventType == oktaclient.EventResetAll || e.EventType == oktaclient.EventDeactivate) &&
		e.Outcome.Result == oktaclient.OutcomeSuccess
}

// note adds an event about a row's user.
func (p *Prover) note(e *oktaclient.LogEvent, res runner.Result, ev *evidence) {
	switch {
	case e.Published.Before(res.StartedAt.Add(-ClockDoubt)):
		return
	case e.Published.Before(res.StartedAt.Add(-replySlack)), !p.ours(e, res): // proves neither
	case e.EventType == oktaclient.EventResetAll:
		ev.whole = e
	default:
		ev.parts = append(ev.parts, *e)
	}
	ev.touched = true
}

// ours reports whether the request that left a row in doubt caused an event: a reset of the same
// user by another admin, or by the user, is no proof.
func (p *Prover) ours(e *oktaclient.LogEvent, res runner.Result) bool {
	if res.RequestID != "" && e.RequestID() == res.RequestID {
		return true
	}
	for run := range strings.FieldsSeq(res.RunID) {
		if p.sentBy(e, run) {
			return true
		}
	}
	return false
}

// sentBy reports whether a run caused an event. Anybody can send the run's User-Agent, so the
// account has to be the run's too.
func (p *Prover) sentBy(e *oktaclient.LogEvent, run string) bool {
	actor := p.opts.Runs[run].Actor
	return actor != "" && e.Actor.ID == actor && runner.RunIn(e.Client.UserAgent.Raw) == run
}

// sawWitness reports whether an event belongs to an answered reset of this run.
func (p *Prover) sawWitness(e *oktaclient.LogEvent, w answer) bool {
	return e.User().ID == w.userID && !e.Published.Before(w.at.Add(-replySlack)) && p.sentBy(e, p.opts.RunID)
}

// leftBy returns the listed factors from before a reset that it should have taken and that none
// of its deactivations names. An Okta Verify is taken as a whole: its push, which may stay
// listed, is gone if any other part of it is, unless its passcodes are still listed.
func leftBy(parts []oktaclient.LogEvent, listed []oktaclient.Factor) []oktaclient.Factor {
	verify := false
	var names []string
	var last time.Time // by the server's clock, like the factors' times
	for i := range parts {
		names = append(names, parts[i].Factor())
		verify = verify || oktaclient.OktaVerifyEvent(parts[i].Factor())
		if parts[i].Published.After(last) {
			last = parts[i].Published
		}
	}
	codes := slices.ContainsFunc(listed, oktaclient.Factor.VerifyCodes)
	var left []oktaclient.Factor
	for _, f := range listed {
		gone := f.LogName() != "" && slices.Contains(names, f.LogName()) || f.StaysListed() && verify && !codes
		if f.ResetTakes() && !gone && !f.Created.After(last) {
			left = append(left, f)
		}
	}
	return left
}
