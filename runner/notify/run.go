package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/mail"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/files"
	"oktareset/runner/ledger"
	"oktareset/runner/results"
	"oktareset/runner/table"
)

// Options are what the flags of notify set.
type Options struct {
	Results   string
	Remind    string            // a list of who is back: those who aren't get a reminder; "": the first notice
	To        []string          // kinds of mail
	Chosen    bool              // a flag says so: a kind that nobody can get is an error
	Templates map[string]string // files by kind
	From      string
	Contact   string
	Mail      access.MailFlags
	Rate      rate.Limit // mails a second; 0: as many as the server accepts
	Confirm   console.Confirmation
	DryRun    bool
	Resume    bool
	JSON      bool
	Org       access.Flags
	Again     []string // the flags for the same mails, for a shell
}

// scopes are what a service app needs.
var scopes = access.Scopes{Needed: []string{oktaclient.ScopeUsersRead}}

// run is one execution, from the results to the list of mails.
type run struct {
	*access.Env
	opts     Options
	id       string
	began    time.Time
	manifest results.Manifest
	texts    map[string]*text
	from     *mail.Address
	contact  string
	server   *access.MailServer // nil for a dry run

	client *oktaclient.Client // nil for a rehearsal
	only   map[string]bool    // IDs of the users who get a reminder; nil: everybody gets a notice
	listed time.Time          // its oldest line, by the server's clock; zero: it is empty

	people    []*person
	managers  []*manager
	doubt     int  // rows of the results whose reset is in doubt
	unmanaged int  // users without a manager in the results
	usersOnly bool // because the results name no manager at all

	recorded bool // there is a record of earlier runs
	record   *record
	notes    []*note     // final ones of earlier runs, this run's, then open ones of earlier runs
	final    int         // how many are final
	mails    []*outgoing // this run's mails that can be sent
}

// outgoing is a mail that can be sent.
type outgoing struct {
	*note
	person *person   // of a mail to a user
	people []*person // of a mail to a manager
	when   time.Time // before which it isn't tried again
}

// Run carries out the notify command. It changes nothing in the org.
func Run(ctx context.Context, e *access.Env, o Options) error {
	o.Results = results.Unlinked(o.Results)
	r := &run{Env: e, opts: o, id: runner.NewRunID(), began: time.Now()}
	if err := r.open(ctx); err != nil {
		return results.Refused(err)
	}
	if err := r.connect(ctx); err != nil {
		return err
	}
	if err := r.judgeAge(); err != nil {
		return err
	}
	if o.DryRun {
		if err := r.prepare(ctx); err != nil {
			return results.Refused(err)
		}
		return r.rehearse(ctx)
	}
	release, err := r.lock()
	if err != nil {
		return fault.Refused(err)
	}
	defer func() { _ = r.record.close(); _ = release() }()
	if err := r.prepare(ctx); err != nil {
		return results.Refused(err)
	}
	return r.deliverAll(ctx)
}

// to reports whether mails of a kind are asked for.
func (r *run) to(kind string) bool { return slices.Contains(r.opts.To, kind) }

// open reads everything on this machine: results, templates, settings.
func (r *run) open(ctx context.Context) (err error) {
	if r.manifest, err = results.ReadEnded(r.opts.Results, r.opts.Org); err != nil {
		return err
	}
	if r.manifest.Sandbox && !r.opts.DryRun {
		return fault.Usage("to see the mails as files: oktareset notify --dry-run", "%s is a rehearsal, which made up its people: nobody gets a mail about it", r.opts.Results)
	}
	if r.from, err = parseFrom(r.opts.From); err != nil {
		return err
	}
	if r.texts, err = loadTexts(ctx, r.opts.Templates, r.opts.Remind != ""); err != nil {
		return err
	}
	if r.contact, err = r.parseContact(); err != nil {
		return err
	}
	columns, err := results.Columns(r.opts.Results)
	if err != nil {
		return err
	}
	if r.opts.Remind != "" {
		if err := r.readList(ctx, columns); err != nil {
			return err
		}
	}
	if err := r.readPeople(ctx, columns); err != nil {
		return err
	}
	switch {
	case !r.to(ToManager) || len(r.managers) > 0 || len(r.people) == 0:
	case !r.opts.Chosen:
		r.opts.To, r.unmanaged, r.usersOnly = []string{ToUser}, len(r.people), true
		r.Console.Warn("%s names no manager: only the users get a mail", r.opts.Results)
	default:
		return fault.Usage("export the users with it, as --columns login,email,firstName,lastName,managerId, before the reset; or leave managers out: --to user",
			"%s names no manager: it has no column manager, managerId or managerEmail, or they are empty", r.opts.Results)
	}
	if r.opts.DryRun {
		return nil
	}
	r.server, err = r.LoadMailServer(ctx, r.opts.Mail)
	return err
}

