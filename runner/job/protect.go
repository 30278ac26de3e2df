package job

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"oktareset/oktaclient"
	"oktareset/oktaclient/oktatest"
	"oktareset/runner"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/progress"
	"oktareset/runner/results"
	"oktareset/runner/roster"
	"oktareset/runner/steps"
)

// ProtectOptions are the flags that say who is left alone.
type ProtectOptions struct {
	Exclude    []string // files
	Column     string   // of these files, that names the users; "": found out
	SkipAdmins bool
	SkipRecent time.Duration // --skip-reset-since; 0: nobody is left alone for that
}

// protection is who is left alone in a run because a file says so.
type protection struct {
	files    []excludedFile
	excluded *steps.Excluded // nil: nobody, or not looked up yet
	known    int             // users of this run's rows who are excluded
}

// excludedFile is a file of users to leave alone: given, or kept from an earlier run.
type excludedFile struct {
	path, sha256, column string
	steps.ExcludedFile
	lookedUpAt time.Time // zero: not yet
	rows       int       // of the input that it covers
}

// readExclusions reads the files of --exclude. Nothing is sent.
func (r *resetRun) readExclusions(ctx context.Context) error {
	var record []string
	for _, path := range r.opts.Protect.Exclude {
		x, err := roster.ReadExclusions(ctx, path, r.opts.Protect.Column)
		if err != nil {
			return err
		}
		for _, w := range x.Warnings {
			r.Console.Warn("%s: %s", path, w)
		}
		f := excludedFile{path: path, sha256: x.SHA256, column: x.Column, ExcludedFile: steps.ExcludedFile{Path: path, Mail: x.Mail}}
		for _, u := range x.Users {
			f.Lines = append(f.Lines, steps.ExcludedLine{Line: u.Line, Names: u.Names})
		}
		r.protect.files = append(r.protect.files, f)
		record = append(record, fmt.Sprintf("%s %q", x.SHA256, path))
	}
	if len(record) > 0 {
		r.opts.Set["exclude"] = strings.Join(record, "\n") // in the manifest: what checkExclusions compares
	}
	return nil
}

// people are those whom a stand-in org needs so that lines with an ID and a login are about one
// user each, and the names of all others.
func (p *protection) people() (both []oktatest.User, names []string) {
	for _, f := range p.files {
		for _, l := range f.Lines {
			u := oktatest.User{}
			for _, id := range l.Names {
				if id.Kind == runner.KindID {
					u.ID = id.Value
				} else {
					u.Login = id.Value
				}
				names = append(names, id.Value)
			}
			if u.ID != "" && u.Login != "" {
				both = append(both, u)
			}
		}
	}
	return both, names
}

// meetProtected makes the calls that tell who is left alone, before consent. It changes nothing.
func (r *resetRun) meetProtected(ctx context.Context) error {
	if r.opts.Protect.SkipAdmins {
		if err := r.checkRoles(ctx); err != nil {
			return err
		}
	}
	if len(r.protect.files) == 0 {
		return nil
	}
	var files []steps.ExcludedFile
	for _, f := range r.protect.files {
		files = append(files, f.ExcludedFile)
	}
	r.protect.excluded = steps.NewExcluded(files)
	if err := r.lookUpExcluded(ctx); err != nil {
		return err
	}
	for i, f := range r.protect.excluded.Files() {
		r.protect.files[i].ExcludedFile = f
	}
	if err := r.checkFindings(); err != nil {
		return err
	}
	r.list.Exclude(r.protect.excluded)
	return r.countExcluded()
}

// checkRoles makes sure that roles may be read at all, by reading the caller's own. A service app has none of a user's: its first row shows it.
func (r *resetRun) checkRoles(ctx context.Context) error {
	if id, _ := runner.ParseIdentifier(r.actor.ID); id.Kind != runner.KindID {
		return nil
	}
	_, _, err := r.client.ListRoles(ctx, r.actor.ID)
	switch {
	case ctx.Err() != nil:
		return fault.Stopped(context.Cause(ctx))
	case oktaclient.FateOf(err) == oktaclient.Forbidden, oktaclient.LacksScope(err):
		return fmt.Errorf("%w: %w", steps.ErrNoRoles, err)
	case err != nil:
		return fault.CannotBegin(r.client, err, "list admin roles")
	}
	return nil
}

// manyLookUps is from how many on the display shows how far the look-up of those who are excluded
// is.
const manyLookUps = 100

