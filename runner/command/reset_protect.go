package command

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/progress"
	"oktareset/runner/roster"
	"oktareset/runner/steps"
)

// protectOptions are the flags that say who is left alone.
type protectOptions struct {
	exclude    []string // files
	skipAdmins bool
}

// protection is who is left alone in a run because a file says so.
type protection struct {
	files    []roster.Exclusions
	excluded *steps.Excluded // nil: nobody
	known    int             // users of this run's rows who are known to be excluded before they are identified
}

// readExclusions reads the files of --exclude. Nothing is sent.
func (r *resetRun) readExclusions(ctx context.Context) error {
	var list []steps.Exclusion
	var record []string
	for _, path := range r.opts.protect.exclude {
		x, err := roster.ReadExclusions(ctx, path)
		if err != nil {
			return err
		}
		if x.Warning != "" {
			r.console.warn("%s: %s", path, x.Warning)
		}
		r.console.info("%s: %s to leave alone", path, plural(len(x.Users), "user"))
		for _, u := range x.Users {
			list = append(list, steps.Exclusion{User: u.User, File: path, Line: u.Line})
		}
		r.protect.files = append(r.protect.files, x)
		record = append(record, fmt.Sprintf("%s %q", x.SHA256, path))
	}
	if len(list) > 0 {
		r.protect.excluded = steps.NewExcluded(list)
		r.opts.set["exclude"] = strings.Join(record, "\n") // in the manifest: what checkExclusions compares
	}
	return nil
}

// identifiers yields what the files name users by.
func (p *protection) identifiers() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, x := range p.files {
			for _, u := range x.Users {
				if !yield(u.User.Value) {
					return
				}
			}
		}
	}
}

// checkExclusions refuses to go on without the exclusions of the earlier runs: whoever was promised to be left alone is, until the last row is
// settled. More may be added.
func (r *resetRun) checkExclusions() error {
	m := r.book.Manifest()
	for _, x := range recordedExclusions(&m) {
		if !slices.ContainsFunc(r.protect.files, func(f roster.Exclusions) bool { return f.SHA256 == x.sha256 }) {
			return usageError("give it again, unchanged; who else is to be left alone goes into a further --exclude FILE",
				"the run that is gone on with excluded the users of %q: no --exclude names a file with the same content (SHA-256 %.12s)", x.path, x.sha256)
		}
	}
	return nil
}

// meetProtected makes the calls that tell who is left alone, before consent. It changes nothing.
func (r *resetRun) meetProtected(ctx context.Context) error {
	if r.opts.protect.skipAdmins {
		if err := r.checkRoles(ctx); err != nil {
			return err
		}
	}
	if r.protect.excluded == nil {
		return nil
	}
	if err := r.lookUpExcluded(ctx); err != nil {
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
	api := (*oktaclient.APIError)(nil)
	switch {
	case ctx.Err() != nil:
		return stopError(context.Cause(ctx))
	case errors.As(err, &api) && (oktaclient.FateOf(err) == oktaclient.Forbidden || api.OAuth == "insufficient_scope"):
		return noRoles(fmt.Errorf("%w: %w", steps.ErrNoRoles, err))
	case err != nil:
		return cannotBegin(r.client, fmt.Errorf("list roles: %w", err))
	}
	return nil
}

// noRoles is the end of a run that can't see who is an admin.
func noRoles(err error) error {
	return coded{code: exitNoAccess, error: hinted{
		err,
		"use the token of an admin who may view admins, or an OAuth app with the scope okta.roles.read and such a role; or name the admins in an --exclude FILE",
	}}
}

// manyLogins is from how many on the display shows how far the look-up of those who are excluded is.
const manyLogins = 100

// lookUpExcluded looks up who is excluded by login.
func (r *resetRun) lookUpExcluded(ctx context.Context) error {
	var bar *progress.Progress
	n := r.protect.excluded.Logins()
	if n >= manyLogins {
		o := r.progressOptions()
		o.Total, o.Label, o.State = n, "look up who is excluded", func() progress.State {
			var s progress.State
			s.Hold, s.Why = r.client.Hold()
			return s
		}
		bar = progress.New(o)
	}
	nobody, err := r.protect.excluded.LookUp(ctx, r.client, r.opts.workers, func() { bar.Add(runner.StatusSkipped) })
	bar.Done()
	if err != nil {
		return r.explainExclusion(ctx, err)
	}
	r.tellNobody(nobody)
	return nil
}

// explainExclusion explains why it isn't known who is excluded. Nothing was changed.
func (r *resetRun) explainExclusion(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return stopError(context.Cause(ctx))
	}
	switch oktaclient.FateOf(err) {
	case oktaclient.NoAccess, oktaclient.NotSent, oktaclient.Unreachable:
		return cannotBegin(r.client, err)
	case oktaclient.Forbidden:
		return coded{code: exitNoAccess, error: hinted{err, "these credentials may not view that user; exclude the user by ID"}}
	}
	if steps.IsOtherUser(err) {
		return usageError("write the whole login or the ID into that line; nothing was changed", "%w", err)
	}
	return usageError("try again later; as long as it isn't known who is excluded, nothing is changed", "%w", err)
}

// tellNobody warns of exclusions that are perhaps misspelt.
func (r *resetRun) tellNobody(nobody []steps.Exclusion) {
	const most = 10
	for _, x := range nobody[:min(len(nobody), most)] {
		r.console.warn("%s: line %d: no user has the login %q", x.File, x.Line, x.User.Value)
	}
	if more := len(nobody) - most; more > 0 {
		r.console.warn("the same goes for %s", plural(more, "further login"))
	}
}

// countExcluded counts the users of this run's rows whom the exclusions name as the rows do.
func (r *resetRun) countExcluded() error {
	for j, err := range r.jobs() {
		if err != nil {
			return refused(err)
		}
		if id, reason := runner.ParseIdentifier(j.Row.Input); reason == "" && j.First == j.Row.N && r.protect.excluded.Names(id) {
			r.protect.known++
		}
	}
	if r.toDo > 0 && r.protect.known >= r.toDo {
		r.console.warn("all users of %s are excluded: there is nobody to reset", r.paths.shown)
	}
	return nil
}

// protectLines are the lines of the question that say who is left alone.
func (r *resetRun) protectLines(line func(name, format string, a ...any)) {
	if r.protect.excluded != nil {
		atLeast := "at least "
		if r.survey.Logins == 0 {
			atLeast = "" // a row's ID is compared; a row's login may be that of an ID
		}
		line("exclude", "%s%d of these users, named in %s, are left alone", atLeast, r.protect.known, strings.Join(r.opts.protect.exclude, ", "))
	}
	if r.opts.protect.skipAdmins {
		line("admins", "left alone; their roles are read one by one, a call more a user in the resets' own bucket")
	}
}

// protectArgs are the flags of protection, for a shell: a command without them would reset whom this one leaves alone.
func (r *resetRun) protectArgs() []string {
	var args []string
	for _, path := range r.opts.protect.exclude {
		args = append(args, "--exclude", shellQuote(path))
	}
	if r.opts.protect.skipAdmins {
		args = append(args, "--skip-admins")
	}
	return args
}