// parseContact checks whom people ask. Links are what phishing mails have.
func (r *run) parseContact() (string, error) {
	contact := oneLine(r.opts.Contact, maxCell)
	needed := slices.ContainsFunc(r.opts.To, func(kind string) bool { return !r.texts[kind].own })
	switch {
	case contact == "" && needed:
		return "", fault.Usage("as --contact 'the service desk, +1 555 0100'", "--contact is missing: the mails say whom to ask")
	case hasLink(contact):
		return "", fault.Usage("give a phone number, a person or a mail address", "--contact has a link: phishing mails have links, and these mails must not look like one")
	}
	return contact, nil
}

// connect connects to the org of the results. The people of an org on this machine, as a stand-in,
// may have the addresses of real people: they get no mail.
func (r *run) connect(ctx context.Context) error {
	if r.manifest.Sandbox {
		return nil
	}
	c, err := r.ConnectToOrgOf(ctx, &r.manifest, r.opts.Results, access.Way{Flags: r.opts.Org, Scopes: scopes})
	if err != nil {
		return err
	}
	r.client = c.Client
	if r.opts.DryRun || !oktaclient.IsLoopback(r.manifest.Org) && !oktaclient.IsLoopback(r.client.Org().Host()) {
		return nil
	}
	if m := r.server; !m.Loopback() || slices.Contains([]int{25, 465, 587}, m.Port) {
		return fault.Usage("give a test server on this machine, on another port than 25, 465 and 587; or write the mails into files: --dry-run",
			"%s is from an org on this machine, as a stand-in: nobody real may get a mail about it", r.opts.Results)
	}
	return nil
}

// prepare looks people up, leaves out whom earlier runs told, and fills in every mail once: a
// template that can't be filled in must not stop a run in its middle.
func (r *run) prepare(ctx context.Context) error {
	before, err := r.earlier(ctx)
	if err != nil {
		return err
	}
	if err := r.lookUp(ctx); err != nil {
		return err
	}
	r.plan(before)
	for _, m := range r.mails {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if _, _, err := r.fill(m); err != nil {
			return err
		}
	}
	return nil
}

// occasion names the mails in the names of files and in the record.
func (r *run) occasion() string {
	if r.opts.Remind != "" {
		return results.Reminder
	}
	return results.Notice
}

func (r *run) listPath() string   { return results.ListPath(r.opts.Results, r.occasion()) }
func (r *run) folderPath() string { return strings.TrimSuffix(r.listPath(), ".csv") } // of a dry run
func (r *run) recordPath() string { return results.MailRecordPath(r.opts.Results, r.occasion()) }

// owner says what the record belongs to. The first run of the results names them, also after a
// resume.
func (r *run) owner() owner {
	return owner{r.occasion(), r.manifest.Runs[0].RunID, cmp.Or(r.manifest.OrgID, r.manifest.Org)}
}

// earlier returns what earlier runs recorded. Without --resume there must be nothing.
func (r *run) earlier(ctx context.Context) ([]*note, error) {
	_, err := os.Lstat(r.recordPath())
	r.recorded = !errors.Is(err, fs.ErrNotExist)
	switch listErr := files.Absent(r.listPath()); {
	case !r.recorded && r.opts.DryRun && !errors.Is(listErr, fs.ErrExist):
		return nil, nil
	case !r.recorded && listErr != nil:
		return nil, fault.WithHint(listErr, "put its .journal back beside it, which says who got a mail; or move it away")
	case r.recorded && !r.opts.Resume && !r.opts.DryRun:
		return nil, fault.Usage("to send what wasn't sent yet: "+r.againCommand("--resume"), "%q exists already: mails about this were sent", r.recordPath())
	case !r.recorded:
		return nil, nil
	}
	if err := r.list().Writable(ctx); err != nil {
		return nil, err
	}
	list, err := r.readListed(ctx) // before the record, which may grow while a dry run reads
	if err != nil {
		return nil, err
	}
	if r.opts.DryRun {
		return r.readRecordNow(list)
	}
	rec, notes, err := openRecord(r.recordPath(), r.owner(), list)
	if err != nil {
		return nil, err
	}
	r.record = rec
	return notes, nil
}

