package standin

import (
	"net/http"
	"net/url"
	"strings"
)

// The operations, by the names that faults and [Stats] use.
const (
	OpMe             = "me"
	OpGetUser        = "get_user"
	OpListUsers      = "list_users"
	OpResetFactors   = "reset_factors"
	OpListFactors    = "list_factors"
	OpGetFactor      = "get_factor"
	OpUnenroll       = "unenroll"
	OpCatalog        = "catalog"
	OpQuestions      = "questions"
	OpEnroll         = "enroll"
	OpActivate       = "activate"
	OpResend         = "resend"
	OpSendLink       = "send_link"
	OpQRCode         = "qr_code"
	OpVerify         = "verify"
	OpTransaction    = "transaction"
	OpUserGroups     = "user_groups"
	OpListRoles      = "list_roles"
	OpClearSessions  = "clear_sessions"
	OpExpirePassword = "expire_password"
	OpListAdmins     = "list_admins"
	OpListGroups     = "list_groups"
	OpGetGroup       = "get_group"
	OpListMembers    = "list_members"
	OpLogs           = "logs"
	OpOrg            = "org"
	OpOrganization   = "organization"
	OpToken          = "token"
)

// route is one endpoint.
type route struct {
	op, method string
	path       string // {id} is any name of a user, {userId} an ID, {groupId} a group's ID, {factorId} the second variable
	bucket     string // "" for no limit
	serve      func(*call)
	scope      string // that a service app's access token needs; "": an API token opens it, no service app does
	public     bool   // asks for no token
	idOnly     bool   // the user is named by ID only
	group      bool   // the path names a group, not a user
	list       bool   // comes in pages
	parts      []string
}

// The scopes that endpoints ask for.
const (
	usersRead   = "okta.users.read"
	usersManage = "okta.users.manage"
	groupsRead  = "okta.groups.read"
	rolesRead   = "okta.roles.read"
	logsRead    = "okta.logs.read"
	orgsRead    = "okta.orgs.read"
)

const factorPath = "api/v1/users/{userId}/factors/{factorId}"

// routes are all endpoints; of two that match, the first counts.
var routes = parts([]route{
	{op: OpMe, method: "GET", path: "api/v1/users/me", bucket: BucketMe, scope: usersRead, serve: (*call).me},
	{op: OpGetUser, method: "GET", path: "api/v1/users/{id}", bucket: BucketUser, scope: usersRead, serve: (*call).getUser},
	{op: OpListUsers, method: "GET", path: "api/v1/users", bucket: BucketUsers, scope: usersRead, serve: (*call).listUsers, list: true},
	{
		op: OpResetFactors, method: "POST", path: "api/v1/users/{id}/lifecycle/reset_factors", bucket: BucketUsers, scope: usersManage,
		serve: (*call).resetFactors,
	},
	{op: OpListFactors, method: "GET", path: "api/v1/users/{userId}/factors", bucket: BucketUsers, scope: usersRead, serve: (*call).listFactors},
	{op: OpCatalog, method: "GET", path: "api/v1/users/{userId}/factors/catalog", bucket: BucketUsers, scope: usersRead, serve: (*call).listSupported},
	{op: OpQuestions, method: "GET", path: "api/v1/users/{userId}/factors/questions", bucket: BucketUsers, serve: (*call).listQuestions},
	{op: OpEnroll, method: "POST", path: "api/v1/users/{userId}/factors", bucket: BucketUsers, scope: usersManage, serve: (*call).enroll},
	{op: OpActivate, method: "POST", path: factorPath + "/lifecycle/activate", bucket: BucketUsers, scope: usersManage, serve: (*call).activate},
	{op: OpActivate, method: "POST", path: factorPath + "/lifecycle/activate/poll", bucket: BucketUsers, scope: usersManage, serve: (*call).pollActivation},
	{op: OpSendLink, method: "POST", path: factorPath + "/lifecycle/activate/email", bucket: BucketUsers, scope: usersManage, serve: (*call).mailLink},
	{op: OpSendLink, method: "POST", path: factorPath + "/lifecycle/activate/sms", bucket: BucketUsers, scope: usersManage, serve: (*call).textLink},
	{op: OpQRCode, method: "GET", path: factorPath + "/qr/{code}", serve: (*call).showCode, public: true},
	{op: OpResend, method: "POST", path: factorPath + "/resend", bucket: BucketUsers, scope: usersManage, serve: (*call).resend},
	{op: OpVerify, method: "POST", path: factorPath + "/verify", bucket: BucketVerify, scope: usersManage, serve: (*call).verify},
	{op: OpTransaction, method: "GET", path: factorPath + "/transactions/{transactionId}", bucket: BucketUsers, scope: usersRead, serve: (*call).getTransaction},
	{op: OpGetFactor, method: "GET", path: "api/v1/users/{userId}/factors/{factorId}", bucket: BucketUsers, scope: usersRead, serve: (*call).getFactor},
	{op: OpUnenroll, method: "DELETE", path: "api/v1/users/{userId}/factors/{factorId}", bucket: BucketUsers, scope: usersManage, serve: (*call).unenroll},
	{op: OpUserGroups, method: "GET", path: "api/v1/users/{id}/groups", bucket: BucketUsers, scope: usersRead, serve: (*call).userGroups},
	{op: OpListRoles, method: "GET", path: "api/v1/users/{userId}/roles", bucket: BucketUsers, scope: rolesRead, serve: (*call).listRoles},
	{op: OpClearSessions, method: "DELETE", path: "api/v1/users/{userId}/sessions", bucket: BucketUsers, scope: usersManage, serve: (*call).clearSessions},
	{
		op: OpExpirePassword, method: "POST", path: "api/v1/users/{userId}/lifecycle/expire_password", bucket: BucketUsers, scope: usersManage,
		serve: (*call).expirePassword,
	},
	{op: OpListAdmins, method: "GET", path: "api/v1/iam/assignees/users", bucket: BucketIAM, scope: rolesRead, serve: (*call).listAdmins, list: true},
	{op: OpListGroups, method: "GET", path: "api/v1/groups", bucket: BucketGroups, scope: groupsRead, serve: (*call).listGroups, list: true},
	{op: OpGetGroup, method: "GET", path: "api/v1/groups/{groupId}", bucket: BucketGroup, scope: groupsRead, serve: (*call).getGroup},
	{op: OpListMembers, method: "GET", path: "api/v1/groups/{groupId}/users", bucket: BucketGroups, scope: groupsRead, serve: (*call).listMembers, list: true},
	{op: OpLogs, method: "GET", path: "api/v1/logs", bucket: BucketLogs, scope: logsRead, serve: (*call).logs, list: true},
	{op: OpOrg, method: "GET", path: "api/v1/org", bucket: BucketOther, scope: orgsRead, serve: (*call).org},
	{op: OpOrganization, method: "GET", path: ".well-known/okta-organization", serve: (*call).organization, public: true},
	{op: OpToken, method: "POST", path: "oauth2/v1/token", bucket: BucketToken, serve: (*call).token, public: true},
})