// lookUpExcluded looks up who is excluded.
func (r *resetRun) lookUpExcluded(ctx context.Context) error {
	var bar *progress.Progress
	if n := r.protect.excluded.LookUps(); n >= manyLookUps {
		o := r.progressOptions()
		o.Total, o.Label, o.State = n, "look up who is excluded", func() progress.State {
			var s progress.State
			s.Hold, s.Why = r.client.Hold()
			return s
		}
		bar = progress.New(o)
	}
	now := time.Now()
	err := r.protect.excluded.LookUp(ctx, r.client, r.opts.Workers, func() { bar.Add(runner.StatusSkipped) })
	bar.Done()
	if err != nil {
		return r.explainExclusion(ctx, err)
	}
	for i := range r.protect.files {
		if f := &r.protect.files[i]; !f.LookedUp {
			f.lookedUpAt = now
		}
	}
	return nil
}

// explainExclusion explains why it isn't known who is excluded. Nothing was changed.
func (r *resetRun) explainExclusion(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fault.Stopped(context.Cause(ctx))
	}
	if oktaclient.FateOf(err) == oktaclient.Forbidden {
		return fault.New(fault.ExitNoAccess, "these credentials may not view that user: use some that may, or take the line out if they may not reset that user either", "%w", err)
	}
	if known := fault.Of(r.client, err, fault.Before, "view that user"); known != nil {
		return known
	}
	if steps.IsOtherUser(err) {
		return fault.Usage("write the whole login or the ID into that line; nothing was changed", "%w", err)
	}
	return fault.Usage("try again later; as long as it isn't known who is excluded, nothing is changed", "%w", err)
}

// checkFindings warns of lines that protect nobody, and refuses a file that can't be what it is
// meant to be.
func (r *resetRun) checkFindings() error {
	host := r.client.Org().Host()
	for _, f := range r.protect.excluded.Findings() {
		r.tellNobody(f)
		for _, l := range f.Several {
			r.Console.Alert("%s: line %d: %s are different users: both are left alone", f.Path, l.Line, namesText(l, "and"))
		}
		switch {
		case len(f.Nobody) == f.Lines:
			return fault.Usage("is it a list of users of this org, by Okta ID or login? --exclude-column names another column; nothing was changed",
				"%s: no line names a user of %s: it would protect nobody", f.Path, host)
		case 2*f.IDsFound < f.IDs:
			return fault.Usage("is it a list of users of this org, with IDs as Okta writes them? nothing was changed",
				"%s: a user of %s has only %d of its %d IDs", f.Path, host, f.IDsFound, f.IDs)
		}
	}
	return nil
}

// tellNobody warns of lines that protect nobody: they are perhaps misspelt.
func (r *resetRun) tellNobody(f steps.Finding) {
	const most = 10
	for _, l := range f.Nobody[:min(len(f.Nobody), most)] {
		r.Console.Alert("%s: line %d: no user has %s: nobody is protected by it", f.Path, l.Line, namesText(l, "or"))
	}
	if more := len(f.Nobody) - most; more > 0 {
		r.Console.Alert("%s: the same goes for %s", f.Path, console.Plural(more, "further line"))
	}
}

// namesText is what a line calls somebody, as: the ID "00u…" or the login "nora@example.com".
func namesText(l steps.ExcludedLine, and string) string {
	var parts []string
	for _, id := range l.Names {
		kind := "login"
		if id.Kind == runner.KindID {
			kind = "ID"
		}
		parts = append(parts, fmt.Sprintf("the %s %q", kind, id.Value))
	}
	return strings.Join(parts, " "+and+" ")
}

// countExcluded counts the rows of the input that each file covers, and the users among those that
// this run may reset.
func (r *resetRun) countExcluded() error {
	damaged := r.namesOfNobody()
	for row, err := range r.input.Rows() {
		if err != nil {
			return fault.Refused(err)
		}
		id, reason := row.Identifier()
		if reason != "" {
			continue
		}
		for _, i := range r.protect.excluded.Covering(id) {
			r.protect.files[i].rows++
		}
		if where, ok := damaged[strings.ToLower(id.Value)]; ok && id.Kind == runner.KindID && where.name != id.Value {
			return fault.Usage("something has changed the case of that file's IDs: export it again; nothing was changed",
				"%s: line %d: no user has the ID %q, but line %d of %s names %s, which differs in case only",
				where.file, where.line, where.name, row.Line, r.paths.shown, id.Value)
		}
	}
	for _, f := range r.protect.files {
		if !r.opts.DryRun { // there the summary says it
			r.Console.Info("%s", f.text())
		}
	}
	return r.countKnown()
}

