package access

import (
	"fmt"
	"math"
	"time"

	"golang.org/x/time/rate"

	"oktareset/oktaclient"
	"oktareset/runner/console"
)

// Estimate says how long this many calls in the resets' bucket take, with at most ceiling of them
// a second unless it is 0: whole windows of 61 s, the last one spent in seconds. If the limit
// isn't known, it returns unknown.
func Estimate(c *oktaclient.Client, calls int, ceiling rate.Limit, unknown string) string {
	limit, usable, ok := c.Allowance(oktaclient.BucketUsers)
	if !ok {
		return unknown
	}
	about := aboutText(takes(calls, usable, ceiling))
	if ceiling > 0 && float64(ceiling)*60 < float64(usable) { // the ceiling decides, not the token's limit
		return about + " (--rate " + rateText(ceiling) + ")"
	}
	return fmt.Sprintf("%s (%d of the %d calls a minute that this token is allowed)", about, usable, limit)
}

// rateText is as "2/s" or, if it is less than ten a minute, as "60/h".
func rateText(r rate.Limit) string {
	whole := func(n float64) bool { return math.Abs(n-math.Round(n)) < 1e-6 }
	switch each := float64(r); {
	case each > 0.5 && whole(each):
		return fmt.Sprintf("%.0f/s", each)
	case 60*each > 10 && whole(60*each):
		return fmt.Sprintf("%.0f/m", 60*each)
	case whole(3600 * each):
		return fmt.Sprintf("%.0f/h", 3600*each)
	default:
		return fmt.Sprintf("%.2f/h", 3600*each)
	}
}

func takes(calls, usable int, ceiling rate.Limit) time.Duration {
	d := time.Duration(max(0, calls-1)/usable) * oktaclient.Window
	if ceiling > 0 {
		d = max(d, time.Duration(float64(calls)/float64(ceiling)*float64(time.Second)))
	}
	return d
}

// PaceTexts say how long a run over users takes that needs this many calls for each: the estimate,
// if it is long who is reset by when, and what all of the org's limit would give.
func PaceTexts(c *oktaclient.Client, users, each int, ceiling rate.Limit, now time.Time) []string {
	texts := []string{Estimate(c, users*each, ceiling, "not known: the org doesn't report its limit")}
	if text := Schedule(users, UsersAnHour(c, each, ceiling), now); text != "" {
		texts = append(texts, text)
	}
	if text := otherHalf(c, users*each, ceiling); text != "" {
		texts = append(texts, text)
	}
	return texts
}

// longRun is how long a run has to last for its pace to matter: then others wait, and people can
// do something about it.
const longRun = 10 * time.Minute

// otherHalf says how long the calls would take with all of the org's limit, or "" if that hardly
// matters. Okta tells a token its own limit, but not the org's: so the text is only about what is
// usual.
func otherHalf(c *oktaclient.Client, calls int, ceiling rate.Limit) string {
	_, usable, ok := c.Allowance(oktaclient.BucketUsers)
	if !ok || takes(calls, usable, ceiling) < longRun || takes(calls, 2*usable, ceiling) > takes(calls, usable, ceiling)*3/4 {
		return ""
	}
	return shareText(c, takes(calls, 2*usable, ceiling))
}

// shareText says what share of the org's limit new credentials have, how long it takes with all of
// it, and where an admin changes it.
func shareText(c *oktaclient.Client, whole time.Duration) string {
	who, where := "A token", "Security, API, Tokens, the token"
	if _, _, app := c.Grant(); app {
		who, where = "An app", "Applications, the app, Application rate limits"
	}
	return fmt.Sprintf("%s has half of the org's limit by default; with all of it: %s. An admin changes that in the Admin Console: %s", who, aboutText(whole), where)
}

// wholeLimit says what the whole of the org's limit would give, for whoever has no run in mind.
func wholeLimit(c *oktaclient.Client, usable int) string {
	const users = 10000
	return fmt.Sprintf("%d users take %s. %s", users, aboutText(takes(users, usable, 0)), shareText(c, takes(users, 2*usable, 0)))
}

// UsersAnHour returns how many users a run can do in an hour, with this many calls for each; 0 if
// that isn't known.
func UsersAnHour(c *oktaclient.Client, each int, ceiling rate.Limit) float64 {
	calls := math.Inf(1)
	if _, usable, ok := c.Allowance(oktaclient.BucketUsers); ok {
		calls = float64(usable) * float64(time.Hour) / float64(oktaclient.Window)
	}
	if ceiling > 0 {
		calls = min(calls, 3600*float64(ceiling))
	}
	if math.IsInf(calls, 1) {
		return 0
	}
	return calls / float64(max(1, each))
}

// ManyUsers is how many users may take an hour where the limit is low. For fewer, a dry run makes no
// call that shows the limit.
const ManyUsers = 1000

// Schedule says how many users are reset by when, if all of them take more than an hour; else
// "". If start is zero, it isn't known when the run begins.
func Schedule(users int, anHour float64, start time.Time) string {
	if anHour < 1 || float64(users) <= anHour {
		return ""
	}
	all := time.Duration(float64(users) / anHour * float64(time.Hour)).Round(time.Minute)
	text := console.Plural(int(anHour), "user") + " an hour:"
	for i, d := range []time.Duration{time.Hour, 4 * time.Hour, 8 * time.Hour, 24 * time.Hour, all} {
		n := int(anHour * d.Hours())
		switch {
		case i == 0:
			text += fmt.Sprintf(" %d reset %s", n, when(d, start))
		case d == all:
			text += fmt.Sprintf(", all %d %s", users, when(d, start))
		case d < all*3/4:
			text += fmt.Sprintf(", %d %s", n, when(d, start))
		}
	}
	return text
}

// when is as "by 14:05 UTC", "by 14:05 UTC tomorrow", "by 14:05 UTC on 30 Nov", or "after 4 h".
func when(d time.Duration, start time.Time) string {
	minutes := int(d.Minutes())
	switch {
	case !start.IsZero():
	case minutes%60 == 0:
		return fmt.Sprintf("after %d h", minutes/60)
	default:
		return fmt.Sprintf("after %d h %d min", minutes/60, minutes%60)
	}
	at := start.Add(d)
	day := func(t time.Time) string { return t.Format(time.DateOnly) }
	switch text := "by " + at.Format("15:04 MST"); day(at) {
	case day(start):
		return text
	case day(start.AddDate(0, 0, 1)):
		return text + " tomorrow"
	default:
		return text + " on " + at.Format("2 Jan")
	}
}

// aboutText returns a time as people plan with it: about 3 minutes, about 2 h 05 min, about 3
// days.
func aboutText(d time.Duration) string {
	switch minutes := int(d.Round(time.Minute) / time.Minute); {
	case d < time.Minute:
		return "less than a minute"
	case minutes < 100:
		return "about " + console.Plural(minutes, "minute")
	case minutes < 48*60:
		return fmt.Sprintf("about %d h %02d min", minutes/60, minutes%60)
	}
	return "about " + console.Plural(int(d.Round(24*time.Hour)/(24*time.Hour)), "day")
}

// TooManyText says how often Okta answered 429, and which limit was meant; "" for 0 times.
func TooManyText(times, atOnce int) string {
	text := "Okta answered 429 (too many requests) " + console.Plural(times, "time")
	switch {
	case times == 0:
		return ""
	case atOnce == 0:
		return text + ", by a rate limit"
	case atOnce == times:
		return text + ", by the concurrency limit (requests at the same time)"
	}
	return fmt.Sprintf("%s: %d by a rate limit, %d by the concurrency limit (requests at the same time)", text, times-atOnce, atOnce)
}
