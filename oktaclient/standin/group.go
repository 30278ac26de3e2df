package standin

import (
	"slices"
	"time"
)

// The buckets of groups.
const (
	BucketGroups = "/api/v1/groups" // list groups, members
	BucketGroup  = "/api/v1/groups/{id}"
)

// The types of a group.
const (
	GroupOkta    = "OKTA_GROUP"
	GroupApp     = "APP_GROUP" // comes from a directory
	GroupBuiltIn = "BUILT_IN"  // Everyone
)

// Group is a group of the org. Besides those of [Org.AddGroup] there are Everyone and one for
// each department of the people that the org makes up.
type Group struct {
	ID          string    `json:"id"` // 00g and 17 letters or digits
	Type        string    `json:"type"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	Created     time.Time `json:"created"`
	Members     []string  `json:"members,omitempty"` // IDs or logins

	has func(User) bool // who belongs to it, in place of Members
}

// ownGroups are the groups that every org has.
func ownGroups(start time.Time) []Group {
	groups := []Group{{
		Type: GroupBuiltIn, Name: "Everyone", Description: "All users in your organization", has: func(User) bool { return true },
	}}
	for _, d := range departments {
		groups = append(groups, Group{Name: d, Description: "All users in " + d, has: func(u User) bool {
			return slices.Contains(u.attribute("profile.department"), d)
		}})
	}
	for i := range groups {
		groups[i] = groups[i].filled(start)
	}
	return groups
}

// filled completes a group that was given in part.
func (g Group) filled(start time.Time) Group {
	if g.Type == "" {
		g.Type = GroupOkta
	}
	if g.ID == "" {
		g.ID = "00g" + base62(mix(hash(g.Type+g.Name))) + madeSuffix
	}
	if g.Created.IsZero() {
		g.Created = dateBack(start, hash(g.ID), 1000, 1600)
	}
	return g
}

// AddGroup adds a group and returns it as the org holds it: with the ID, type and time of
// creation that g lacks.
func (o *Org) AddGroup(g Group) Group {
	o.mu.Lock()
	defer o.mu.Unlock()
	g = g.filled(o.start)
	o.groups = append(o.groups, g)
	return g
}

// group returns the group with this ID.
func (o *Org) group(id string) (Group, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, g := range o.groups {
		if g.ID == id {
			return g, true
		}
	}
	return Group{}, false
}

// belongs returns what tells whether the user at a position is in a group. The caller holds the
// mutex.
func (o *Org) belongs(g Group) func(pos int) bool {
	if g.has != nil {
		return func(pos int) bool { return g.has(o.dir.base(pos)) }
	}
	listed := make(map[int]bool, len(g.Members))
	for _, name := range g.Members {
		listed[o.dir.lookup(name)] = true
	}
	return func(pos int) bool { return listed[pos] }
}

// members returns up to limit of a group's members from a position on, and the position of the
// next one, -1 when there is none.
func (o *Org) members(g Group, from, limit int) (users []User, next int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	has := o.belongs(g)
	for pos := from; pos < len(o.dir.accounts); pos++ {
		if !has(pos) {
			continue
		}
		if len(users) == limit {
			return users, pos
		}
		users = append(users, o.dir.user(pos))
	}
	return users, -1
}

// attribute returns the values of an attribute as a filter names it.
func (g Group) attribute(name string) []string {
	switch name {
	case "id":
		return []string{g.ID}
	case "type":
		return []string{g.Type}
	case "profile.name":
		return []string{g.Name}
	case "profile.description":
		return []string{g.Description}
	}
	return []string{timestamp(g.Created)}
}
