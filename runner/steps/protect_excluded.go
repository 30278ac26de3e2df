package steps

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"oktareset/oktaclient"
	"oktareset/runner"
)

// ExcludedFile is a file of users to leave alone.
type ExcludedFile struct {
	Path     string
	Mail     bool // its lines name users by their email addresses
	Lines    []ExcludedLine
	LookedUp bool // recently: the lines have the users that they name
}

// ExcludedLine is a line of an [ExcludedFile]. It protects everybody with one of its names, and
// its users.
type ExcludedLine struct {
	Line  int                 // 1 is the file's first
	Names []runner.Identifier // its names for a user: an ID, a login, or both
	Users []ExcludedUser      // the users that a look-up, now or earlier, found under these names
}

// ExcludedUser is a user as Okta has it.
type ExcludedUser struct {
	ID    string `json:"id"`
	Login string `json:"login"`
}

// Excluded is the users in files of exclusions. Once [Excluded.LookUp] has returned, it is safe
// for concurrent use. A nil Excluded contains nobody.
type Excluded struct{ files []excludedFile }

type excludedFile struct {
	ExcludedFile
	by       map[runner.Key]int // lines by the names and users that they protect; see excludedKey
	ids      int                // different IDs that were looked up
	idsFound int                // those of them that belong to somebody
}

// ExclusionError says what is wrong with an exclusion.
type ExclusionError struct {
	File string
	Line int
	Name string
	Err  error
}

func (e *ExclusionError) Error() string {
	return fmt.Sprintf("%s: line %d: look up %q: %v", e.File, e.Line, e.Name, e.Err)
}

// Unwrap returns e.Err.
func (e *ExclusionError) Unwrap() error { return e.Err }

// NewExcluded makes the set of the users in these files, each under the names there.
func NewExcluded(files []ExcludedFile) *Excluded {
	e := &Excluded{}
	for _, f := range files {
		f.Lines = slices.Clone(f.Lines)
		x := excludedFile{ExcludedFile: f, by: make(map[runner.Key]int, len(f.Lines))}
		for i := range f.Lines {
			x.protect(i)
		}
		e.files = append(e.files, x)
	}
	return e
}

// Files returns the files, their lines with all users that were found.
func (e *Excluded) Files() []ExcludedFile {
	var files []ExcludedFile
	for _, f := range e.files {
		files = append(files, f.ExcludedFile)
	}
	return files
}

// protect protects the users of line i.
func (f *excludedFile) protect(i int) {
	names := f.Lines[i].Names
	for _, u := range f.Lines[i].Users {
		names = append(slices.Clip(names), runner.Identifier{Kind: runner.KindID, Value: u.ID}, runner.Identifier{Kind: runner.KindLogin, Value: u.Login})
	}
	for _, id := range names {
		if _, ok := f.by[excludedKey(id)]; !ok && id.Value != "" {
			f.by[excludedKey(id)] = i
		}
	}
}

// excludedKey returns the key for looking up an exclusion. The case of an ID doesn't matter:
// databases and spreadsheets lose it.
func excludedKey(id runner.Identifier) runner.Key {
	if len(id.Value) == idLength {
		if folded, _ := runner.ParseIdentifier(strings.ToLower(id.Value)); folded.Kind == runner.KindID {
			return folded.Key()
		}
	}
	return id.Key()
}

// idLength is the length of a user ID.
const idLength = 20

// lookUp is a name that is looked up once, even if several lines have it.
type lookUp struct {
	id   runner.Identifier
	mail bool
	file string
	line int
	user ExcludedUser // "": nobody
}

type lookUpKey struct {
	key  runner.Key
	mail bool
}

// lookUps lists the names that have to be looked up.
func (e *Excluded) lookUps() (list []lookUp, places map[lookUpKey]int) {
	places = make(map[lookUpKey]int)
	for i := range e.files {
		f := &e.files[i]
		for _, l := range f.Lines {
			for _, id := range l.Names {
				key := lookUpKey{id.Key(), f.Mail}
				if _, ok := places[key]; ok || f.LookedUp {
					continue
				}
				places[key] = len(list)
				list = append(list, lookUp{id: id, mail: f.Mail, file: f.Path, line: l.Line})
			}
		}
	}
	return list, places
}

// LookUps returns how many names [Excluded.LookUp] looks up: it sends at most as many requests.
func (e *Excluded) LookUps() int {
	list, _ := e.lookUps()
	return len(list)
}

