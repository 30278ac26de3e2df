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
	"oktareset/runner/challenge"
	"oktareset/runner/console"
	"oktareset/runner/doubt"
	"oktareset/runner/fault"
	"oktareset/runner/files"
	"oktareset/runner/ledger"
	"oktareset/runner/protect"
	"oktareset/runner/results"
)

// due is what a run has to do, and so what its consent is about.
type due struct {
	*task
	past
	users int // users that this run may reset
	rows  int
	tally runner.Tally // of this run

	notices  results.Notices     // of the rows that need attention
	verifier *challenge.Verifier // nil before anybody is verified
}

// past is what earlier runs left in the results to resume.
type past struct {
	resumed    bool
	consent    results.Consent
	wider      bool                   // this run replaces phone numbers, and that consent wasn't for it
	manifest   *results.Manifest      // as this run found it, with this run added
	folder     files.Folder           // who may write where the results are
	duplicates map[int]bool           // rows that were duplicates
	touched    runner.RowSet          // rows that were taken, whatever their outcome
	tried      map[int]runner.Tried   // what was done to rows with nothing open
	resend     map[int]*runner.Result // rows in doubt that are sent again nevertheless
	left       []runner.Result        // rows in doubt, or half done
}

// resumeBook opens the ledger of earlier runs. It returns nil if there is none: then this is a
// new run.
func (t *task) resumeBook() (_ *book, err error) {
	b := &book{due: &due{task: t}}
	b.duplicates, b.tried, b.resend = make(map[int]bool), make(map[int]runner.Tried), make(map[int]*runner.Result)
	b.touched = runner.NewRowSet(t.survey.Rows + t.survey.Ignored)
	b.ledger, b.left, err = ledger.Resume(b.ledgerSpec(), b.claim)
	if errors.Is(err, ledger.ErrNothing) {
		if len(t.opts.Retry) > 0 {
			return nil, fault.Usage("the results of an earlier run are looked for at "+t.paths.results+"; name them with -o",
				"nothing to try again: %w", err)
		}
		t.Console.Info("nothing to resume: this is a new run")
		return nil, nil
	}
	if err != nil {
		return nil, fault.Refused(hintLocked(t.explainResume(err)))
	}
	if err := b.goOn(); err != nil {
		return nil, b.abandon(err)
	}
	return b, nil
}

// goOn finds out what is left to do, and prints it.
func (b *book) goOn() (err error) {
	m := b.ledger.Manifest()
	b.resumed, b.consent, b.manifest = true, m.Consent, &m
	b.wider = !slices.Equal(m.Steps, b.steps.Names())
	m.Steps = b.steps.Names()
	b.client.ChangeUserAgent(func(agent string) string { return runner.ResumeAgent(agent, m.Runs[0].RunID) })
	if b.folder, err = files.JudgeFolder(filepath.Dir(b.paths.results)); err != nil {
		return fault.Refused(err)
	}
	if err := b.checkTicket(&m); err != nil {
		return err
	}
	if err := b.protect.Unite(b.paths.results, m.Runs); err != nil {
		return err
	}
	if err := b.countOpen(); err != nil {
		return err
	}
	text := fmt.Sprintf("resuming %s: %s to do", b.paths.results, console.Plural(b.users, "user"))
	doubts := doubt.Count(b.left)
	if again := len(b.resend); again > 0 {
		text += fmt.Sprintf(" (%d in doubt)", again)
	}
	if n := doubts - len(b.resend); n > 0 {
		text += fmt.Sprintf(", %d in doubt", n)
	}
	if half := len(b.left) - doubts; half > 0 {
		text += fmt.Sprintf(", %d half done", half)
	}
	b.Console.Info("%s", text)
	b.warnOfFolder()
	return b.checkConfirm()
}

// claim keeps the users of earlier runs from being reset again under another name. A user belongs
// to the last row that may have changed them; otherwise to the first row that names them and
// isn't only a duplicate.
func (b *book) claim(e results.Entry) {
	b.remember(&e)
	if e.Status.MayBeChanged() {
		b.touched.Add(e.Row)
	}
	if e.Record.Reason == string(runner.ReasonDuplicate) {
		b.duplicates[e.Row] = true
		return
	}
	delete(b.duplicates, e.Row)
	if e.Record.UserID == "" {
		return
	}
	id := runner.Identifier{Kind: runner.KindID, Value: e.Record.UserID}
	if e.Status.MayBeChanged() {
		b.seen.Set(id, e.Row)
	} else {
		b.seen.Claim(id, e.Row)
	}
}

