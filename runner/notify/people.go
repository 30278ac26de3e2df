package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
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
	reasonEmpty     = "empty"     // no_address: Okta has none
	reasonMalformed = "malformed" // no_address: what Okta has isn't a plain mail address
	reasonNotFound  = "not_found" // no_address: Okta knows no such user
	reasonName      = "name"      // no_address: the results have a manager's name only
	reasonAmbiguous = "ambiguous" // no_address: what the results have names two users

	reasonDeprovisioned = "deprovisioned" // skipped: a user; no_address: a manager
	reasonNotNeeded     = "not_needed"    // skipped: a reminder of an earlier run, and they are no longer not_yet

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

// readPeople reads the users who were reset. extra are the columns of the input.
func (r *run) readPeople(ctx context.Context, extra []string) error {
	columns := slices.Concat(table.Columns, extra)
	about := roster.People(extra)
	managers := make(map[roster.Manager]*manager)
	mailed := make(map[string]bool) // by user ID
	for e, err := range results.Scan(ctx, r.opts.Results) {
		if err != nil {
			return err
		}
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
	at, err := rec.ResetAt()
	if err != nil {
		return nil, fmt.Errorf("row %d: %w", e.Row, err)
	}
	p := &person{row: e.Row}
	p.id, p.login, p.name = strings.Clone(rec.UserID), strings.Clone(rec.Login), nameOf(about.Name)
	if r.manifest.Sandbox { // there is no org to ask
		p.login = strings.Clone(cmp.Or(rec.Login, about.Login))
		p.addressOf(about.Mail, rec.Login, about.Login, rec.Input)
	}
	p.Person = Person{
		At: at.UTC().Format("2 January 2006 at 15:04 UTC"), columns: columns, Enrolled: enrolled(e),
		Some: slices.Contains(r.manifest.Steps, runner.StepChooseFactors), SignedOut: r.did(e, "clear_sessions", runner.ReasonSessions),
		NewPassword: r.did(e, "expire_password", runner.ReasonPassword),
	}
	if p.Some {
		p.Removed = removed(rec.Factors)
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

// enrolled reports whether the run has set up a new factor. In an open row, factor_id has the
// factors that weren't unenrolled.
func enrolled(e *results.Entry) bool {
	return e.Status == runner.StatusReset && e.Record.FactorID != "" || runner.Reason(e.Record.Reason) == runner.ReasonSend
}

// removed returns what people call factors, given as TYPE:PROVIDER.
func removed(factors string) string {
	var words []string
	for name := range strings.FieldsSeq(factors) {
		word := cmp.Or(oktaclient.ParseFactor(name).Words(), "another method")
		if !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return strings.Join(words, ", ")
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

// lookUp asks Okta for the users and the managers, each once. Whoever could edit an address in a
// file could silence the alarm, and learn who has no factor now: no mail goes to such an address.
func (r *run) lookUp(ctx context.Context) error {
	var work []func(context.Context) error
	for _, p := range r.people {
		if r.client != nil && (r.to(ToUser) || p.login == "") {
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
// such a user. If mail is true, the user must have the cell as mail address, too: otherwise the
// error is a [steps.OtherUserError].
func (r *run) find(ctx context.Context, who *receiver, cell string, mail bool) (bool, error) {
	id, reason := runner.ParseIdentifier(cell)
	if reason != "" {
		return false, nil
	}
	u, _, err := steps.Find(ctx, r.client, id, mail)
	if other := (*steps.OtherUserError)(nil); steps.NoUser(err) || errors.As(err, &other) && !other.Mail {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	who.id, who.login, who.left = u.ID, u.Profile.Login, u.Status == oktaclient.StatusDeprovisioned
	who.name = cmp.Or(who.name, nameOf(u.Profile.FirstName+" "+u.Profile.LastName))
	who.setAddress(u.Profile.Email)
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

// addressOf sets the address to the first of the cells that is one.
func (w *receiver) addressOf(cells ...string) {
	for _, cell := range cells {
		if a, err := parseAddress(cell); err == nil {
			w.address = strings.Clone(a)
			return
		}
	}
	w.problem = reasonEmpty
}

func (r *run) findPerson(ctx context.Context, p *person) error {
	found, err := r.find(ctx, &p.receiver, p.id, false)
	if err == nil && !found {
		p.problem = reasonNotFound
	}
	return err
}

// findManager looks a manager up by the cells of the results, the surest first. The address in the
// results alone isn't enough: the mail names people, and a stranger may have it.
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
		if settled, err := r.findNamed(ctx, &m.receiver, cell); settled || err != nil {
			return err
		}
	}
	m.problem = reasonNotFound
	if m.named.ID == "" && m.named.Mail == "" {
		m.problem = reasonName
	}
	return nil
}

// findNamed finds the user whom a cell names: by ID or login, or by mail address. An address may be
// one user's login and another's mail address: nobody knows who is meant then. It reports whether
// the receiver is settled.
func (r *run) findNamed(ctx context.Context, who *receiver, cell string) (settled bool, err error) {
	address, notAddress := parseAddress(cell)
	found, err := r.find(ctx, who, cell, notAddress == nil)
	other := (*steps.OtherUserError)(nil)
	byLogin := errors.As(err, &other)
	if found || notAddress != nil || err != nil && !byLogin {
		return found, err
	}
	ids, err := r.byMail(ctx, address)
	switch {
	case err != nil:
		return false, err
	case len(ids) > 1, len(ids) == 1 && byLogin:
		who.problem = reasonAmbiguous
		return true, nil
	case len(ids) == 1:
		return r.find(ctx, who, ids[0], false)
	}
	return r.find(ctx, who, cell, false)
}

// byMail returns the IDs of the users with a mail address: of those who haven't left, if there are
// any. Two are enough to know that it names nobody.
func (r *run) byMail(ctx context.Context, address string) ([]string, error) {
	var here, left []string
	for u, err := range r.client.ListUserRecords(ctx, oktaclient.UserQuery{Search: `profile.email eq "` + address + `"`}) {
		email, _ := u.Attribute("profile", "email").(string)
		switch {
		case err != nil:
			return nil, err
		case !runner.SameLogin(email, address):
		case u.Status() == oktaclient.StatusDeprovisioned:
			left = append(left, u.ID())
		default:
			here = append(here, u.ID())
		}
		if len(here) > 1 {
			break
		}
	}
	if len(here) == 0 {
		return left, nil
	}
	return here, nil
}

// maxListAge is the age from which a list of who is back says nothing about today.
const maxListAge = 24 * time.Hour

// readList reads the users of a list that oktareset after wrote who aren't back yet. columns are
// those of the input. The list must say what holds for the results as they are now.
func (r *run) readList(ctx context.Context, columns []string) error {
	anew := "make it anew: " + results.AfterCommand(&r.manifest, r.opts.Results)
	r.only = make(map[string]bool)
	match := results.MatchAfter(results.AfterList(r.opts.Remind, &r.manifest, columns).ScanAfter(ctx), r.manifest.Steps)
	err := r.readAway(ctx, match)
	asOf, wrong := match.End()
	switch {
	case err != nil:
		return err
	case errors.Is(wrong, table.ErrChanged):
		return fault.Usage(anew, "%q isn't a list of who is back after these results, or somebody has changed it", r.opts.Remind)
	case errors.Is(wrong, fs.ErrNotExist):
		return fault.Usage("to make it: "+results.AfterCommand(&r.manifest, r.opts.Results), "%q isn't there", r.opts.Remind)
	case errors.Is(wrong, results.ErrAfterOthers):
		return fault.Usage(anew, "%q doesn't fit these results: %w", r.opts.Remind, wrong)
	case errors.Is(wrong, results.ErrAfterStale):
		return fault.Usage(anew, "%q is older than these results: %w", r.opts.Remind, wrong)
	case wrong != nil:
		return fmt.Errorf("read %q: %w", r.opts.Remind, wrong)
	}
	r.listed = asOf
	return nil
}

// readAway reads the rows of the results, and who isn't back.
func (r *run) readAway(ctx context.Context, match *results.AfterMatch) error {
	for e, err := range results.Scan(ctx, r.opts.Results) {
		if err != nil {
			return err
		}
		if line := match.Line(e.Row, &e.Record); line != nil && line.Status == results.AfterNotYet {
			r.only[strings.Clone(line.UserID)] = true
		}
	}
	return nil
}

// judgeAge refuses an old list. Its lines have the server's time, so only that time counts.
func (r *run) judgeAge() error {
	if r.listed.IsZero() || r.client == nil {
		return nil
	}
	age := max(r.client.Now().Sub(r.listed), 0)
	if age > maxListAge {
		return fault.Usage("make it anew: "+results.AfterCommand(&r.manifest, r.opts.Results),
			"%q was made %s: users may be back since, and a reminder would be false", r.opts.Remind, console.Ago(age))
	}
	r.Console.Info("reminders by %s, made %s", r.opts.Remind, console.Ago(age))
	return nil
}
