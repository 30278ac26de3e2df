package job

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"oktareset/runner"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/files"
	"oktareset/runner/ledger"
	"oktareset/runner/results"
)

// resume opens the ledger of earlier runs. It reports false if there is none: then this is a new run.
func (r *resetRun) resume() (bool, error) {
	r.duplicates, r.tried = make(map[int]bool), make(map[int]runner.Tried)
	book, open, err := ledger.Resume(r.ledgerSpec(), r.claim)
	if errors.Is(err, ledger.ErrNothing) {
		if len(r.opts.Retry) > 0 {
			return false, fault.Usage("the results of an earlier run are looked for at "+r.paths.results+"; name them with -o",
				"nothing to try again: %w", err)
		}
		r.Console.Info("nothing to resume: this is a new run")
		return false, nil
	}
	if err != nil {
		return false, fault.Refused(hintLocked(r.explainResume(err)))
	}
	r.book, r.resumed, r.doubts = book, true, open
	if r.folder, err = files.JudgeFolder(filepath.Dir(r.paths.results)); err != nil {
		return true, fault.Refused(err)
	}
	if m := book.Manifest(); m.DryRun || r.input.Plan() {
		if err := r.checkTicket(&m); err != nil {
			return true, err
		}
	}
	if err := r.checkExclusions(); err != nil {
		return true, err
	}
	if err := r.countOpen(); err != nil {
		return true, err
	}
	text := fmt.Sprintf("going on with %s: %s to do", r.paths.results, console.Plural(r.toDo, "user"))
	if again := len(r.resend); again > 0 {
		text += fmt.Sprintf(" (%d in doubt)", again)
	}
	if n := r.inDoubt() - len(r.resend); n > 0 {
		text += fmt.Sprintf(", %d in doubt", n)
	}
	if half := len(r.doubts) - r.inDoubt(); half > 0 {
		text += fmt.Sprintf(", %d half done", half)
	}
	r.Console.Info("%s", text)
	r.warnOfFolder()
	return true, nil
}

// claim keeps the users of earlier runs from being done again under another name: the last row that may have changed a user holds the
// user, else the first one that had to do with the user and isn't only a duplicate.
func (r *resetRun) claim(e results.Entry) {
	r.remember(&e)
	if e.Record.Reason == string(runner.ReasonDuplicate) {
		r.duplicates[e.Row] = true
		return
	}
	delete(r.duplicates, e.Row)
	if e.Record.UserID == "" {
		return
	}
	id := runner.Identifier{Kind: runner.KindID, Value: e.Record.UserID}
	switch e.Status {
	case runner.StatusTaken, runner.StatusReset, runner.StatusPartial, runner.StatusUnknown:
		r.seen.Set(id, e.Row)
	default:
		r.seen.Claim(id, e.Row)
	}
}

// remember notes what was done to a row that may be done as if it were new.
func (r *resetRun) remember(e *results.Entry) {
	if t := e.Tried(); t != (runner.Tried{}) {
		r.tried[e.Row] = t
	} else {
		delete(r.tried, e.Row)
	}
}

// open reports whether row n is to be done: it never was, or it may be tried again.
func (r *resetRun) open(n int) bool {
	status, ok := r.book.Last(n)
	switch {
	case !ok, status == runner.StatusNotAttempted:
		return true
	case status == runner.StatusUnknown:
		return r.resend[n] != nil
	case r.duplicates[n]: // its first row may have turned out to be somebody else
		return true
	}
	return r.opts.Retry[status]
}

// jobs yields what is to be done, in the input's order.
func (r *resetRun) jobs() iter.Seq2[runner.Job, error] {
	if !r.resumed {
		return runner.Jobs(r.input.Rows(), r.seen)
	}
	return func(yield func(runner.Job, error) bool) {
		for j, err := range runner.Jobs(r.openRows(), r.seen) {
			if d := r.resend[j.Row.N]; d != nil {
				j.Before, j.First, j.Retry = d, j.Row.N, true
			}
			j.Tried = r.tried[j.Row.N]
			if !yield(j, err) {
				return
			}
		}
	}
}

