package oktatest

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strconv"
)

// maxUsersPage is the most, and the default, that a page of users holds.
const maxUsersPage = 200

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

func (c *call) me() {
	c.pos = owner
	c.getUser()
}

func (c *call) getUser() {
	if u, ok := c.found(); ok {
		c.json(u.wireFull(c.base(), c.r.Header.Get("Content-Type")))
	}
}

// listUsers answers with the users that a filter (or a search) lets through, page by page. Without either those that are
// deactivated don't appear.
func (c *call) listUsers() {
	q := c.r.URL.Query()
	if q.Get("q") != "" {
		c.o.noteSurprise("q isn't supported by the stand-in")
	}
	if q.Has("filter") && q.Has("search") {
		c.fail(bothSearches)
		return
	}
	f, err := parseFilter(q.Get("filter")+q.Get("search"), userAttributes)
	if err != nil {
		c.fail(badFilter(err))
		return
	}
	limit, ok := pageLimit(q, maxUsersPage, 1, maxUsersPage)
	if !ok {
		c.fail(badParameter("limit"))
		return
	}
	from, ok := parseCursor("users", q.Get("after"))
	if !ok {
		c.fail(invalidCursor)
		return
	}
	users, next := c.o.usersFrom(from, limit, f)
	base := c.base()
	page := make([]userJSON, 0, len(users))
	for _, u := range users {
		page = append(page, u.wire(base))
	}
	cursor := ""
	if next >= 0 {
		cursor = formatCursor("users", next)
	}
	c.links(q, cursor)
	c.json(page)
}

// usersFrom returns up to limit users from a position on, and the position of the next one, -1 when there is none.
func (o *Org) usersFrom(from, limit int, f *filter) (users []User, next int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	match := func(pos int) bool {
		u := o.dir.base(pos)
		if f == nil {
			return u.Status != StatusDeprovisioned
		}
		return f.matches(u.attribute)
	}
	if only, ok := o.only(f); ok {
		if only < from || !match(only) {
			return nil, -1
		}
		return []User{o.dir.user(only)}, -1
	}
	for pos := from; pos < len(o.dir.accounts); pos++ {
		if !match(pos) {
			continue
		}
		if len(users) == limit {
			return users, pos
		}
		users = append(users, o.dir.user(pos))
	}
	return users, -1
}

// only returns the position of the single user that a filter by ID or login can let through (-1 for nobody), so that such a
// look-up doesn't go through everybody.
func (o *Org) only(f *filter) (int, bool) {
	for _, attribute := range []string{"id", "profile.login"} {
		if value, ok := f.pinned(attribute); ok {
			return o.dir.lookup(value), true
		}
	}
	return 0, false
}

// userAttributes are what a filter may ask about a user.
var userAttributes = []string{
	"id", "status", "profile.login", "profile.email", "profile.firstName", "profile.lastName", "lastUpdated", "created",
}

// attribute returns the values of an attribute.
func (u User) attribute(name string) []string {
	switch name {
	case "id":
		return []string{u.ID}
	case "status":
		return []string{u.Status}
	case "profile.login":
		return []string{u.Login}
	case "profile.email":
		return []string{u.Email}
	case "profile.firstName":
		return []string{u.FirstName}
	case "profile.lastName":
		return []string{u.LastName}
	}
	return []string{timestamp(u.Created)}
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

// pageLimit reads the limit parameter: def when it is absent, at most most, false when it is no number or below least.
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

// parseCursor is the inverse of formatCursor; an empty cursor is the start.
func parseCursor(list, cursor string) (pos int, ok bool) {
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

// noteSurprise is surprise for callers without the mutex.
func (o *Org) noteSurprise(text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !slices.Contains(o.stats.Surprises, text) {
		o.surprise("%s", text)
	}
}
