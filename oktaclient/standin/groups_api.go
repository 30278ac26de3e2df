package standin

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

const (
	// maxGroupsPage is the most, and the default, that a page of groups holds.
	maxGroupsPage = 10_000
	// groupPickerPage is the default of a query by q, which has one page only.
	groupPickerPage = 300
	// maxMembersPage is the most, and the default, that a page of a group's members holds; Okta
	// recommends 200.
	maxMembersPage = 1000
)

// groupFilter and groupSearch are what the parameters of a list of groups understand.
var (
	groupFilter = dialect{attrs: []string{"id", "type", "lastUpdated", "lastMembershipUpdated"}, noNot: true}
	groupSearch = dialect{
		attrs: []string{"id", "type", "created", "lastUpdated", "lastMembershipUpdated", "profile.name", "profile.description"},
		allows: func(attr, op string) bool {
			return op != "ne" && op != "ew" && (op != "co" || strings.HasPrefix(attr, "profile."))
		},
	}
)

// groupJSON is a group on the wire.
type groupJSON struct {
	ID                    string         `json:"id"`
	Created               string         `json:"created"`
	LastUpdated           string         `json:"lastUpdated"`
	LastMembershipUpdated string         `json:"lastMembershipUpdated"`
	ObjectClass           []string       `json:"objectClass"`
	Type                  string         `json:"type"`
	Profile               map[string]any `json:"profile"`
	Links                 map[string]any `json:"_links"`
}

func (g Group) wire(base string) groupJSON {
	class, from := "okta:user_group", "okta"
	if g.Type == GroupApp {
		class, from = "okta:windows_security_principal", "active_directory"
	}
	logos := []map[string]string{}
	for _, size := range []string{"medium", "large"} {
		logos = append(logos, map[string]string{"name": size, "href": base + "/img/logos/groups/" + from + "-" + size + ".png", "type": "image/png"})
	}
	created, self := timestamp(g.Created), base+"/api/v1/groups/"+g.ID
	return groupJSON{
		ID: g.ID, Created: created, LastUpdated: created, LastMembershipUpdated: created, ObjectClass: []string{class}, Type: g.Type,
		Profile: map[string]any{"name": g.Name, "description": g.Description},
		Links: map[string]any{
			"logo": logos, "users": link{Href: self + "/users"}, "apps": link{Href: self + "/apps"}, "owners": link{Href: self + "/owners"},
		},
	}
}

// listGroups answers with the groups that a filter, a search or q lets through, page by page; q
// has one page only.
func (c *call) listGroups() {
	params := c.r.URL.Query()
	q, refused := c.o.readGroupQuery(params)
	if refused != nil {
		c.fail(*refused)
		return
	}
	page, next := c.o.groupsFrom(q, c.base())
	cursor := ""
	if next >= 0 && q.prefix == "" {
		cursor = formatCursor("groups", next)
	}
	c.links(params, cursor)
	c.json(page)
}

// readGroupQuery reads the parameters of a list of groups.
func (o *Org) readGroupQuery(params url.Values) (q userQuery, refused *failure) {
	refuse := func(f failure) (userQuery, *failure) { return userQuery{}, &f }
	d := groupFilter
	if params.Has("search") {
		d = groupSearch
	}
	if params.Has("filter") && params.Has("search") {
		return refuse(bothSearches)
	}
	var err error
	if q.filter, err = parseFilter(params.Get("filter")+params.Get("search"), d); err != nil {
		return refuse(badFilter(err))
	}
	def := maxGroupsPage
	if q.prefix = strings.ToLower(params.Get("q")); q.prefix != "" {
		def = groupPickerPage
	}
	var ok bool
	if q.limit, ok = pageLimit(params, def, 1, maxGroupsPage); !ok {
		return refuse(badParameter("limit"))
	}
	if q.from, ok = parseCursor("groups", params.Get("after")); !ok {
		return refuse(o.invalidCursor())
	}
	return q, nil
}

// groupsFrom returns up to q.limit groups from a position on, and the position of the next one,
// -1 when there is none.
func (o *Org) groupsFrom(q userQuery, base string) (page []groupJSON, next int) {
	o.mu.Lock()
	groups := slices.Clone(o.groups)
	o.mu.Unlock()
	page = []groupJSON{}
	for pos := min(q.from, len(groups)); pos < len(groups); pos++ {
		g := groups[pos]
		if !strings.HasPrefix(strings.ToLower(g.Name), q.prefix) || !q.filter.matches(g.attribute) {
			continue
		}
		if len(page) == q.limit {
			return page, pos
		}
		page = append(page, g.wire(base))
	}
	return page, -1
}

func (c *call) getGroup() {
	g, ok := c.o.group(c.name)
	if !ok {
		c.fail(notFound(c.name, "UserGroup"))
		return
	}
	c.json(g.wire(c.base()))
}

// listMembers answers with the members of a group, of whatever status, page by page.
func (c *call) listMembers() {
	g, ok := c.o.group(c.name)
	if !ok {
		c.fail(notFound(c.name, "UserGroup"))
		return
	}
	params := c.r.URL.Query()
	limit, from, ok := c.pageOf("members", params, maxMembersPage)
	if !ok {
		return
	}
	users, next := c.o.members(g, from, limit)
	cursor := ""
	if next >= 0 {
		cursor = formatCursor("members", next)
	}
	c.links(params, cursor)
	c.listed(users, "")
}

// userGroups answers with the groups of a user, all of them at once.
func (c *call) userGroups() {
	if _, ok := c.found(); !ok {
		return
	}
	base, page := c.base(), []groupJSON{}
	c.o.mu.Lock()
	for _, g := range c.o.groups {
		if c.o.belongs(g)(c.pos) {
			page = append(page, g.wire(base))
		}
	}
	c.o.mu.Unlock()
	c.json(page)
}

// listed answers with users as a list shows them, or with only some fields of them.
func (c *call) listed(users []User, only string) {
	base := c.base()
	page := make([]any, 0, len(users))
	for _, u := range users {
		if only == "" {
			page = append(page, u.wire(base))
		} else {
			page = append(page, project(u.wire(base), only))
		}
	}
	c.json(page)
}

// profileFields is the part of a list of fields that names those of the profile.
var profileFields = regexp.MustCompile(`profile:\(([^)]*)\)`)

// project leaves of a user the ID and the fields that a list such as
// "status,profile:(firstName,city)" names.
func project(u userJSON, fields string) map[string]any {
	var all map[string]any
	b, _ := json.Marshal(u) // was made of JSON's own types
	_ = json.Unmarshal(b, &all)
	left := map[string]any{"id": u.ID}
	take := func(into, from map[string]any, names string) {
		for name := range strings.SplitSeq(names, ",") {
			if v, ok := from[strings.TrimSpace(name)]; ok {
				into[strings.TrimSpace(name)] = v
			}
		}
	}
	if of := profileFields.FindStringSubmatch(fields); of != nil {
		profile := map[string]any{}
		take(profile, u.Profile, of[1])
		left["profile"] = profile
	}
	take(left, all, profileFields.ReplaceAllString(fields, ""))
	return left
}
