package runner

import (
	"slices"
	"strings"
	"time"
)

// Open is the part of a row that isn't known to be done. It is recorded when it happens, and
// never inferred from a status or an error. The zero value means that nothing is open.
type Open struct {
	Step    Reason   // the first step that isn't done, as in [Taken.Step]
	Sent    Sent     // whether the step's request was sent
	Factors []string // if the step unenrolls factors: IDs of those still to unenroll
}

// Sent says what became of the open step's request.
type Sent string

// The possible outcomes. "" means that nothing is open.
const (
	SentNever Sent = "never"   // it certainly wasn't sent
	Refused   Sent = "refused" // Okta said that it did nothing
	Lost      Sent = "lost"    // it may have been done: no trustworthy answer came
)

// InDoubt reports whether the open step may have been done.
func (o Open) InDoubt() bool { return o.Sent == Lost }

// ResetInDoubt reports whether the reset of all factors may have been done. No other step does
// harm when it is repeated, once a lost one would show.
func (o Open) ResetInDoubt() bool { return o.Sent == Lost && o.Step == StepReset }

// StepReset is the [Taken.Step] of the reset of all factors, which comes before all others.
const StepReset Reason = ""

// Tried is what earlier runs did to a row that has nothing open now.
type Tried struct {
	Attempts int
	Again    string // as in [Result.Again]
}

// SentAgain returns the text for [Result.Again] after the reset, or the link that activates a new
// factor, was sent again at a time, for a reason. before is the text of earlier times.
func SentAgain(before string, at time.Time, why string) string {
	const most = 5 // of a row sent again and again, only the last is kept
	text := againPrefix + at.UTC().Format(time.RFC3339) + ": " + strings.ReplaceAll(why, againEnd, ",")
	if before == "" || strings.Count(before, againPrefix) >= most {
		return text
	}
	return before + ", " + text
}

const (
	againPrefix = "sent again at "
	againEnd    = ";"
)

// JoinAgain puts [Result.Again] before an error's text.
func JoinAgain(again, text string) string {
	if again == "" || text == "" {
		return again + text
	}
	return again + againEnd + " " + text
}

// SplitAgain undoes [JoinAgain].
func SplitAgain(s string) (again, text string) {
	if !strings.HasPrefix(s, againPrefix) {
		return "", s
	}
	again, text, _ = strings.Cut(s, againEnd)
	return again, strings.TrimPrefix(text, " ")
}

// JoinRuns joins ids of runs with spaces, each once.
func JoinRuns(ids ...string) string {
	var all []string
	for _, id := range strings.Fields(strings.Join(ids, " ")) {
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return strings.Join(all, " ")
}
