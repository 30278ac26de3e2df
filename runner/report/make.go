package report

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"strings"

	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/results"
)

// Options say of what to make a page, and where.
type Options struct {
	Results string
	Output  string // "-": stdout
}

// Make carries out the report command.
func Make(ctx context.Context, e *access.Env, o Options) error {
	m, err := readManifest(o.Results)
	if err != nil {
		return err
	}
	f, err := openResults(o.Results)
	if err != nil {
		return results.Refused(err)
	}
	s := subject(&m, f)
	s.Version = e.Version
	if !m.DryRun {
		s.After = afterOf(ctx, &m, f)
	}
	var sum Summary
	err = writePage(e.Stdout, o.Output, func(w io.Writer) error {
		sum, err = Write(w, s, f.lines(ctx))
		return err
	})
	if err != nil {
		return results.Refused(err)
	}
	if o.Output != "-" {
		e.Console.Info("page: %s (%s, %s)", o.Output, console.Plural(sum.Rows, "row"), needText(sum.Open, sum.Look))
	}
	switch {
	case sum.Problem != "":
		e.Console.Warn("the page doesn't say who is back: %s", sum.Problem)
	case sum.Back != "" && o.Output != "-":
		e.Console.Info("of %s: %s", s.After.File, sum.Back)
	}
	return tellCondition(o, s.Condition)
}

// needText is as "0 need attention; 3 users to look at".
func needText(rows, look int) string {
	text := fmt.Sprintf("%d need attention", rows)
	if rows == 1 {
		text = "1 needs attention"
	}
	if look > 0 {
		text += fmt.Sprintf("; %s to look at", console.Plural(look, "user"))
	}
	return text
}

// tellCondition says what the page says at its top.
func tellCondition(o Options, c Condition) error {
	if c == Changed {
		return fault.New(fault.ExitRows, "put back the file that the run wrote, and make the page again",
			"%q isn't as the run left it: its SHA-256 isn't the manifest's; the page says so at its top", o.Results)
	}
	return nil
}

func readManifest(path string) (results.Manifest, error) {
	m, err := results.ReadManifest(path)
	if err == nil {
		err = results.RefuseUnfinished(&m, path)
	}
	if missing := results.Missing(path); missing != nil && (err == nil || errors.Is(err, fs.ErrNotExist)) {
		return m, fault.Refused(missing)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return m, results.NoManifest(path)
	}
	return m, results.Refused(err)
}

// subject says what the page is about, as the manifest has it.
func subject(m *results.Manifest, f *resultsFile) Subject {
	s := Subject{
		File: filepath.Base(f.path), SHA256: f.sha256, Condition: Changed, Counted: m.Counts,
		Plan: m.DryRun, Sandbox: m.Sandbox, Org: m.Org, Engine: m.Engine, Account: Account(m.Actor), Ticket: m.Ticket,
		Steps: m.Steps, Planned: m.Planned, Input: Input(m.Input), Consent: Consent(m.Consent), Columns: f.columns,
		Verified: m.Verified,
	}
	if m.Result != nil {
		s.Recorded = m.Result.SHA256
	}
	if f.sha256 == s.Recorded {
		s.Condition = Intact
	}
	if m.DryRun {
		s.AnHour = m.Run().UsersAnHour
		s.Incomplete, s.Complete = results.NotPlanned(m, f.path)
		s.Apply = results.PlanCommand(m, f.path)
	}
	for i := range m.Runs {
		s.Runs = append(s.Runs, runOf(m, i))
	}
	return s
}

// runOf is a run of a manifest.
func runOf(m *results.Manifest, i int) Run {
	r := &m.Runs[i]
	run := Run{
		ID: r.RunID, StartedAt: r.StartedAt, FinishedAt: r.FinishedAt, Options: maps.Clone(r.Options), User: r.Operator.User, Host: r.Operator.Host,
		Stopped: r.Stopped, Requests: r.Requests, Attempts: r.Attempts, TooMany: r.TooManyRequests, AtOnce: r.TooManyAtOnce, SecondsHeld: r.SecondsHeld,
	}
	for _, w := range r.Proof {
		run.Proof = append(run.Proof, Wait(w))
	}
	var files []string // the option has their hashes, too
	for _, x := range r.Exclusions() {
		files = append(files, x.Path)
	}
	if len(files) > 0 {
		run.Options["exclude"] = strings.Join(files, ", ")
	}
	return run
}
