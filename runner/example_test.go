package runner_test

import (
	"context"
	"fmt"
	"strings"

	"oktareset/runner"
)

// book records in memory what a ledger writes.
type book []string

func (b *book) Take(r runner.Row, t runner.Taken) error {
	*b = append(*b, fmt.Sprintf("row %d: taken %s", r.N, t.UserID))
	return nil
}

func (b *book) Settle(r runner.Result) error {
	*b = append(*b, strings.TrimSpace(fmt.Sprintf("row %d: %s %s", r.Row.N, r.Status, r.Reason)))
	return nil
}

// Three rows, two of which name the same user, on one worker.
func ExampleRun() {
	rows := rowsOf(nil, "00u1234567890abcdEFG", "me", "00u1234567890abcdEFG")

	do := func(_ context.Context, j runner.Job, b runner.Book) (runner.Result, error) {
		res := runner.Result{Row: j.Row, Status: runner.StatusReset}
		id, reason := runner.ParseIdentifier(j.Row.Input)
		switch {
		case reason != "":
			res.Status, res.Reason = runner.StatusInvalid, reason
			return res, nil
		case j.First != j.Row.N:
			res.Status, res.Reason = runner.StatusSkipped, runner.ReasonDuplicate
			return res, nil
		}
		return res, b.Take(j.Row, runner.Taken{UserID: id.Value})
	}

	var ledger book
	counts := make(runner.Counts)
	err := runner.Run(context.Background(), runner.Options{Workers: 1}, runner.Jobs(rows, new(runner.Seen)), do, &ledger,
		func(r runner.Result) { counts[r.Status]++ })
	for _, line := range ledger {
		fmt.Println(line)
	}
	fmt.Println(counts.Total(), "rows, all well:", counts.OK(), err)
	// Output:
	// row 1: taken 00u1234567890abcdEFG
	// row 1: reset
	// row 2: invalid reserved
	// row 3: skipped duplicate
	// 3 rows, all well: false <nil>
}