// LookUp finds out who has the IDs and logins in the files, so that a row with another name of
// the same user is recognised too. It sends as many requests at the same time as there are
// workers, and calls done for each name, concurrently. A name that nobody has is no error: see
// [Excluded.Findings]. Any other doubt, an unanswered request or another user than the one that
// is meant, is an [*ExclusionError] and ends the look-up.
func (e *Excluded) LookUp(ctx context.Context, c *oktaclient.Client, workers int, done func()) error {
	list, places := e.lookUps()
	// IDs first: an export has the login beside the ID, and then the login is known.
	logins := make(map[runner.Key]ExcludedUser)
	for _, kind := range []runner.Kind{runner.KindID, runner.KindLogin} {
		err := lookUpAll(ctx, c, list, workers, done, func(x *lookUp) bool {
			if x.id.Kind != kind {
				return false
			}
			user, known := logins[x.id.Key()]
			if known && !x.mail {
				x.user = user
				done()
				return false
			}
			return true
		})
		if err != nil {
			return err
		}
		for _, x := range list {
			if x.user.Login != "" {
				logins[runner.Identifier{Kind: runner.KindLogin, Value: x.user.Login}.Key()] = x.user
			}
		}
	}
	for i := range e.files {
		if f := &e.files[i]; !f.LookedUp {
			f.take(list, places)
		}
	}
	return nil
}

// lookUpAll looks up the wanted names.
func lookUpAll(ctx context.Context, c *oktaclient.Client, list []lookUp, workers int, done func(), wanted func(*lookUp) bool) error {
	group, looking := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for i := range list {
		x := &list[i]
		if looking.Err() != nil {
			break
		}
		if !wanted(x) {
			continue
		}
		group.Go(func() error {
			u, _, err := Find(looking, c, x.id, x.mail)
			if err != nil && !NoUser(err) {
				return &ExclusionError{File: x.file, Line: x.line, Name: x.id.Value, Err: err}
			}
			x.user = ExcludedUser{ID: u.ID, Login: u.Profile.Login}
			done()
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// take records the users that were found for the file's names. Users from an earlier look-up stay
// protected.
func (f *excludedFile) take(list []lookUp, places map[lookUpKey]int) {
	counted := make(map[runner.Key]bool)
	for i := range f.Lines {
		l := &f.Lines[i]
		for _, id := range l.Names {
			user := list[places[lookUpKey{id.Key(), f.Mail}]].user
			if id.Kind == runner.KindID && !counted[id.Key()] {
				counted[id.Key()] = true
				f.ids++
				if user.ID != "" {
					f.idsFound++
				}
			}
			if user.ID != "" && !slices.Contains(l.Users, user) {
				l.Users = append(slices.Clip(l.Users), user)
			}
		}
		f.protect(i)
	}
	f.LookedUp = true
}

// Finding is the outcome of the look-ups for a file.
type Finding struct {
	Path     string
	Lines    int
	IDs      int // different IDs that were looked up just now
	IDsFound int // those of them that belong to a user
	Nobody   []ExcludedLine
	Several  []ExcludedLine // lines whose names belong to more than one user
}

// Findings says for each file which users it names.
func (e *Excluded) Findings() []Finding {
	var all []Finding
	for _, f := range e.files {
		finding := Finding{Path: f.Path, Lines: len(f.Lines), IDs: f.ids, IDsFound: f.idsFound}
		for _, l := range f.Lines {
			users := slices.CompactFunc(slices.Clone(l.Users), func(a, b ExcludedUser) bool { return a.ID == b.ID })
			switch {
			case len(users) == 0:
				finding.Nobody = append(finding.Nobody, l)
			case len(users) > 1:
				finding.Several = append(finding.Several, l)
			}
		}
		all = append(all, finding)
	}
	return all
}

// Names reports whether this ID or login is excluded.
func (e *Excluded) Names(id runner.Identifier) bool { return len(e.Covering(id)) > 0 }

// Covering returns the indexes of the files that exclude this ID or login.
func (e *Excluded) Covering(id runner.Identifier) (files []int) {
	if e == nil {
		return nil
	}
	key := excludedKey(id)
	for i, f := range e.files {
		if _, ok := f.by[key]; ok {
			files = append(files, i)
		}
	}
	return files
}

// of returns the file and the line that exclude the target: by its ID, by Okta's spelling of its
// login, or by its name in the input. The names count even if they belong to another user now
// than when they were looked up.
func (e *Excluded) of(t *Target) (file string, line int) {
	if e == nil {
		return "", 0
	}
	named, _ := t.Job.Row.Identifier()
	for _, id := range []runner.Identifier{
		{Kind: runner.KindID, Value: t.UserID}, {Kind: runner.KindLogin, Value: t.Login}, named,
	} {
		if id.Value == "" {
			continue
		}
		key := excludedKey(id)
		for _, f := range e.files {
			if i, ok := f.by[key]; ok {
				return f.Path, f.Lines[i].Line
			}
		}
	}
	return "", 0
}

// IsOtherUser reports whether an error of [Excluded.LookUp] means that Okta found somebody else
// under a login, perhaps by a short name.
func IsOtherUser(err error) bool {
	other := (*OtherUserError)(nil)
	return errors.As(err, &other)
}