// nameOfNobody is a name that stands in a file of exclusions and that no user has.
type nameOfNobody struct {
	file, name string
	line       int
}

// namesOfNobody are the names of the lines that name nobody, in lower case.
func (r *resetRun) namesOfNobody() map[string]nameOfNobody {
	names := make(map[string]nameOfNobody)
	for _, f := range r.protect.excluded.Findings() {
		for _, l := range f.Nobody {
			for _, id := range l.Names {
				names[strings.ToLower(id.Value)] = nameOfNobody{f.Path, id.Value, l.Line}
			}
		}
	}
	return names
}

// countKnown counts the users of this run's rows who are excluded.
func (r *resetRun) countKnown() error {
	if !slices.ContainsFunc(r.protect.files, func(f excludedFile) bool { return f.rows > 0 }) {
		return nil
	}
	for j, err := range r.jobs() {
		if err != nil {
			return fault.Refused(err)
		}
		if id, reason := j.Row.Identifier(); reason == "" && j.First == j.Row.N && r.protect.excluded.Names(id) {
			r.protect.known++
		}
	}
	if r.toDo > 0 && r.protect.known >= r.toDo {
		r.Console.Warn("all users of %s are excluded: there is nobody to reset", r.paths.shown)
	}
	return nil
}

// users is how many lines of a file name somebody.
func (f *excludedFile) users() int {
	n := 0
	for _, l := range f.Lines {
		if len(l.Users) > 0 {
			n++
		}
	}
	return n
}

// text is as "vips.csv: 12 users, 3 rows of the input".
func (f *excludedFile) text() string {
	rows := "no row"
	if f.rows > 0 {
		rows = console.Plural(f.rows, "row")
	}
	return fmt.Sprintf("%s: %s to leave alone, %s of the input", f.path, console.Plural(f.users(), "user"), rows)
}

// protectLines are the lines of the question that say who is left alone.
func (r *resetRun) protectLines(line func(name, format string, a ...any)) {
	for _, f := range r.protect.files {
		line("exclude", "%s", f.text())
	}
	if r.opts.Protect.SkipAdmins {
		line("admins", "left alone; their roles are read one by one, a call more a user in the resets' own bucket")
	}
	for i, text := range r.recent.lines() {
		line([]string{"lately", ""}[min(i, 1)], "%s", text)
	}
}

// tellProtected says, in a dry run's summary, what the files cover.
func (r *resetRun) tellProtected() {
	if !r.opts.DryRun {
		return
	}
	for _, f := range r.protect.files {
		r.Console.Info("%s", f.text())
	}
}

// mostNobody is how many lines that name nobody a manifest lists.
const mostNobody = 1000

// protectRecord is what the manifest keeps of the files.
func (r *resetRun) protectRecord() []results.Excluded {
	var record []results.Excluded
	for _, f := range r.protect.files {
		x := results.Excluded{
			File: f.path, SHA256: f.sha256, Column: f.column, Users: f.users(), Rows: f.rows, NobodyIn: len(f.Lines) - f.users(), LookedUpAt: f.lookedUpAt,
		}
		for _, l := range f.Lines {
			if len(l.Users) == 0 && len(x.Nobody) < mostNobody {
				var names []string
				for _, id := range l.Names {
					names = append(names, id.Value)
				}
				x.Nobody = append(x.Nobody, fmt.Sprintf("%d: %s", l.Line, strings.Join(names, ", ")))
			}
		}
		record = append(record, x)
	}
	return record
}

// protectArgs are the flags of protection, for a shell: a command without them would reset whom this one leaves alone.
func (r *resetRun) protectArgs() []string {
	var args []string
	for _, path := range r.opts.Protect.Exclude {
		args = append(args, "--exclude", console.ShellQuote(path))
	}
	if r.opts.Protect.Column != "" {
		args = append(args, "--exclude-column", console.ShellQuote(r.opts.Protect.Column))
	}
	if r.opts.Protect.SkipAdmins {
		args = append(args, "--skip-admins")
	}
	if d := r.recent.skip; d > 0 {
		args = append(args, "--skip-reset-since", periodText(d))
	}
	return args
}
