package protect

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/console"
	"oktareset/runner/evidence"
	"oktareset/runner/fault"
	"oktareset/runner/results"
)

const (
	// recentPeriod is how far back the log is always read.
	recentPeriod = 24 * time.Hour
	// askPages and askTime limit a reading that is only for information.
	askPages = 20
	askTime  = 30 * time.Second
	// skipPages and skipTime limit a reading that has to be complete. A default token may read 60
	// pages a minute.
	skipPages = 200
	skipTime  = 5 * time.Minute
	// clocksApart is how long before the start of a run its first events may be, by Okta's clock.
	clocksApart = 10 * time.Minute
	// sayAfter is when an unfinished reading is announced.
	sayAfter = 3 * time.Second
)

// Recent is who of a run's users was reset lately, and not by the runs of its own results. The
// zero value knows nobody.
type Recent struct {
	Skip time.Duration // --skip-reset-since, of this run or an earlier one; 0: nobody is left alone

	since    time.Time // users who were reset after it are left alone
	are      string    // the verb for "reset": they are, or in a dry run would be
	asked    time.Time // the beginning of the period that was asked for
	log      *evidence.Recent
	users    int    // who were reset
	enrolled int    // of these, those who have enrolled a factor since
	left     int    // of the others, those who are left alone
	partly   bool   // there may be more: the log wasn't read to its end
	bound    string // if a limit ended the reading, how far it got
	by       map[evidence.Source]int
}

// Ask is the question to the log, and the users that it is about.
type Ask struct {
	Client *oktaclient.Client
	Out    *console.Console
	DryRun bool
	Skip   time.Duration // --skip-reset-since
	// periods in which earlier runs, or the plan, left users alone
	Before []results.LeftAlone
	// recognises the runs of these results; nil: there are none
	Own func(evidence.Source) bool
	// recognises them, and the runs of copies of these results; nil: Found isn't needed
	Kin func(evidence.Source) bool
	// when the first of them began, by the local clock
	Since time.Time
	Found func(evidence.Change)                          // gets what those did
	Users func(yield func(runner.Identifier) bool) error // of the run's rows
}

// AskRecent reads in the log, before consent, who was reset lately. The log has a bucket of its
// own, so this costs the resets nothing. Without Skip, unread says why the log couldn't be read,
// which is no error. AskRecent changes nothing.
func AskRecent(ctx context.Context, o Ask) (c *Recent, unread, err error) {
	now := o.Client.Now()
	c = &Recent{asked: now.Add(-recentPeriod), are: "are", by: make(map[evidence.Source]int)}
	c.Skip, c.since = leaveAloneSince(now, &o)
	if o.DryRun {
		c.are = "would be"
	}
	// The server's time comes from its Date, which is cut to whole seconds.
	q := evidence.Query{Until: now.Add(time.Second), Own: o.Own, Kin: o.Kin, Found: o.Found, Pages: askPages, For: askTime}
	if o.Kin != nil {
		q.KinSince = o.Since.Add(time.Until(now) - clocksApart)
		if oldest := now.Add(-evidence.LogRetention); q.KinSince.Before(oldest) {
			q.KinSince = oldest
		}
	}
	if c.Skip > 0 {
		q.Pages, q.For = skipPages, skipTime
		if c.since.Before(c.asked) {
			c.asked = c.since
		}
	}
	q.Since = c.asked
	say := time.AfterFunc(sayAfter, func() { o.Out.Info("asking the System Log who of these users was reset lately") })
	log, unread := evidence.ReadRecent(ctx, o.Client, q)
	say.Stop()
	c.log = log
	switch {
	case ctx.Err() != nil:
		return nil, nil, fault.Stopped(context.Cause(ctx))
	case c.Skip > 0 && (unread != nil || !log.Reached(c.since)):
		return nil, nil, c.explain(o.Client, unread)
	}
	if err := c.count(&o); err != nil {
		return nil, nil, err
	}
	if c.partly = !log.Whole(); c.partly && unread == nil {
		c.bound = "the System Log wasn't read" + fault.Held(o.Client) + ": who was reset isn't known"
		if t := log.Since(); !t.IsZero() {
			c.bound = "the System Log was read back to " + t.UTC().Format(evidence.ShortFor) + " only: who was reset before isn't known"
		}
	}
	if c.Skip == 0 {
		c.log = nil
	}
	return c, unread, nil
}