func parts(list []route) []route {
	for i := range list {
		list[i].parts = strings.Split(list[i].path, "/")
		list[i].group = strings.Contains(list[i].path, "{groupId}")
		list[i].idOnly = strings.Contains(list[i].path, "{userId}")
	}
	return list
}

// match returns the path's variables, and whether it is this route's.
func (rt *route) match(segments []string) (name, arg string, ok bool) {
	if len(segments) != len(rt.parts) {
		return "", "", false
	}
	for i, part := range rt.parts {
		switch {
		case part == "{factorId}":
			arg = segments[i]
		case part == "{transactionId}", part == "{code}":
			arg += "/" + segments[i]
		case strings.HasPrefix(part, "{"):
			name = segments[i]
		case part != segments[i]:
			return "", "", false
		}
	}
	return name, arg, true
}

// refusal answers a request that reaches no endpoint.
type refusal struct {
	failure failure
	html    bool // Tomcat's page in place of Okta's body
}

func (f *refusal) answer(c *call) {
	if f.html {
		c.tomcat()
		return
	}
	c.fail(f.failure)
}

// resolved is what a request's path leads to: a route or a refusal.
type resolved struct {
	route     *route
	name, arg string
	refused   *refusal
	surprise  string
}

// resolve finds the route of a path, with everything that Okta's path handling does to it on
// the way.
func resolve(method, escaped string) resolved {
	segments, surprise, refused := split(escaped)
	if refused != nil {
		return resolved{refused: refused, surprise: surprise}
	}
	known := false
	for i := range routes {
		rt := &routes[i]
		name, arg, ok := rt.match(segments)
		if ok && rt.method == method {
			return resolved{route: rt, name: name, arg: arg, surprise: surprise}
		}
		known = known || ok
	}
	if known {
		return resolved{refused: &refusal{failure: methodNotAllowed}, surprise: "no such method"}
	}
	return resolved{refused: &refusal{failure: pathNotFound}, surprise: "no such path"}
}

// split cuts a path into decoded segments as the real server does: a dot segment moves, an
// empty one vanishes, a semicolon starts a matrix parameter even when it is escaped, an escaped
// slash is refused, and Tomcat itself refuses some characters.
func split(escaped string) (segments []string, surprise string, refused *refusal) {
	for raw := range strings.SplitSeq(strings.TrimPrefix(escaped, "/"), "/") {
		s, err := url.PathUnescape(raw)
		if err != nil || strings.ContainsAny(s, "\\[]?\r\n\x00") {
			return nil, "a character that Tomcat refuses", &refusal{failure: failure{status: http.StatusBadRequest}, html: true}
		}
		if strings.Contains(s, "/") {
			return nil, "an escaped slash", &refusal{failure: methodNotAllowed}
		}
		if before, _, found := strings.Cut(s, ";"); found {
			s, surprise = before, "a semicolon cuts the name short"
		}
		switch s {
		case "", ".":
			surprise = "an empty or dot segment is dropped"
		case "..":
			surprise = "a dot segment goes up"
			segments = segments[:max(0, len(segments)-1)]
		default:
			segments = append(segments, s)
		}
	}
	return segments, surprise, nil
}