// readRecordNow reads the record for a dry run. While another run holds the lock, a mail that was
// taken and not settled is under way.
func (r *run) readRecordNow(list listed) ([]*note, error) {
	release, err := r.lock()
	locked, busy := errors.AsType[*ledger.LockedError](err)
	if err == nil {
		defer release() //nolint:errcheck // nothing was written
	}
	notes, err := readRecord(r.recordPath(), r.owner(), list)
	if err != nil || !busy {
		return notes, err
	}
	r.Console.Warn("another run is sending these mails: %v", locked)
	for _, n := range notes {
		if n.answer == answerLost {
			n.answer = underWay
		}
	}
	return notes, nil
}

// list is the list of all mails, which each run writes anew.
func (r *run) list() *results.List {
	return results.NewList(r.listPath(), &r.manifest, table.NotifyColumns, nil)
}

// readListed reads the list of earlier runs.
func (r *run) readListed(ctx context.Context) (listed, error) {
	list := make(listed)
	for cells, err := range r.list().Scan(ctx) {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil //nolint:nilnil // no list
		}
		var n note
		if err == nil {
			n, err = parseNote(cells[:len(noteColumns)])
		}
		if err != nil {
			return nil, fmt.Errorf("read %q: %w", r.listPath(), err)
		}
		if n.status.final() {
			list[n.key()] = true
		}
	}
	return list, nil
}

// lock keeps two runs from sending the same mails.
func (r *run) lock() (release func() error, err error) {
	host, _ := os.Hostname()
	return ledger.Hold(r.listPath(), results.Run{RunID: r.id, StartedAt: r.began, Operator: results.Operator{Host: host}})
}

// deliverAll sends the mails and writes the list.
func (r *run) deliverAll(ctx context.Context) (err error) {
	if err := r.checkConsent(); err != nil {
		return err
	}
	p := newPost(r.Env, r.server, r.from.Address)
	var first *link
	if len(r.mails) > 0 {
		if first, err = p.connect(ctx); err != nil {
			return r.cannotSend(ctx, err)
		}
		first.close() // somebody may think for long before they consent
		if err := r.askConsent(ctx); err != nil {
			return err
		}
	}
	if r.record == nil {
		if r.record, err = createRecord(r.recordPath(), r.owner()); err != nil {
			return fault.Refused(err)
		}
	}
	s := newSender(r, p)
	err = s.send(ctx)
	if writeErr := r.writeList(context.WithoutCancel(ctx)); writeErr != nil {
		err = fault.Also(err, writeErr)
	}
	return r.summarize(err)
}

// cannotSend explains why no mail can be sent, before any was.
func (r *run) cannotSend(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return console.Untouched(ctx)
	}
	f, ok := errors.AsType[*failure](err)
	switch {
	case !ok:
		return fault.Refused(err)
	case f.fate == denied:
		return fault.New(fault.ExitNoAccess, "check the account, its password and what it may send; no mail was sent", "%w", f)
	case f.fate == unsafe && lacksTLS(r.server, f):
		return fault.Usage("for STARTTLS: smtp://, not smtps://; no mail was sent", "%w", f)
	case f.fate == unsafe:
		return fault.Usage("give the name in the server's certificate; put the certificate of its authority into a file that SSL_CERT_FILE names; for a server that "+
			"has TLS from the first byte: smtps://; no mail was sent", "%w", f)
	}
	return fault.Usage("check the server's name and port, and the network; no mail was sent", "%w", f)
}

// writeList writes the list of all mails.
func (r *run) writeList(ctx context.Context) error {
	sorted := slices.Clone(r.notes)
	slices.SortStableFunc(sorted, byPlace)
	err := r.list().Write(ctx, func(sheet *table.Sheet) error {
		for _, n := range sorted {
			if err := sheet.Write(append(n.cells(), "")); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		return nil
	}
	return fault.New(fault.ExitBrokeOff, "the record is complete; "+cmp.Or(fault.Hint(err), "make room on the disk, then: "+r.againCommand("--resume")), "%w", err)
}