// leaveAloneSince returns the period of --skip-reset-since and when it begins. Users that an
// earlier run, or the plan, had to leave alone stay so until the last row is settled, so the
// period begins no later than theirs.
func leaveAloneSince(now time.Time, o *Ask) (skip time.Duration, since time.Time) {
	skip, since = o.Skip, now.Add(-o.Skip)
	ahead := time.Until(now) // how far the server's clock is ahead of the local one
	for _, period := range o.Before {
		skip = max(skip, period.For)
		if from := period.Until.Add(ahead - period.For); from.Before(since) {
			since = from
		}
	}
	if oldest := now.Add(-evidence.LogRetention); since.Before(oldest) {
		since = oldest
	}
	return skip, since
}

// LeftAlone returns the periods in which runs left recently reset users alone.
func LeftAlone(runs []results.Run) (periods []results.LeftAlone) {
	for _, run := range runs {
		d, err := console.ParsePeriod(run.Options["skip-reset-since"])
		if err == nil && d > 0 {
			periods = append(periods, results.LeftAlone{Until: run.StartedAt, For: d})
		}
	}
	return periods
}

// explain explains why it isn't known who was reset in the period that the run needs. Nothing was
// changed.
func (c *Recent) explain(client *oktaclient.Client, err error) error {
	if err == nil {
		return fault.Usage("give a shorter --skip-reset-since, or a file without the users who are done: the earlier results name them",
			"the System Log couldn't be read back to %s within %d pages and %s%s: nobody knows who was reset since; nothing was changed",
			c.since.UTC().Format(evidence.ShortFor), skipPages, skipTime, fault.Held(client))
	}
	err = fmt.Errorf("--skip-reset-since needs the System Log: %w", err)
	if oktaclient.FateOf(err) == oktaclient.Forbidden || oktaclient.LacksScope(err) {
		return fault.New(fault.ExitNoAccess, evidence.HintLog, "%w", err)
	}
	if known := fault.Of(client, err, fault.Before, "read its System Log"); known != nil {
		return known
	}
	return fault.Usage("try again later; as long as it isn't known who was reset lately, nothing is changed", "%w", err)
}

// count counts the users of the run that the log names.
func (c *Recent) count(o *Ask) error {
	if c.log.Empty() {
		return nil
	}
	return o.Users(func(id runner.Identifier) bool {
		reset, ok := c.log.Of(id)
		if !ok {
			return true
		}
		c.users++
		c.by[reset.By]++
		switch {
		case reset.Enrolled:
			c.enrolled++
		case c.leaves(reset):
			c.left++
		}
		return true
	})
}

// Left returns how many of the run's users are left alone.
func (c *Recent) Left() int { return c.left }

// leaves reports whether a user with this reset is left alone. A user who has enrolled a factor
// since isn't: the factor may be the attacker's.
func (c *Recent) leaves(reset evidence.Reset) bool {
	return c.Skip > 0 && !reset.Enrolled && !reset.At.Before(c.since)
}

// Leave says why a user is left alone. ok is false if the user isn't.
func (c *Recent) Leave(userID string) (why string, ok bool) {
	reset, ok := c.log.Of(runner.Identifier{Kind: runner.KindID, Value: userID})
	if !ok || !c.leaves(reset) {
		return "", false
	}
	return fmt.Sprintf("reset at %s %s, and nothing was enrolled since", reset.At.Format(evidence.ShortFor), sourceText(reset.By)), true
}

// mostActor is how much of an account's name is shown.
const mostActor = 100

// sourceText returns a text as "by admin@example.com (run 20261122T051141Z-663379)".
func sourceText(s evidence.Source) string {
	text := "by " + cmp.Or(runner.Cut(s.Actor, mostActor), s.ActorID, "an unknown account")
	if s.RunID != "" {
		text += " (run " + s.RunID + ")"
	}
	return text
}

// Lines say who was reset lately; there are none if there is nothing to say.
func (c *Recent) Lines() []string {
	var lines []string
	switch {
	case c.users > 0:
		lines = []string{c.wereText(), c.thenText()}
	case c.Skip > 0:
		lines = []string{"none of these users was reset " + c.period() + " by another run or person"}
	}
	if c.bound != "" {
		lines = append(lines, c.bound)
	}
	return lines
}

