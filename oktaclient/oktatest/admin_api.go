package oktatest

import (
	"net/http"
	"strings"
)

// maxAdminsPage is the most, and the default, that a page of users with roles holds.
const maxAdminsPage = 100

// listRoles answers with the admin roles of a user.
func (c *call) listRoles() {
	u, ok := c.found()
	if !ok {
		return
	}
	page := []map[string]any{}
	for i, role := range u.Roles {
		page = append(page, map[string]any{
			"id": "ra1" + base62(mix(hash(u.ID)+uint64(i))) + madeSuffix, "label": label(role), "type": role, "status": "ACTIVE",
			"created": timestamp(u.Created), "lastUpdated": timestamp(u.Created), "assignmentType": "USER",
			"_links": map[string]link{"assignee": {Href: c.base() + "/api/v1/users/" + u.ID}},
		})
	}
	c.json(page)
}

// label is the name that Okta shows for a role.
func label(role string) string {
	for _, r := range adminRoles {
		if r.role == role {
			return r.label
		}
	}
	return role
}

// listAdmins answers with all users that have an admin role; the next page's link is in the body.
func (c *call) listAdmins() {
	q := c.r.URL.Query()
	limit, ok := pageLimit(q, maxAdminsPage, 1, maxAdminsPage)
	if !ok {
		c.fail(badParameter("limit"))
		return
	}
	from, ok := parseCursor("admins", q.Get("after"))
	if !ok {
		c.fail(invalidCursor)
		return
	}
	ids, next := c.o.adminsFrom(from, limit)
	self := c.base() + "/api/v1/iam/assignees/users"
	value := []map[string]any{}
	for _, id := range ids {
		user := c.base() + "/api/v1/users/" + id
		value = append(value, map[string]any{
			"id": id, "orn": "orn:okta:directory:" + orgID + ":users:" + id,
			"_links": map[string]link{"self": {Href: user}, "roles": {Href: user + "/roles"}},
		})
	}
	links := map[string]link{"self": {Href: strings.TrimSuffix(self+"?"+q.Encode(), "?")}}
	if next >= 0 {
		q.Set("after", formatCursor("admins", next))
		links["next"] = link{Href: self + "?" + q.Encode()}
	}
	c.json(map[string]any{"value": value, "_links": links})
}

// adminsFrom returns the IDs of up to limit users with roles from a position on, and the position of the next, -1 for none. Only
// users that were added in full have roles.
func (o *Org) adminsFrom(from, limit int) (ids []string, next int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for pos := from; pos < len(o.dir.accounts); pos++ {
		u := o.dir.accounts[pos].given
		if u == nil || len(u.Roles) == 0 {
			continue
		}
		if len(ids) == limit {
			return ids, pos
		}
		ids = append(ids, u.ID)
	}
	return ids, -1
}

// clearSessions ends a user's sessions.
func (c *call) clearSessions() {
	if c.pos < 0 {
		c.fail(notFound(c.name, "User"))
		return
	}
	c.o.mu.Lock()
	c.o.dir.change(c.pos).deeds.SessionsCleared++
	c.o.record(c, sessionClearEvent)
	c.o.mu.Unlock()
	c.noContent()
}

// orgID is the org's own ID.
const orgID = "00ostandinorg001x5d7"

// org answers with the org's settings.
func (c *call) org() {
	c.json(map[string]any{
		"id": orgID, "companyName": "Stand-in Org", "subdomain": "stand-in", "status": "ACTIVE",
		"created":     timestamp(c.o.start.AddDate(-6, 0, 0)),
		"lastUpdated": timestamp(c.o.start.AddDate(-1, 0, 0)), "expiresAt": nil, "website": "", "phoneNumber": "", "country": "",
		"_links": map[string]link{"contacts": {Href: c.base() + "/api/v1/org/contacts"}},
	})
}

// organization answers with what anybody may know of the org: its engine is the pipeline.
func (c *call) organization() {
	pipeline := "idx"
	if c.o.cfg.Engine == Classic {
		pipeline = "v1"
	}
	c.json(map[string]any{
		"id": orgID, "cell": "ok0", "pipeline": pipeline,
		"_links":   map[string]link{"organization": {Href: c.base()}},
		"settings": map[string]bool{"analyticsCollectionEnabled": false, "bugReportingEnabled": false, "omEnabled": true},
	})
}

// serveSandbox shows the org's state to a test in another process.
func (o *Org) serveSandbox(w http.ResponseWriter, r *http.Request) {
	c := &call{o: o, w: w, r: r}
	name, isUser := strings.CutPrefix(r.URL.Path, "/sandbox/users/")
	switch {
	case r.Method != http.MethodGet:
		c.fail(methodNotAllowed)
	case r.URL.Path == "/sandbox/stats":
		c.json(o.Stats())
	case isUser:
		u, ok := o.User(name)
		if !ok {
			c.fail(notFound(name, "User"))
			return
		}
		c.json(map[string]any{"user": u, "deeds": o.Did(u.ID), "passcodes": o.passcodes(u)})
	default:
		c.o.noteSurprise(r.URL.Path + ": no such path of the sandbox")
		c.fail(pathNotFound)
	}
}
