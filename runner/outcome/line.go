package outcome

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	"oktareset/runner"
	"oktareset/runner/console"
	"oktareset/runner/fault"
)

// Tell logs the outcome: an error unless the exit code is 0, so that --quiet says
// something exactly when somebody should look.
func Tell(c *console.Console, o *Outcome, err error) {
	level := slog.LevelInfo
	if err != nil {
		level = slog.LevelError
	}
	attrs := []slog.Attr{slog.Int("exit_code", fault.Code(err))}
	for _, a := range []slog.Attr{slog.String("run_id", o.RunID), slog.String("org", o.Org)} {
		if a.Value.String() != "" {
			attrs = append(attrs, a)
		}
	}
	if o.DryRun {
		attrs = append(attrs, slog.Bool("dry_run", true))
	}
	if o.Sandbox {
		attrs = append(attrs, slog.Bool("sandbox", true))
	}
	if o.Counts != nil {
		attrs = append(attrs, slog.Int("rows", o.Counts.Total()), countsAttr(o.Counts))
	}
	if o.Results != "" {
		attrs = append(attrs, slog.String("results", o.Results))
	}
	if len(o.Before) > 0 {
		attrs = append(attrs, slog.String("before", strings.Join(o.Before, ", ")))
	}
	if o.Limited != "" {
		attrs = append(attrs, slog.String("error", o.Limited))
	} else if err != nil && !fault.OnlyRows(err) {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	c.Log.LogAttrs(context.Background(), level, "outcome", attrs...)
}

// countsAttr has the statuses that a row ended in.
func countsAttr(all runner.Counts) slog.Attr {
	var counts []slog.Attr
	for _, s := range append(slices.Clone(runner.Statuses), runner.StatusTaken) {
		if n := all[s]; n > 0 {
			counts = append(counts, slog.Int(string(s), n))
		}
	}
	return slog.Attr{Key: "counts", Value: slog.GroupValue(counts...)}
}
