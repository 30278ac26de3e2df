package command

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"

	"oktareset/runner"
	"oktareset/runner/console"
	"oktareset/runner/fault"
)

// outcome is what a log search or the subject of a mail needs of a reset: one line, the last one, whatever became of the run.
type outcome struct {
	runID   string // "": the command line was refused
	org     string
	results string
	dryRun  bool
	sandbox bool
	counts  runner.Counts // nil: refused before there were any results
	before  []string      // results of earlier dates that were gone on with first
	limited string        // why the run ended early, as it was asked to; "" else
}

// tell logs the outcome: an error unless the exit code is 0, so that --quiet says something exactly when somebody should look.
func (o *outcome) tell(c *console.Console, err error) {
	level := slog.LevelInfo
	if err != nil {
		level = slog.LevelError
	}
	attrs := []slog.Attr{slog.Int("exit_code", fault.Code(err))}
	for _, a := range []slog.Attr{slog.String("run_id", o.runID), slog.String("org", o.org)} {
		if a.Value.String() != "" {
			attrs = append(attrs, a)
		}
	}
	if o.dryRun {
		attrs = append(attrs, slog.Bool("dry_run", true))
	}
	if o.sandbox {
		attrs = append(attrs, slog.Bool("sandbox", true))
	}
	if o.counts != nil {
		attrs = append(attrs, slog.Int("rows", o.counts.Total()), o.countsAttr())
	}
	if o.results != "" {
		attrs = append(attrs, slog.String("results", o.results))
	}
	if len(o.before) > 0 {
		attrs = append(attrs, slog.String("before", strings.Join(o.before, ", ")))
	}
	if o.limited != "" {
		attrs = append(attrs, slog.String("error", o.limited))
	} else if err != nil && !errors.Is(err, fault.ErrRows) {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	c.Log.LogAttrs(context.Background(), level, "outcome", attrs...)
}

// countsAttr has the statuses that a row ended in.
func (o *outcome) countsAttr() slog.Attr {
	var counts []slog.Attr
	for _, s := range append(slices.Clone(runner.Statuses), runner.StatusTaken) {
		if n := o.counts[s]; n > 0 {
			counts = append(counts, slog.Int(string(s), n))
		}
	}
	return slog.Attr{Key: "counts", Value: slog.GroupValue(counts...)}
}

// wantsJSON reports whether a command line asks for logs in JSON: it has to be known of one that can't be parsed, too.
func wantsJSON(args []string) bool {
	for i, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		if !ok && i+1 < len(args) {
			value = args[i+1]
		}
		if (name == "--log-format" || name == "-log-format") && value == "json" {
			return true
		}
	}
	return false
}
