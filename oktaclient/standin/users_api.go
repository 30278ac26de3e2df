package standin

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// maxUsersPage is the most, and the default, that a page of users holds.
const maxUsersPage = 200

// defaultPickerPage is the default of a query by q, which is meant for pickers.
const defaultPickerPage = 10

// found returns the user that the path names, or answers 404.
func (c *call) found() (User, bool) {
	if c.pos < 0 {
		c.fail(notFound(c.name, "User"))
		return User{}, false
	}
	c.o.mu.Lock()
	defer c.o.mu.Unlock()
	return c.o.dir.user(c.pos), true
}

// me answers with the token's owner. A service app is no user.
func (c *call) me() {
	if c.app != nil {
		c.o.noteSurprise("a service app asked for me")
		c.fail(notFound("me", "User"))
		return
	}
	c.pos = owner
	c.getUser()
}

func (c *call) getUser() {
	if u, ok := c.found(); ok {
		c.json(u.wireFull(c.base(), c.r.Header.Get("Content-Type")))
	}
}

// userQuery is what a request asks of the list of users, or of groups.
type userQuery struct {
	filter      *filter // or the search
	prefix      string  // q, in lower case
	sortBy      string  // an attribute; "" for the order in which they were added
	descending  bool
	from, limit int
}

// listUsers answers with the users that a filter, a search or q lets through, page by page; q
// has one page only.
func (c *call) listUsers() {
	params := c.r.URL.Query()
	q, refused := c.o.readUserQuery(params)
	if refused != nil {
		c.fail(*refused)
		return
	}
	users, next := c.o.usersFrom(q)
	cursor := ""
	if next >= 0 && q.prefix == "" {
		cursor = formatCursor("users", next)
	}
	c.links(params, cursor)
	c.listed(users, params.Get("fields"))
}

// readUserQuery reads the parameters of a list of users. Okta sorts searches only.
func (o *Org) readUserQuery(params url.Values) (q userQuery, refused *failure) {
	refuse := func(f failure) (userQuery, *failure) { return userQuery{}, &f }
	if params.Has("filter") && params.Has("search") {
		return refuse(bothSearches)
	}
	d := filterDialect
	d.exact = !o.cfg.FilterAnyCase
	if params.Has("search") {
		d = searchDialect
	}
	var err error
	if q.filter, err = parseFilter(params.Get("filter")+params.Get("search"), d); err != nil {
		return refuse(badFilter(err))
	}
	def := maxUsersPage
	if q.prefix = strings.ToLower(params.Get("q")); q.prefix != "" {
		def = defaultPickerPage
	}
	var ok bool
	if q.limit, ok = pageLimit(params, def, 1, maxUsersPage); !ok {
		return refuse(badParameter("limit"))
	}
	if q.from, ok = parseCursor("users", params.Get("after")); !ok {
		return refuse(o.invalidCursor())
	}
	if by := params.Get("sortBy"); by != "" && params.Has("search") {
		if !searchDialect.known(by) {
			return refuse(badParameter("sortBy"))
		}
		q.sortBy, q.descending = by, params.Get("sortOrder") == "desc"
	}
	return q, nil
}

// lets reports whether a user is among those asked for. Those that are deactivated come with a
// filter or a search only.
func (q userQuery) lets(u User) bool {
	if u.Status == StatusDeprovisioned && (q.filter == nil || q.prefix != "") {
		return false
	}
	begins := func(s string) bool { return strings.HasPrefix(strings.ToLower(s), q.prefix) }
	return slices.ContainsFunc([]string{u.FirstName, u.LastName, u.Email}, begins) && q.filter.matches(u.attribute)
}

// usersFrom returns up to q.limit users from a position on, and the position of the next one,
// -1 when there is none.
func (o *Org) usersFrom(q userQuery) (users []User, next int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if q.sortBy != "" {
		return o.sortedFrom(q)
	}
	if only, ok := o.only(q.filter); ok {
		if only < q.from || !q.lets(o.dir.base(only)) {
			return nil, -1
		}
		return []User{o.dir.user(only)}, -1
	}
	for pos := q.from; pos < len(o.dir.accounts); pos++ {
		if !q.lets(o.dir.base(pos)) {
			continue
		}
		if len(users) == q.limit {
			return users, pos
		}
		users = append(users, o.dir.user(pos))
	}
	return users, -1
}

