package job

import (
	"fmt"
	"strconv"
	"strings"

	"oktareset/runner"
	"oktareset/runner/fault"
)

// haltAfter is how many rows have to be finished before a percentage says anything.
const haltAfter = 20

// errHalt is the cause of a run that its --halt rule has ended.
var errHalt = fault.New(fault.ExitConsent, "", "too many rows failed (--halt)")

// errMaxDuration is the cause of a run that has used up its --max-duration.
var errMaxDuration = fault.New(fault.ExitStopped, "", "the time for this run is over (--max-duration)")

// HaltRule ends a run after too many failures. The zero value never does.
type HaltRule struct {
	count   int     // failed rows; 0: no such rule
	percent float64 // of the finished rows; 0: no such rule
}

// ParseHalt reads fail=N or fail=N%.
func ParseHalt(s string) (HaltRule, error) {
	if s == "" {
		return HaltRule{}, nil
	}
	bad := fault.Usage("as --halt fail=10 or --halt fail=5%", "--halt %q isn't fail=N or fail=N%%", s)
	value, ok := strings.CutPrefix(s, "fail=")
	if !ok {
		return HaltRule{}, bad
	}
	if number, ok := strings.CutSuffix(value, "%"); ok {
		p, err := strconv.ParseFloat(number, 64)
		if err != nil || !(p > 0 && p <= 100) {
			return HaltRule{}, bad
		}
		return HaltRule{percent: p}, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 {
		return HaltRule{}, bad
	}
	return HaltRule{count: n}, nil
}

// halted reports whether so many failures among the finished rows end the run.
func (h HaltRule) halted(failed, finished int) bool {
	if h.count > 0 && failed >= h.count {
		return true
	}
	return h.percent > 0 && finished >= haltAfter && float64(failed)*100 >= h.percent*float64(finished)
}

// failure reports whether a status counts for a halt rule: not what the input did wrong, nor what was rightly left alone.
func failure(s runner.Status) bool {
	switch s {
	case runner.StatusFailed, runner.StatusForbidden, runner.StatusUnknown, runner.StatusPartial:
		return true
	}
	return false
}

// Retryable are the statuses that --retry may name.
var Retryable = []runner.Status{runner.StatusFailed, runner.StatusForbidden, runner.StatusNotFound, runner.StatusUnknown}

// ParseRetry reads STATUS[,STATUS].
func ParseRetry(s string) (map[runner.Status]bool, error) {
	if s == "" {
		return nil, nil
	}
	retry := make(map[runner.Status]bool)
next:
	for name := range strings.SplitSeq(s, ",") {
		for _, status := range Retryable {
			if string(status) == strings.TrimSpace(name) {
				retry[status] = true
				continue next
			}
		}
		if strings.TrimSpace(name) == string(runner.StatusPartial) {
			return nil, fault.Usage("use --resume", "--retry partial: every resume goes on with the rows that are half done")
		}
		return nil, fault.Usage(fmt.Sprintf("one or more of %s, with commas", JoinStatuses(Retryable)), "--retry %q: no such status to try again", name)
	}
	return retry, nil
}

func JoinStatuses(statuses []runner.Status) string {
	names := make([]string, len(statuses))
	for i, s := range statuses {
		names[i] = string(s)
	}
	return strings.Join(names, ", ")
}
