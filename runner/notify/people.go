package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/progress"
	"oktareset/runner/results"
	"oktareset/runner/roster"
	"oktareset/runner/steps"
	"oktareset/runner/table"
)

// receiver is somebody who may get a mail.
type receiver struct {
	id, login, name, address string
	left                     bool   // the user was deactivated
	problem                  string // why there is no address, a reason of [NoAddress]
}

// The reasons of a mail that isn't sent.
const (
	reasonEmpty     = "empty"     // no_address: neither the results nor Okta have one
	reasonMalformed = "malformed" // no_address: what Okta has isn't a plain mail address
	reasonNotFound  = "not_found" // no_address: Okta knows no such user
	reasonName      = "name"      // no_address: the results have a manager's name only

	reasonDeprovisioned = "deprovisioned" // skipped

	reasonTemporary = "temporary" // not_sent
	reasonStopped   = "stopped"
)

// person is a user who was reset.
type person struct {
	Person
	receiver
	row     int
	manager *manager
}

// manager is somebody whom the results name as a manager. Several ways to name one lead to several
// managers with the same ID.
type manager struct {
	receiver
	named roster.Manager
}

// told reports whether a user gets a mail about a row: the reset is done for certain. A partial row
// may be one of its later steps; a single factor that is still there isn't the whole of it.
func told(e *results.Entry) bool {
	return e.Record.UserID != "" &&
		(e.Status == runner.StatusReset || e.Status == runner.StatusPartial && runner.Reason(e.Record.Reason) != runner.ReasonUnenroll)
}

// readPeople reads the users who were reset.
func (r *run) readPeople(ctx context.Context) error {
	extra, err := results.Columns(r.opts.Results)
	if err != nil {
		return err
	}
	columns := slices.Concat(table.Columns, extra)
	about := roster.People(extra)
	managers := make(map[roster.Manager]*manager)
	mailed := make(map[string]bool) // by user ID
	for e, err := range results.Scan(r.opts.Results) {
		if err == nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		r.rows++
		if e.Status == runner.StatusUnknown {
			r.doubt++
		}
		if !told(&e) || mailed[e.Record.UserID] || r.only != nil && !r.only[e.Record.UserID] {
			continue
		}
		p, err := r.newPerson(&e, columns, about(e.Extra), managers)
		if err != nil {
			return err
		}
		mailed[p.id] = true
		r.people = append(r.people, p)
	}
	return results.Unchanged(&r.manifest, r.opts.Results)
}

func (r *run) newPerson(e *results.Entry, columns []string, about roster.Person, managers map[roster.Manager]*manager) (*person, error) {
	rec := &e.Record
	at, err := time.Parse(time.RFC3339, rec.FinishedAt)
	if err != nil {
		return nil, fmt.Errorf("row %d: its finished_at is %q", e.Row, rec.FinishedAt)
	}
	p := &person{row: e.Row}
	p.id, p.login, p.name = strings.Clone(rec.UserID), strings.Clone(cmp.Or(rec.Login, about.Login)), nameOf(about.Name)
	for _, cell := range []string{about.Mail, rec.Login, about.Login, rec.Input} {
		if a, err := parseAddress(cell); err == nil {
			p.address = strings.Clone(a)
			break
		}
	}
	p.Person = Person{
		At: at.UTC().Format("2 January 2006 at 15:04 UTC"), columns: columns, Enrolled: rec.FactorID != "" && !slices.Contains(r.manifest.Steps, runner.StepChooseFactors),
		Some: slices.Contains(r.manifest.Steps, runner.StepChooseFactors), SignedOut: r.did(e, "clear_sessions", runner.ReasonSessions),
		NewPassword: r.did(e, "expire_password", runner.ReasonPassword),
	}
	if len(r.opts.Templates) > 0 { // the default ones use no other column
		for _, cell := range append(rec.Cells(), e.Extra...) {
			p.cells = append(p.cells, strings.Clone(cell))
		}
	}
	if m := about.Manager; m != (roster.Manager{}) {
		if managers[m] == nil {
			r.managers = append(r.managers, &manager{named: roster.Manager{Name: strings.Clone(m.Name), Mail: strings.Clone(m.Mail), ID: strings.Clone(m.ID)}})
			managers[r.managers[len(r.managers)-1].named] = r.managers[len(r.managers)-1]
		}
		p.manager = managers[m]
	}
	return p, nil
}

// did reports whether a later step of the reset is done for a user.
func (r *run) did(e *results.Entry, step string, open runner.Reason) bool {
	if !slices.Contains(r.manifest.Steps, step) {
		return false
	}
	return e.Status == runner.StatusReset || slices.Index(runner.Steps, runner.StepOf(open)) < slices.Index(runner.Steps, runner.StepOf(runner.Reason(e.Record.Reason)))
}

// fewLookUps is how many look-ups are made without a bar.
const fewLookUps = 20