// sortedFrom is usersFrom by an attribute, users with the same value by ID; a position is one
// among the users found. The caller holds the mutex.
func (o *Org) sortedFrom(q userQuery) (users []User, next int) {
	type entry struct {
		key, id string
		pos     int
	}
	var list []entry
	for pos := range o.dir.accounts {
		if u := o.dir.base(pos); q.lets(u) {
			list = append(list, entry{strings.ToLower(strings.Join(u.attribute(q.sortBy), " ")), u.ID, pos})
		}
	}
	slices.SortFunc(list, func(a, b entry) int {
		byKey := strings.Compare(a.key, b.key)
		if q.descending {
			byKey = -byKey
		}
		return cmp.Or(byKey, strings.Compare(a.id, b.id))
	})
	list = list[min(q.from, len(list)):]
	for _, e := range list[:min(q.limit, len(list))] {
		users = append(users, o.dir.user(e.pos))
	}
	if len(list) > q.limit {
		return users, q.from + q.limit
	}
	return users, -1
}

// only returns the position of the single user that a filter by ID or login can let through (-1
// for nobody), so that such a look-up doesn't go through everybody.
func (o *Org) only(f *filter) (int, bool) {
	for _, attribute := range []string{"id", "profile.login"} {
		if value, ok := f.pinned(attribute); ok {
			return o.dir.lookup(value), true
		}
	}
	return 0, false
}

// filterDialect is what the filter parameter understands: a few attributes, eq, and more of
// lastUpdated only.
var filterDialect = dialect{
	attrs: []string{"id", "status", "profile.login", "profile.email", "profile.firstName", "profile.lastName", "lastUpdated"},
	allows: func(attr, op string) bool {
		return op == "eq" || attr == "lastUpdated" && slices.Contains([]string{"gt", "ge", "lt", "le"}, op)
	},
	noNot: true,
}

// searchDialect is what the search parameter understands: all attributes, no ne, and co of the
// names only.
var searchDialect = dialect{
	attrs:  []string{"id", "status", "type.id", "created", "activated", "statusChanged", "lastUpdated"},
	prefix: "profile.",
	allows: func(attr, op string) bool {
		switch op {
		case "ne", "ew":
			return false
		case "co":
			return slices.Contains([]string{"profile.login", "profile.email", "profile.firstName", "profile.lastName"}, attr)
		}
		return true
	},
	bare: true,
}

// links sets the Link headers: self, and next when there is a cursor, each on a line of its own.
func (c *call) links(q url.Values, cursor string) {
	target := c.base() + c.r.URL.Path
	line := func(q url.Values, rel string) string {
		if len(q) == 0 {
			return fmt.Sprintf("<%s>; rel=%q", target, rel)
		}
		return fmt.Sprintf("<%s?%s>; rel=%q", target, q.Encode(), rel)
	}
	lines := []string{line(q, "self")}
	if cursor != "" {
		q.Set("after", cursor)
		lines = append(lines, line(q, "next"))
	}
	c.w.Header()["Link"] = lines
}

// pageLimit reads the limit parameter: def when it is absent, at most most, false when it is no
// number or below least.
func pageLimit(q url.Values, def, least, most int) (int, bool) {
	if !q.Has("limit") {
		return def, true
	}
	n, err := strconv.Atoi(q.Get("limit"))
	return min(n, most), err == nil && n >= least
}

// formatCursor makes a position into what clients must not look into.
func formatCursor(list string, pos int) string {
	return "200u" + base64.RawURLEncoding.EncodeToString([]byte(list+":"+strconv.Itoa(pos)))
}

// pageOf reads limit and cursor of a list, and answers what is wrong with them.
func (c *call) pageOf(list string, q url.Values, most int) (limit, from int, ok bool) {
	if limit, ok = pageLimit(q, most, 1, most); !ok {
		c.fail(badParameter("limit"))
		return limit, from, false
	}
	if from, ok = parseCursor(list, q.Get("after")); !ok {
		c.fail(c.o.invalidCursor())
	}
	return limit, from, ok
}

// parseCursor is the inverse of formatCursor; an empty cursor is the start.
func parseCursor(list, cursor string) (pos int, ok bool) {
	cursor, _, _ = strings.Cut(cursor, pageMark)
	if cursor == "" {
		return 0, true
	}
	if len(cursor) < 4 || cursor[:4] != "200u" {
		return 0, false
	}
	b, err := base64.RawURLEncoding.DecodeString(cursor[4:])
	if err != nil || len(b) <= len(list) || string(b[:len(list)+1]) != list+":" {
		return 0, false
	}
	pos, err = strconv.Atoi(string(b[len(list)+1:]))
	return pos, err == nil && pos >= 0
}

// noteSurprise is surpriseOnce for callers without the mutex.
func (o *Org) noteSurprise(text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.surpriseOnce(text)
}
