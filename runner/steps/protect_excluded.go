package steps

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"oktareset/oktaclient"
	"oktareset/runner"
)

// Exclusion says that a user is to be left alone, and where that is said.
type Exclusion struct {
	User runner.Identifier
	File string
	Line int // of File; 1 is the first
}

// Excluded is the users who are left alone because a file says so. Once it is made and [Excluded.LookUp] has returned, it is safe for
// concurrent use. A nil Excluded is nobody.
type Excluded struct {
	list []Exclusion // in the order given
	by   map[runner.Key]Exclusion
}

// ExclusionError is what is wrong with one of the exclusions.
type ExclusionError struct {
	Exclusion
	Err error
}

func (e *ExclusionError) Error() string {
	return fmt.Sprintf("%s: line %d: look up %q: %v", e.File, e.Line, e.User.Value, e.Err)
}

// Unwrap returns e.Err.
func (e *ExclusionError) Unwrap() error { return e.Err }

// NewExcluded makes the set of the users in the list, each by what names it there.
func NewExcluded(list []Exclusion) *Excluded {
	e := &Excluded{by: make(map[runner.Key]Exclusion, len(list))}
	for _, x := range list {
		if _, ok := e.by[x.User.Key()]; !ok {
			e.by[x.User.Key()] = x
			e.list = append(e.list, x)
		}
	}
	return e
}

// Logins is how many users are named by their login: so many requests does [Excluded.LookUp] make.
func (e *Excluded) Logins() int { return len(e.logins()) }

func (e *Excluded) logins() []Exclusion {
	var logins []Exclusion
	for _, x := range e.list {
		if x.User.Kind == runner.KindLogin {
			logins = append(logins, x)
		}
	}
	return logins
}

// LookUp finds out the IDs of those who are named by their login, so that a row that names them by ID is theirs, too. It makes so many
// requests at the same time as there are workers, and calls done after each, concurrently. nobody are those that no user of the org has.
// Any other doubt about one of them is an [*ExclusionError], and ends it: an answer that wasn't had, or somebody else than the one meant.
func (e *Excluded) LookUp(ctx context.Context, c *oktaclient.Client, workers int, done func()) (nobody []Exclusion, err error) {
	logins := e.logins()
	ids := make([]string, len(logins))
	group, looking := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for i, x := range logins {
		if looking.Err() != nil {
			break
		}
		group.Go(func() error {
			u, _, err := find(looking, c, x.User)
			if err != nil && !errors.Is(err, errNobody) && oktaclient.FateOf(err) != oktaclient.Missing {
				return &ExclusionError{Exclusion: x, Err: err}
			}
			ids[i] = u.ID
			done()
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	for i, x := range logins {
		if ids[i] == "" {
			nobody = append(nobody, x)
			continue
		}
		id := runner.Identifier{Kind: runner.KindID, Value: ids[i]}
		if !e.Names(id) {
			e.by[id.Key()] = x
		}
	}
	return nobody, nil
}

// Names reports whether the user is excluded by this ID or login.
func (e *Excluded) Names(id runner.Identifier) bool {
	if e == nil {
		return false
	}
	_, ok := e.by[id.Key()]
	return ok
}

// of returns what excludes the target: its ID, its login as Okta has it, or its name in the input. The names count even if the user who
// has them isn't the one who had them when they were looked up.
func (e *Excluded) of(t *Target) (Exclusion, bool) {
	if e == nil {
		return Exclusion{}, false
	}
	named, _ := runner.ParseIdentifier(t.Job.Row.Input)
	for _, id := range []runner.Identifier{
		{Kind: runner.KindID, Value: t.UserID}, {Kind: runner.KindLogin, Value: t.Login}, named,
	} {
		if x, ok := e.by[id.Key()]; ok && id.Value != "" {
			return x, true
		}
	}
	return Exclusion{}, false
}

// IsOtherUser reports whether an error of [Excluded.LookUp] says that Okta found somebody else under a login: a short name, perhaps.
func IsOtherUser(err error) bool {
	other := (*otherUserError)(nil)
	return errors.As(err, &other)
}
