package runner

import (
	"slices"
	"strings"
	"time"
)

// Open is what of a row isn't known to be done. It is said when it happens, and never guessed from
// a status or an error. The zero value says that nothing is open.
type Open struct {
	Step    Reason   // the first step that isn't done, as [Taken.Step] names it
	Sent    Sent     // whether the step's request was sent
	Factors []string // of the step that unenrolls: IDs of the factors that are still to go
}

// Sent says what became of the request of the step that is open.
type Sent string

// What may have become of it. "" belongs to a row of which nothing is open.
const (
	SentNever Sent = "never"   // it certainly wasn't sent
	Refused   Sent = "refused" // Okta said that it did nothing
	Lost      Sent = "lost"    // it may have been done: no answer came that can be trusted
)

// InDoubt reports whether the open step may have been done.
func (o Open) InDoubt() bool { return o.Sent == Lost }

// ResetInDoubt reports whether it is the reset of all factors that may have been done: nothing else
// is harmed by doing it twice, once it would show if it had been done.
func (o Open) ResetInDoubt() bool { return o.Sent == Lost && o.Step == StepReset }

// StepReset is the [Taken.Step] of the reset of all factors, which comes before all others.
const StepReset Reason = ""

// Tried is what earlier runs did to a row that they then left with nothing open.
type Tried struct {
	Attempts int
	Again    string // as [Result.Again]
}

// SentAgain is what a result says in [Result.Again] whose reset was sent again at a time, for a
// reason, and perhaps before that, too.
func SentAgain(before string, at time.Time, why string) string {
	const most = 5 // a row that is sent again and again says so often enough
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

// JoinAgain puts [Result.Again] in front of an error's text.
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

// JoinRuns joins ids of runs, with spaces between, each once.
func JoinRuns(ids ...string) string {
	var all []string
	for _, id := range strings.Fields(strings.Join(ids, " ")) {
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return strings.Join(all, " ")
}
