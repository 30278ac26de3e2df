package report

import (
	"cmp"
	"maps"
	"slices"
)

// maxKinds is how many kinds are counted separately at most: Okta knows some twenty types of
// factor, and a status has at most six reasons.
const maxKinds = 40

// restKinds is the kind under which all further ones are counted. No cell of a file looks like it.
const restKinds = "(others)"

// kinds counts rows by a text of the file.
type kinds map[string]int

func (k kinds) add(kind string) {
	kind = cell(kind)
	if _, ok := k[kind]; !ok && len(k) >= maxKinds {
		kind = restKinds
	}
	k[kind]++
}

// kind is one of kinds.
type kind struct {
	Name string
	Rows int
}

// sorted returns the kinds, the most frequent first, restKinds last.
func (k kinds) sorted() []kind {
	var all []kind
	for _, name := range slices.Sorted(maps.Keys(k)) {
		all = append(all, kind{name, k[name]})
	}
	slices.SortStableFunc(all, func(a, b kind) int {
		if rest := cmp.Compare(btoi(a.Name == restKinds), btoi(b.Name == restKinds)); rest != 0 {
			return rest
		}
		return cmp.Compare(b.Rows, a.Rows)
	})
	return all
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