func (c *Recent) period() string {
	if c.Skip > 0 {
		return "since " + c.asked.UTC().Format(evidence.ShortFor)
	}
	return "in the last " + console.PeriodText(recentPeriod)
}

// wereText returns a text as "at least 12 of these users were reset in the last 24h: 12 by
// admin@example.com (run …)".
func (c *Recent) wereText() string {
	atLeast := ""
	if c.partly {
		atLeast = "at least "
	}
	if c.users == 1 {
		return fmt.Sprintf("%s1 of these users was reset %s %s", atLeast, c.period(), strings.TrimPrefix(c.whoText(), "1 "))
	}
	return fmt.Sprintf("%s%d of these users were reset %s: %s", atLeast, c.users, c.period(), c.whoText())
}

// thenText says what happens to them.
func (c *Recent) thenText() string {
	if c.Skip == 0 {
		return c.againText()
	}
	text := fmt.Sprintf("left alone: %d (--skip-reset-since %s)", c.left, console.PeriodText(c.Skip))
	var again []string
	if c.enrolled > 0 {
		again = append(again, fmt.Sprintf("%d with a factor enrolled since", c.enrolled))
	}
	if earlier := c.users - c.enrolled - c.left; earlier > 0 {
		again = append(again, fmt.Sprintf("%d from before %s", earlier, c.since.UTC().Format(evidence.ShortFor)))
	}
	if len(again) > 0 {
		text += "; reset again: " + strings.Join(again, ", ")
	}
	return text
}

// againText says that they are reset again, and how to leave alone those for whom that only does
// harm.
func (c *Recent) againText() string {
	skip := ": --skip-reset-since " + console.PeriodText(recentPeriod)
	if c.users == 1 {
		if c.enrolled == 1 {
			return "the user has enrolled a factor since, and " + c.is() + " reset again"
		}
		return "the user has enrolled no factor since, and " + c.is() + " reset again; to leave the user alone" + skip
	}
	switch c.enrolled {
	case c.users:
		return "they " + c.are + " reset again: all of them have enrolled a factor since"
	case 0:
		return "they " + c.are + " reset again; none of them has enrolled a factor since; to leave them alone" + skip
	}
	have := "have"
	if c.enrolled == 1 {
		have = "has"
	}
	return fmt.Sprintf("they %s reset again; %d of them %s enrolled a factor since; to leave the others alone%s", c.are, c.enrolled, have, skip)
}

// is returns are in the singular.
func (c *Recent) is() string { return strings.Replace(c.are, "are", "is", 1) }

// whoText says who reset them, the most frequent first.
func (c *Recent) whoText() string {
	const most = 3
	sources := slices.SortedFunc(maps.Keys(c.by), func(a, b evidence.Source) int {
		return cmp.Or(cmp.Compare(c.by[b], c.by[a]), strings.Compare(b.RunID, a.RunID), strings.Compare(a.Actor, b.Actor), strings.Compare(a.ActorID, b.ActorID))
	})
	var parts []string
	rest := c.users
	for _, s := range sources[:min(len(sources), most)] {
		parts = append(parts, fmt.Sprintf("%d %s", c.by[s], sourceText(s)))
		rest -= c.by[s]
	}
	if rest > 0 {
		parts = append(parts, fmt.Sprintf("%d by others", rest))
	}
	return strings.Join(parts, ", ")
}

// OwnRuns returns a function that recognises the runs of these results: the results themselves
// settle whom those have reset. It returns nil if there are none.
func OwnRuns(m *results.Manifest) func(evidence.Source) bool {
	if m == nil {
		return nil
	}
	return evidence.RunsOf(m).Made
}

// Before returns the periods in which earlier runs of these results, or the plan, left recently
// reset users alone. now is the current run; either manifest may be nil.
func Before(m, plan *results.Manifest, now string) []results.LeftAlone {
	var before []results.LeftAlone
	if m != nil {
		before = LeftAlone(slices.DeleteFunc(slices.Clone(m.Runs), func(run results.Run) bool { return run.RunID == now }))
		if m.Plan != nil {
			before = append(before, m.Plan.LeftAlone...)
		}
	}
	if plan != nil {
		before = append(before, LeftAlone(plan.Runs)...)
	}
	return before
}
