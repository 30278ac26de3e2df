package export

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/progress"
)

// export is one run of users.
type export struct {
	*access.Env
	opts    Options
	start   time.Time
	sandbox *access.Sandbox // nil with a real org
	client  *oktaclient.Client
	out     *exportFile

	listed   int          // users that Okta has listed so far
	wanted   int          // users whose factors are listed; 0 before that
	looked   atomic.Int64 // of them, those that are done
	unlisted int          // users whose factors Okta doesn't list: deactivated or deleted
	filled   []bool       // columns with a value in some row
	cut      cutCells
}

// Run carries out the users command. The export is complete, or nobody can mistake it for a
// complete one.
func Run(ctx context.Context, e *access.Env, o Options) error {
	x := &export{Env: e, opts: o, start: time.Now(), filled: make([]bool, len(o.Columns))}
	if err := x.connect(ctx); err != nil {
		return err
	}
	defer x.sandbox.Close()
	var err error
	if x.out, err = createExport(o.Output, e.Stdout, columnNames(o.Columns)); err != nil {
		return err
	}
	if err = x.work(ctx); err == nil {
		err = x.out.finish()
	}
	if err != nil {
		return fault.Also(x.explain(err), x.out.discard())
	}
	x.summarize()
	return nil
}

// connect finds the org and makes a client for it, or starts the stand-in. Nothing is sent.
func (x *export) connect(ctx context.Context) error {
	w := access.Way{
		Flags: x.opts.Org, Scopes: x.scopes(), Product: "run/" + runner.NewRunID(),
		Client: oktaclient.Options{Timeout: x.opts.Timeout, Capacity: x.opts.Capacity, Rate: x.opts.Rate}, Rehearsal: "oktareset users --sandbox",
	}
	if x.opts.Sandbox {
		w.StandIn = func() (*access.Sandbox, error) { return access.StartSandbox(access.People{}) }
	}
	c, err := x.Connect(ctx, w)
	if err == nil {
		x.client, x.sandbox = c.Client, c.StandIn
	}
	return err
}

// scopes are what a service app needs for the export.
func (x *export) scopes() access.Scopes {
	s := access.Scopes{Needed: []string{oktaclient.ScopeUsersRead}}
	if x.opts.Group != "" {
		s.Needed = append(s.Needed, oktaclient.ScopeGroupsRead)
	}
	return s
}

// work exports the users.
func (x *export) work(ctx context.Context) error {
	users, err := x.query(ctx)
	if err != nil {
		return err
	}
	if len(x.opts.HasFactor) > 0 || x.opts.NoFactors {
		return x.byFactors(ctx, users)
	}
	return x.each(users, func(u oktaclient.UserRecord) error { return x.write(u.ID(), cells(u, x.opts.Columns)) })
}

// query starts the list of users that the flags ask for.
func (x *export) query(ctx context.Context) (iter.Seq2[oktaclient.UserRecord, error], error) {
	o := x.opts
	if o.Group != "" {
		id, err := x.groupID(ctx)
		return x.client.ListGroupUsers(ctx, id), err
	}
	q := oktaclient.UserQuery{Search: o.Search, Filter: o.Filter}
	if len(o.Statuses) > 0 {
		status := oktaclient.StatusFilter(o.Statuses...)
		switch {
		case o.Search != "":
			q.Search = "(" + o.Search + ") and (" + status + ")"
		case o.Filter != "":
			q.Filter = "(" + o.Filter + ") and (" + status + ")"
		default:
			q.Filter = status
		}
	}
	return x.client.ListUserRecords(ctx, q), nil
}

// groupID returns the ID of the group that --group names.
func (x *export) groupID(ctx context.Context) (string, error) {
	name := x.opts.Group
	if isGroupID(name) {
		return name, nil
	}
	groups, err := x.client.FindGroups(ctx, name)
	switch {
	case err != nil:
		return "", err
	case len(groups) == 0:
		return "", fault.Usage("give its whole name or its ID; a group that is new may take a moment to be found", "no group is called %q", name)
	case len(groups) > 1:
		ids := make([]string, len(groups))
		for i, g := range groups {
			ids[i] = fmt.Sprintf("%s (%s, %q)", g.ID, g.Type, g.Profile.Name)
		}
		return "", fault.Usage("give --group the ID of the one that is meant", "%d groups are called %q: %s", len(groups), name, strings.Join(ids, ", "))
	}
	return groups[0].ID, nil
}

// isGroupID reports whether s has the form of every group ID that Okta documents: 00g and 17
// letters or digits.
func isGroupID(s string) bool {
	return len(s) == 20 && strings.HasPrefix(s, "00g") && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

// each hands on the users of a list, and shows how many there are so far.
func (x *export) each(users iter.Seq2[oktaclient.UserRecord, error], do func(oktaclient.UserRecord) error) error {
	bar := x.progress("list users", 0)
	defer bar.Done()
	for u, err := range users {
		switch {
		case err != nil:
			return err
		case u.ID() == "":
			return errors.New("okta listed a user without an ID")
		}
		x.listed++
		bar.Count()
		if x.opts.Group != "" && len(x.opts.Statuses) > 0 && !slices.Contains(x.opts.Statuses, u.Status()) {
			continue // Okta lists members of every status
		}
		if err := do(u); err != nil {
			return err
		}
	}
	return nil
}

// write writes a user into the export.
func (x *export) write(userID string, cells []string) error {
	for i, c := range cells {
		x.filled[i] = x.filled[i] || c != ""
		cells[i] = x.short(c, userID, i)
	}
	return x.out.write(userID, cells)
}

// progress starts a display of how many of total users were read; 0: nobody knows how many there are.
func (x *export) progress(label string, total int) *progress.Progress {
	return x.Progress(progress.Options{Label: label, Total: total, Reads: true, State: func() progress.State {
		until, why := x.client.Hold()
		s := progress.State{Hold: until, Why: why}
		if _, usable, ok := x.client.Allowance(oktaclient.BucketUsers); ok && total > 0 {
			s.PerWindow, s.Window = usable, oktaclient.Window
		}
		return s
	}})
}

// summarize tells how the export went, and what can be done with it.
func (x *export) summarize() {
	text := console.Plural(x.out.rows, "user")
	if x.out.rows < x.listed {
		text = fmt.Sprintf("%d of %s", x.out.rows, console.Plural(x.listed, "user"))
	}
	text += fmt.Sprintf(" in %s", time.Since(x.start).Round(100*time.Millisecond))
	x.Console.Info("%s: %s", text, cmp.Or(x.opts.Output, "stdout"))
	stats := x.client.Stats()
	if text := access.TooManyText(stats.TooMany, stats.AtOnce); text != "" {
		x.Console.Info("%s", text)
	}
	if x.unlisted > 0 {
		x.Console.Info("left out: %s, deactivated or deleted, whose factors Okta doesn't list", console.Plural(x.unlisted, "user"))
	}
	x.cut.say(x.Console)
	if x.out.rows == 0 {
		x.Console.Warn("nobody is in the export")
		return
	}
	for i, c := range x.opts.Columns {
		if !x.filled[i] {
			x.Console.Alert("column %q is empty: no user has a value of this attribute; %s", c.Name, meant(c.Name))
		}
	}
	if x.opts.Output != "" {
		dry := "--dry-run"
		if x.opts.Sandbox {
			dry = "--sandbox"
		}
		x.Console.Info("to see what a reset of them would do: %s", x.opts.Org.Command("reset", dry, console.ShellFile(x.opts.Output)))
	}
}
