package command

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"oktareset/runner"
	"oktareset/runner/fault"
)

// parseHalt reads fail=N or fail=N%.
func parseHalt(s string) (runner.HaltRule, error) {
	if s == "" {
		return runner.HaltRule{}, nil
	}
	bad := fault.Usage("as --halt fail=10 or --halt fail=5%", "--halt %q isn't fail=N or fail=N%%", s)
	value, ok := strings.CutPrefix(s, "fail=")
	if !ok {
		return runner.HaltRule{}, bad
	}
	if number, ok := strings.CutSuffix(value, "%"); ok {
		p, err := strconv.ParseFloat(number, 64)
		if err != nil || !(p > 0 && p <= 100) {
			return runner.HaltRule{}, bad
		}
		return runner.HaltRule{Percent: p}, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 {
		return runner.HaltRule{}, bad
	}
	return runner.HaltRule{Count: n}, nil
}

// retryable are the statuses that --retry may name.
var retryable = []runner.Status{runner.StatusFailed, runner.StatusForbidden, runner.StatusNotFound, runner.StatusInvalid, runner.StatusUnknown}

// parseRetry reads STATUS[,STATUS].
func parseRetry(s string) (map[runner.Status]bool, error) {
	if s == "" {
		return nil, nil
	}
	retry := make(map[runner.Status]bool)
	for name := range strings.SplitSeq(s, ",") {
		status := runner.Status(strings.TrimSpace(name))
		switch {
		case status == runner.StatusPartial:
			return nil, fault.Usage("use --resume", "--retry partial: every resume continues the rows that are half done")
		case !slices.Contains(retryable, status):
			return nil, fault.Usage(fmt.Sprintf("one or more of %s, with commas", joinStatuses(retryable)), "--retry %q: no such status to try again", name)
		}
		retry[status] = true
	}
	return retry, nil
}

func joinStatuses(statuses []runner.Status) string {
	names := make([]string, len(statuses))
	for i, s := range statuses {
		names[i] = string(s)
	}
	return strings.Join(names, ", ")
}