// lookUp asks Okta for the addresses of the users whose address the results don't have, and for
// the managers, each once.
func (r *run) lookUp(ctx context.Context) error {
	var work []func(context.Context) error
	for _, p := range r.people {
		if p.address == "" && (r.to(ToUser) || p.login == "") {
			work = append(work, func(ctx context.Context) error { return r.findPerson(ctx, p) })
		}
	}
	if r.to(ToManager) {
		for _, m := range r.managers {
			work = append(work, func(ctx context.Context) error { return r.findManager(ctx, m) })
		}
	}
	if len(work) == 0 {
		return nil
	}
	var bar *progress.Progress
	if len(work) > fewLookUps && r.client != nil {
		bar = r.Progress(progress.Options{Label: "look up", Total: len(work), Reads: true, State: func() progress.State {
			until, why := r.client.Hold()
			return progress.State{Hold: until, Why: why}
		}})
		defer bar.Done()
	}
	pool, calls := errgroup.WithContext(ctx)
	pool.SetLimit(oktaclient.DefaultMaxInFlight)
	for _, find := range work {
		if calls.Err() != nil {
			break
		}
		pool.Go(func() error {
			err := find(calls)
			bar.Count()
			return err
		})
	}
	err := pool.Wait()
	if ctx.Err() != nil {
		return fault.Stopped(context.Cause(ctx))
	}
	if err != nil {
		return fault.CannotBegin(r.client, err, "look users up")
	}
	return nil
}

// find asks Okta for a user, and puts what it says into the receiver. It reports whether there is
// such a user.
func (r *run) find(ctx context.Context, who *receiver, cell string) (bool, error) {
	id, reason := runner.ParseIdentifier(cell)
	if reason != "" {
		return false, nil
	}
	u, _, err := steps.Find(ctx, r.client, id, false)
	if other := (*steps.OtherUserError)(nil); steps.NoUser(err) || errors.As(err, &other) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	who.id, who.login, who.left = u.ID, u.Profile.Login, u.Status == oktaclient.StatusDeprovisioned
	who.name = cmp.Or(who.name, nameOf(u.Profile.FirstName+" "+u.Profile.LastName))
	if who.address == "" {
		who.setAddress(u.Profile.Email)
	}
	return true, nil
}

// setAddress sets the address, or why there is none.
func (w *receiver) setAddress(cell string) {
	var err error
	switch w.address, err = parseAddress(cell); {
	case errors.Is(err, errNoAddress):
		w.problem = reasonEmpty
	case err != nil:
		w.problem = reasonMalformed
	}
}

func (r *run) findPerson(ctx context.Context, p *person) error {
	if r.client == nil { // a rehearsal has no org to ask
		if p.address == "" {
			p.problem = reasonEmpty
		}
		return nil
	}
	found, err := r.find(ctx, &p.receiver, p.id)
	if err == nil && !found && p.address == "" {
		p.problem = reasonNotFound
	}
	return err
}

// findManager looks a manager up by ID or login, then by mail address: once in each way. The address in the results
// alone isn't enough: the mail names people, and a stranger may have it.
func (r *run) findManager(ctx context.Context, m *manager) error {
	if r.client == nil {
		m.id, m.name = cmp.Or(m.named.ID, m.named.Mail, m.named.Name), nameOf(m.named.Name)
		m.setAddress(m.named.Mail)
		return nil
	}
	cells := []string{m.named.ID, m.named.Mail}
	if !strings.ContainsAny(m.named.Name, " ,") { // it may be a login
		cells = append(cells, m.named.Name)
	}
	for _, cell := range cells {
		if found, err := r.find(ctx, &m.receiver, cell); found || err != nil {
			return err
		}
	}
	id, err := r.byMail(ctx, m.named.Mail)
	if err == nil && id != "" {
		_, err = r.find(ctx, &m.receiver, id)
	}
	switch {
	case err != nil || m.id != "":
	case m.named.ID == "" && m.named.Mail == "":
		m.problem = reasonName
	default:
		m.problem = reasonNotFound
	}
	return err
}

// byMail returns the ID of the only user with a mail address, or "".
func (r *run) byMail(ctx context.Context, cell string) (id string, err error) {
	address, err := parseAddress(cell)
	if err != nil {
		return "", nil //nolint:nilerr // it names nobody
	}
	for u, err := range r.client.ListUserRecords(ctx, oktaclient.UserQuery{Search: `profile.email eq "` + address + `"`}) {
		if err != nil || id != "" {
			return "", err
		}
		id = u.ID()
	}
	return id, nil
}

// readList reads the users of a list that oktareset after wrote who aren't back yet.
func (r *run) readList(ctx context.Context) error {
	columns, err := results.Columns(r.opts.Results)
	if err != nil {
		return err
	}
	r.only = make(map[string]bool)
	for line, err := range results.AfterList(r.opts.Remind, &r.manifest, columns).ScanAfter() {
		if err == nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		switch {
		case errors.Is(err, table.ErrChanged):
			return fault.Usage("make it anew: oktareset after "+console.ShellFile(r.opts.Results),
				"%q isn't a list of who is back after these results, or somebody has changed it", r.opts.Remind)
		case err != nil:
			return fmt.Errorf("read %q: %w", r.opts.Remind, err)
		case line.Status == results.AfterNotYet:
			r.only[strings.Clone(line.UserID)] = true
		}
		r.listed = line.AsOf
	}
	return nil
}
