package standin

import (
	"net/http"
	"strings"
)

// maxAdminsPage is the maximum, and the default, of users on a page of users with roles.
const maxAdminsPage = 100

// standardRoles are Okta's own types; any other role is a custom one.
var standardRoles = map[string]string{
	"API_ACCESS_MANAGEMENT_ADMIN": "API Access Management Administrator", "APP_ADMIN": "Application Administrator",
	"GROUP_MEMBERSHIP_ADMIN": "Group Membership Administrator", "HELP_DESK_ADMIN": "Help Desk Administrator",
	"MOBILE_ADMIN": "Mobile Administrator", "ORG_ADMIN": "Organization Administrator",
	"READ_ONLY_ADMIN": "Read-only Administrator", "REPORT_ADMIN": "Report Administrator",
	"SUPER_ADMIN": "Super Administrator", "USER_ADMIN": "Group Administrator",
}

// listRoles answers with the admin roles of a user, also those that the user has by a group.
func (c *call) listRoles() {
	u, ok := c.found()
	if !ok {
		return
	}
	page := []map[string]any{}
	for i, role := range u.Roles {
		page = append(page, c.role(u, role, "USER", i))
	}
	for i, role := range u.GroupRoles {
		page = append(page, c.role(u, role, "GROUP", len(u.Roles)+i))
	}
	c.json(page)
}

// role returns the i-th assignment of a role to a user, direct or by a group.
func (c *call) role(u User, role, assignment string, i int) map[string]any {
	key := mix(hash(u.ID) + uint64(i))
	assignee := "/api/v1/users/" + u.ID
	if assignment == "GROUP" {
		assignee = "/api/v1/groups/00g1" + base62(hash(role)) + madeSuffix
	}
	links := map[string]link{"assignee": {Href: c.base() + assignee}}
	a := map[string]any{
		"id": "ra1" + base62(key) + madeSuffix, "label": standardRoles[role], "type": role, "status": "ACTIVE",
		"created": timestamp(u.Created), "lastUpdated": timestamp(u.Created), "assignmentType": assignment, "_links": links,
	}
	if standardRoles[role] == "" {
		custom, set := "cr0"+base62(hash(role))+madeSuffix, "iam"+base62(mix(hash(role)))+madeSuffix
		a["id"], a["label"], a["type"], a["role"], a["resource-set"] = "irb"+base62(key)+madeSuffix, role, "CUSTOM", custom, set
		links["role"] = link{Href: c.base() + "/api/v1/iam/roles/" + custom}
		links["resource-set"] = link{Href: c.base() + "/api/v1/iam/resource-sets/" + set}
	}
	return a
}

// listAdmins answers with all users that have an admin role; the next page's link is in the body.
func (c *call) listAdmins() {
	q := c.r.URL.Query()
	limit, from, ok := c.pageOf("admins", q, maxAdminsPage)
	if !ok {
		return
	}
	ids, next := c.o.adminsFrom(from, limit)
	self := c.base() + "/api/v1/iam/assignees/users"
	value := []map[string]any{}
	for _, id := range ids {
		user := c.base() + "/api/v1/users/" + id
		value = append(value, map[string]any{
			"id": id, "orn": "orn:okta:directory:" + c.o.cfg.ID + ":users:" + id,
			"_links": map[string]link{"self": {Href: user}, "roles": {Href: user + "/roles"}},
		})
	}
	list := map[string]any{"value": value}
	if next >= 0 {
		q.Set("after", formatCursor("admins", next))
		list["_links"] = map[string]link{"next": {Href: self + "?" + q.Encode()}}
	}
	c.json(list)
}

// adminsFrom returns the IDs of up to limit users with roles from a position on, and the
// position of the next, -1 for none. Only users that were added in full have roles.
func (o *Org) adminsFrom(from, limit int) (ids []string, next int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for pos := from; pos < len(o.dir.accounts); pos++ {
		u := o.dir.accounts[pos].given
		if u == nil || len(u.Roles) == 0 && !(o.cfg.ListGroupAdmins && len(u.GroupRoles) > 0) {
			continue
		}
		if len(ids) == limit {
			return ids, pos
		}
		ids = append(ids, u.ID)
	}
	return ids, -1
}

// clearSessions ends a user's sessions. The request may say whether the org also forgets the user's
// devices. If it doesn't, that depends on the engine.
func (c *call) clearSessions() {
	if c.pos < 0 {
		c.fail(notFound(c.name, "User"))
		return
	}
	forget := c.o.cfg.Engine == Identity
	if said := c.r.URL.Query().Get("forgetDevices"); said != "" {
		forget = said == "true"
	}
	c.o.mu.Lock()
	deeds := &c.o.dir.change(c.pos).deeds
	deeds.SessionsCleared++
	if forget {
		deeds.DevicesForgotten++
	}
	c.o.record(c, sessionClearEvent)
	c.o.mu.Unlock()
	c.noContent()
}

// expirePassword makes a user choose a new password. It refuses a user without a working password.
func (c *call) expirePassword() {
	if c.pos < 0 {
		c.fail(notFound(c.name, "User"))
		return
	}
	c.o.mu.Lock()
	status := c.o.dir.status(c.pos)
	allowed := status == StatusActive || status == StatusPasswordExpired
	if allowed {
		c.o.dir.change(c.pos).deeds.PasswordsExpired++
	}
	c.o.mu.Unlock()
	if !allowed {
		c.fail(wrongStatus)
		return
	}
	c.getUser()
}

// org answers with the org's settings.
func (c *call) org() {
	c.json(map[string]any{
		"id": c.o.cfg.ID, "companyName": "Stand-in Org", "subdomain": "stand-in", "status": "ACTIVE",
		"created":     timestamp(c.o.start.AddDate(-6, 0, 0)),
		"lastUpdated": timestamp(c.o.start.AddDate(-1, 0, 0)), "expiresAt": nil, "website": "", "phoneNumber": "", "country": "",
		"_links": map[string]link{"contacts": {Href: c.base() + "/api/v1/org/contacts"}},
	})
}

// organization answers with what anybody may know about the org. Its engine is the pipeline.
func (c *call) organization() {
	pipeline := "idx"
	if c.o.cfg.Engine == Classic {
		pipeline = "v1"
	}
	c.json(map[string]any{
		"id": c.o.cfg.ID, "cell": "ok0", "pipeline": pipeline,
		"_links":   map[string]link{"organization": {Href: c.base()}},
		"settings": map[string]bool{"analyticsCollectionEnabled": false, "bugReportingEnabled": false, "omEnabled": true},
	})
}

// serveSandbox shows the org's state to a test in another process.
func (o *Org) serveSandbox(w http.ResponseWriter, r *http.Request) {
	c := &call{o: o, w: w, r: r}
	name, isUser := strings.CutPrefix(r.URL.Path, "/sandbox/users/")
	switch {
	case isUser && r.Method == http.MethodPost:
		c.resetBy(name)
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