// openRows yields the rows that are to be done. The others keep their identifiers, so that a duplicate stays one whatever became of the
// first: an ID is held since [resetRun.claim], a login isn't.
func (r *resetRun) openRows() iter.Seq2[runner.Row, error] {
	return func(yield func(runner.Row, error) bool) {
		for row, err := range r.input.Rows() {
			if err == nil {
				err = r.book.Check(row)
			}
			if err == nil && !r.open(row.N) {
				if id, reason := row.Identifier(); reason == "" && id.Kind == runner.KindLogin {
					r.seen.Claim(id, row.N)
				}
				continue
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

// countOpen counts the rows and users that are to be done. Those whose fate is unknown count if they are to be tried again.
func (r *resetRun) countOpen() error {
	r.resend = make(map[int]*runner.Result)
	if r.opts.Retry[runner.StatusUnknown] {
		for _, res := range r.doubts {
			if status, _ := r.book.Last(res.Row.N); status == runner.StatusUnknown && res.Open.ResetInDoubt() {
				r.resend[res.Row.N] = &res
			}
		}
	}
	// A row that is identified again may turn out to name another user. One that is sent again names the same.
	r.seen.Forget(func(n int) bool { return r.resend[n] == nil && r.open(n) })
	r.rowsToDo, r.toDo = 0, 0
	for j, err := range r.jobs() {
		if err != nil {
			return fault.Refused(err)
		}
		r.rowsToDo++
		if _, reason := j.Row.Identifier(); reason == "" && j.First == j.Row.N && !r.duplicates[j.Row.N] {
			r.toDo++
		}
	}
	return nil
}

// abandon ends a run that was refused before it began: a new ledger is removed, one of earlier runs is left as they left it.
func (r *resetRun) abandon(why error) error {
	if !r.resumed {
		r.outcome.Results = ""
		why = fault.Also(why, r.dropExclusions())
	}
	return fault.Also(why, r.book.Discard())
}

// resumeCommand is the command that goes on with this run while a row is open, ready to be pasted.
// It needs no input: there is the copy.
func (r *resetRun) resumeCommand(flags ...string) string {
	return r.command(append([]string{"--resume"}, flags...), append([]string{"--output", console.ShellQuote(results.PlainPattern(r.paths.results))},
		r.given("record-factors", "workers", "rate", "max-api-capacity", "timeout", "halt", "ticket", "org-url", "token-file")...), "")
}

// retryCommand is the command that tries rows of this run again once no row is open, and the copy
// of the input is gone.
func (r *resetRun) retryCommand(statuses string) string {
	if r.recalled {
		return r.resumeCommand("--retry", statuses) + " " + console.ShellQuote(r.earlier.Input.File)
	}
	return r.command([]string{"--resume", "--retry", statuses}, r.given("column", "delimiter", "record-factors", "no-header", "allow-empty", "workers", "rate",
		"max-api-capacity", "timeout", "halt", "output", "ticket", "org-url", "token-file"), r.inputArgs())
}

// command is a command that does the same to each user and leaves the same alone: without these flags it would reset others.
func (r *resetRun) command(first, then []string, input string) string {
	return strings.TrimSpace(strings.Join(slices.Concat([]string{"oktareset", "reset"}, first, r.opts.What.Args(), then, r.protectArgs(), []string{input}), " "))
}

// given are those of the named flags that were given, for a shell.
func (r *resetRun) given(names ...string) []string {
	var args []string
	for _, name := range names {
		value, ok := r.opts.Set[name]
		switch {
		case !ok:
		case name == "output": // without a date: it would be another one tomorrow
			args = append(args, "--output", console.ShellQuote(results.PlainPattern(r.paths.results)))
		case name == "record-factors", name == "no-header", name == "allow-empty":
			args = append(args, "--"+name)
		default:
			args = append(args, "--"+name, console.ShellQuote(value))
		}
	}
	return args
}

// inputArgs is the input as it was given, for a shell.
func (r *resetRun) inputArgs() string {
	if r.opts.File != "" {
		return console.ShellQuote(r.opts.File)
	}
	var args []string
	for _, user := range r.opts.Users {
		args = append(args, "--user", console.ShellQuote(user))
	}
	return strings.Join(args, " ")
}

// tellUnwritten prints the results that could not be written: they are nowhere else.
func (r *resetRun) tellUnwritten() {
	lines := r.book.Unwritten()
	if len(lines) == 0 {
		return
	}
	text := fmt.Sprintf("%d results could not be written, their lines are here only", bytes.Count(lines, []byte("\n")))
	if r.opts.Console.JSON {
		r.Console.Log.Error(text, "lines", string(lines))
		return
	}
	r.Console.Log.Error(text + ":")
	_, _ = r.Console.Screen.Write(lines) // escaped as in the file
}