// remember records what was done to a row that may be done again like a new one.
func (b *book) remember(e *results.Entry) {
	if t := e.Tried(); t != (runner.Tried{}) {
		b.tried[e.Row] = t
	} else {
		delete(b.tried, e.Row)
	}
}

// isOpen reports whether row n is still to do: it never was done, or it may be tried again.
func (b *book) isOpen(n int) bool {
	status, ok := b.ledger.Last(n)
	switch {
	case !ok, status == runner.StatusNotAttempted:
		return true
	case status == runner.StatusUnknown:
		return b.resend[n] != nil
	case b.duplicates[n]: // its first row may have turned out to name somebody else
		return true
	}
	return b.opts.Retry[status]
}

// jobs yields the jobs still to do, in the input's order.
func (b *book) jobs() iter.Seq2[runner.Job, error] {
	if !b.resumed {
		return runner.Jobs(b.file.Rows(), b.seen)
	}
	return func(yield func(runner.Job, error) bool) {
		for j, err := range runner.Jobs(b.openRows(), b.seen) {
			if d := b.resend[j.Row.N]; d != nil {
				j.Before, j.First, j.Retry = d, j.Row.N, true
				j.Row.Cells = d.Row.Cells // the file doesn't have how the user was verified
			}
			j.Tried = b.tried[j.Row.N]
			if !yield(j, err) {
				return
			}
		}
	}
}

// openRows yields the rows still to do. The others claim their identifiers, so that a duplicate
// stays one whatever became of the first row: [book.claim] has claimed the IDs, but not the
// logins.
func (b *book) openRows() iter.Seq2[runner.Row, error] {
	return func(yield func(runner.Row, error) bool) {
		for row, err := range b.file.Rows() {
			if err == nil {
				err = b.ledger.Check(row)
			}
			if err == nil && !b.isOpen(row.N) {
				if id, reason := row.Identifier(); reason == "" && id.Kind == runner.KindLogin {
					b.seen.Claim(id, row.N)
				}
				continue
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

// countOpen counts the rows and users still to do. Rows in doubt count if they are to be sent
// again.
func (b *book) countOpen() error {
	if b.opts.Retry[runner.StatusUnknown] {
		for _, res := range b.left {
			if status, _ := b.ledger.Last(res.Row.N); status == runner.StatusUnknown && res.Open.ResetInDoubt() {
				b.resend[res.Row.N] = &res
			}
		}
	}
	// A row that is identified again may turn out to name another user. One that is sent again
	// names the same.
	b.seen.Forget(func(n int) bool { return b.resend[n] == nil && b.isOpen(n) })
	b.rows, b.users = 0, 0
	for j, err := range b.jobs() {
		if err != nil {
			return fault.Refused(err)
		}
		b.rows++
		if _, reason := j.Row.Identifier(); reason == "" && j.First == j.Row.N && !b.duplicates[j.Row.N] {
			b.users++
		}
	}
	return nil
}

// abandon ends a run that was refused before it began: a new ledger is removed, an earlier one
// stays as it was.
func (b *book) abandon(why error) error {
	if !b.resumed {
		b.outcome.Results = ""
		why = fault.Also(why, protect.Drop(b.paths.results))
	}
	return fault.Also(why, b.ledger.Discard())
}

// goOnCommand returns the command that resumes this run, or tries some of its rows again, ready
// to paste.
func (b *book) goOnCommand(flags ...string) string {
	m := b.remedied()
	return results.GoOnCommandOf(&m, b.paths.results, b.paths.input, flags...)
}

// inputArgs returns the given input for a shell.
func (r *run) inputArgs() string {
	if r.opts.File != "" {
		return console.ShellFile(r.opts.File)
	}
	var args []string
	for _, user := range r.opts.Users {
		args = append(args, console.ShellFlag("--user", user))
	}
	return strings.Join(args, " ")
}

// tellUnwritten prints the results that could not be written: they are nowhere else.
func (b *book) tellUnwritten() {
	lines := b.ledger.Unwritten()
	if len(lines) == 0 {
		return
	}
	text := fmt.Sprintf("%d results could not be written, their lines are only here", bytes.Count(lines, []byte("\n")))
	if b.Console.Opts.JSON {
		b.Console.Log.Error(text, "lines", string(lines))
		return
	}
	b.Console.Log.Error(text + ":")
	_, _ = b.Console.Screen.Write(lines) // escaped as in the file
}
