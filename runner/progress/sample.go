package progress

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// minElapsed is the time before which no rate is shown: the first few rows don't predict the
// rest.
const minElapsed = time.Second

// maxLeft is the longest time left that is shown in full. A greater number means no more than
// "days".
const maxLeft = 99 * time.Hour

// sample is the state of a run at one moment.
type sample struct {
	now                time.Time
	elapsed            time.Duration
	done, notOK, total int64 // rows
	reads              bool  // rows have no outcome
	unpaced            bool  // there is no pace
	state              State
}

// text says everything about a run in progress.
func (s sample) text() string {
	return join(s.counts(), s.rate(), s.left(), s.notOKText(), s.holdText(utc))
}

// texts are versions for one line of a terminal, the longest first. Less important parts go
// first: the rate before the time left and the bar.
func (s sample) texts() []string {
	return []string{
		join(s.counts(), s.rate(), s.left(), s.notOKText(), s.holdText(local)),
		join(s.counts(), s.left(), s.notOKText(), s.holdText(local)),
		join(s.counts(), s.left(), s.notOKText(), s.briefHoldText()),
		join(s.counts(), s.left(), s.briefHoldText()),
		join(s.counts(), s.briefHoldText()),
		s.counts(),
	}
}

// endText is the text for a finished run.
func (s sample) endText() string {
	return join(s.counts(), rateText(s.perMinute()), "in "+duration(s.elapsed), s.notOKText())
}

func (s sample) counts() string {
	if s.total <= 0 {
		return fmt.Sprint(s.done)
	}
	return fmt.Sprintf("%d/%d (%d%%)", s.done, s.total, 100*min(s.done, s.total)/s.total)
}

func (s sample) notOKText() string {
	switch {
	case s.reads || s.notOK == 0:
		return ""
	case s.notOK == 1:
		return "1 needs attention"
	}
	return fmt.Sprintf("%d need attention", s.notOK)
}

// perMinute returns the average over the whole run, holds included: because of rate limits, any
// shorter average would jump between everything and nothing. It is 0 while there is no average.
func (s sample) perMinute() float64 {
	if s.done == 0 || s.elapsed < minElapsed || s.unpaced {
		return 0
	}
	return float64(s.done) / s.elapsed.Minutes()
}

// rate returns the speed of a run in progress: rows a minute, at most as many as the rate limit
// allows for long, even if the first seconds were faster.
func (s sample) rate() string {
	r := s.perMinute()
	if s.state.PerWindow > 0 {
		r = min(r, float64(s.state.PerWindow)/s.state.Window.Minutes())
	}
	return rateText(r)
}

func rateText(perMinute float64) string {
	switch r := perMinute; {
	case r == 0:
		return ""
	case r < 10:
		return fmt.Sprintf("%.1f/min", r)
	default:
		return fmt.Sprintf("%.0f/min", r)
	}
}

func (s sample) left() string {
	r := s.perMinute()
	if r == 0 || s.done >= s.total {
		return ""
	}
	minutes := max(float64(s.total-s.done)/r, s.windowsLeft().Minutes())
	if minutes > maxLeft.Minutes() {
		return "over " + duration(maxLeft) + " left"
	}
	return duration(time.Duration(minutes*float64(time.Minute))) + " left"
}

// windowsLeft returns the least time that the rate limit allows: the rest of a hold, and the
// windows needed before the last one. The average alone would promise seconds while the first
// window is spent.
func (s sample) windowsLeft() time.Duration {
	if s.state.PerWindow <= 0 {
		return s.hold()
	}
	return s.hold() + time.Duration((s.total-s.done-1)/int64(s.state.PerWindow))*s.state.Window
}

// hold returns how long nothing will start, 0 if nothing is held.
func (s sample) hold() time.Duration { return max(0, s.state.Hold.Sub(s.now)) }

func (s sample) holdText(clock func(time.Time) string) string {
	hold := s.hold()
	if hold == 0 {
		return ""
	}
	// rounded up: "waiting 0 s" would look stuck
	wait := time.Duration(math.Ceil(hold.Seconds())) * time.Second
	return fmt.Sprintf("%s: waiting %s, until %s", s.state.Why, duration(wait), clock(s.state.Hold))
}

// briefHoldText returns a text as "rate limit until 14:03:20".
func (s sample) briefHoldText() string {
	if s.hold() == 0 {
		return ""
	}
	return s.state.Why + " until " + local(s.state.Hold)
}

// utc formats a time for a log, which may be read anywhere, and local for the person at the
// terminal. Both round up.
func utc(t time.Time) string { return t.UTC().Add(time.Second - 1).Format("15:04:05Z") }

func local(t time.Time) string { return t.Local().Add(time.Second - 1).Format("15:04:05") }

// duration writes d as 45 s, 4m05s or 2h04m.
func duration(d time.Duration) string {
	n := int(d.Round(time.Second).Seconds())
	switch {
	case n < 60:
		return fmt.Sprintf("%d s", n)
	case n < 3600:
		return fmt.Sprintf("%dm%02ds", n/60, n%60)
	}
	return fmt.Sprintf("%dh%02dm", n/3600, n/60%60)
}

// join puts commas between the parts that aren't empty.
func join(parts ...string) string {
	said := parts[:0]
	for _, p := range parts {
		if p != "" {
			said = append(said, p)
		}
	}
	return strings.Join(said, ", ")
}
