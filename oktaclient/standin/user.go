package standin

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// The statuses of a user.
const (
	StatusActive          = "ACTIVE"
	StatusDeprovisioned   = "DEPROVISIONED"
	StatusLockedOut       = "LOCKED_OUT"
	StatusPasswordExpired = "PASSWORD_EXPIRED"
	StatusProvisioned     = "PROVISIONED"
	StatusRecovery        = "RECOVERY"
	StatusStaged          = "STAGED"
	StatusSuspended       = "SUSPENDED"
)

// User is a user of the org.
type User struct {
	ID        string    `json:"id"` // 00u and 17 letters or digits
	Status    string    `json:"status"`
	Login     string    `json:"login"`
	Email     string    `json:"email"`
	FirstName string    `json:"firstName"`
	LastName  string    `json:"lastName"`
	Created   time.Time `json:"created"`

	// A time is zero if a user of this status never did that, or can't have it. If all are zero,
	// the org makes up those that the status allows.
	Activated       time.Time `json:"activated,omitzero"`
	StatusChanged   time.Time `json:"statusChanged,omitzero"`
	LastLogin       time.Time `json:"lastLogin,omitzero"`
	PasswordChanged time.Time `json:"passwordChanged,omitzero"`

	Factors []Factor `json:"factors"` // enrolled, including those that the API hides

	Roles      []string `json:"roles,omitempty"`      // admin roles, as SUPER_ADMIN; another text is the name of a custom role
	GroupRoles []string `json:"groupRoles,omitempty"` // the same, by a group

	// Profile has the other attributes of the profile, of any JSON type; nil: some are made up.
	Profile map[string]any `json:"profile,omitempty"`

	// RecoveryQuestion says whether the forgot-password question is set. Identity Engine lists it
	// as a factor, keeps it at a first reset and removes it at a second.
	RecoveryQuestion bool `json:"recoveryQuestion"`

	// Push is how the user answers a push: SUCCESS or "" at [Config.PushDelay], REJECTED then,
	// TIMEOUT never. A user who doesn't answer with SUCCESS doesn't scan QR codes either.
	Push string `json:"push,omitempty"`

	// Policy has what the user's enrollment policy lets them enroll, as sms:OKTA; nil: everything.
	Policy []string `json:"policy,omitempty"`
}

// dated fills in the times of a user as in recorded orgs: a staged user did nothing yet, a
// provisioned one has no password, some were active from the start, some never signed in.
func (u User) dated(start time.Time) User {
	if u.Status == StatusStaged || !u.Activated.IsZero() || !u.StatusChanged.IsZero() || !u.LastLogin.IsZero() || !u.PasswordChanged.IsZero() {
		return u
	}
	h := mix(hash(u.ID) + 1)
	since := func(t time.Time, h uint64) time.Time { // and before the org's start, if there is time
		return t.Add(time.Duration(h%uint64(max(1, start.Sub(t)/time.Second))) * time.Second)
	}
	u.Activated = u.Created.Add(time.Duration(h%86400) * time.Second)
	u.StatusChanged = u.Activated
	if u.Status == StatusProvisioned {
		return u
	}
	u.PasswordChanged = since(u.Activated, mix(h))
	if u.Status != StatusActive {
		u.StatusChanged = since(u.PasswordChanged, mix(h+1))
	}
	if h%8 > 0 {
		u.LastLogin = since(u.PasswordChanged, mix(h+2))
	}
	if u.Status == StatusActive && h%6 == 0 {
		u.Activated, u.StatusChanged = time.Time{}, u.Created
	}
	return u
}

// lastUpdated returns when the user last changed.
func (u User) lastUpdated() time.Time {
	last := u.Created
	for _, t := range []time.Time{u.StatusChanged, u.PasswordChanged} {
		if t.After(last) {
			last = t
		}
	}
	return last
}

// link is a HAL link.
type link struct {
	Href   string `json:"href"`
	Method string `json:"method,omitempty"`
	Hints  *hints `json:"hints,omitempty"`
}

type hints struct {
	Allow []string `json:"allow"`
}

// userJSON is a user on the wire.
type userJSON struct {
	ID              string         `json:"id"`
	Status          string         `json:"status"`
	Created         *string        `json:"created"`
	Activated       *string        `json:"activated"`
	StatusChanged   *string        `json:"statusChanged"`
	LastLogin       *string        `json:"lastLogin"`
	LastUpdated     *string        `json:"lastUpdated"`
	PasswordChanged *string        `json:"passwordChanged"`
	Type            map[string]any `json:"type"`
	RealmID         string         `json:"realmId"`
	Profile         map[string]any `json:"profile"`
	Credentials     map[string]any `json:"credentials,omitempty"`
	Links           map[string]any `json:"_links"`
}

// The only type of user, its schema, and the only realm.
const (
	userType   = "oty5d7standin1Type5d7"
	userSchema = "osc5d7standin1Type5d7"
	realm      = "guo5d7standin1Type5d7"
)

// timestamp returns a time as the API writes when something was made or changed: UTC, in whole
// seconds.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05") + ".000Z" }

// orNull returns a timestamp, or null for the zero time.
func orNull(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := timestamp(t)
	return &s
}

// wire returns u as the API shows it in a list: without credentials' links.
func (u User) wire(base string) userJSON {
	return userJSON{
		ID: u.ID, Status: u.Status, Created: orNull(u.Created), Activated: orNull(u.Activated), StatusChanged: orNull(u.StatusChanged),
		LastLogin: orNull(u.LastLogin), LastUpdated: orNull(u.lastUpdated()), PasswordChanged: orNull(u.PasswordChanged),
		Type: map[string]any{"id": userType}, RealmID: realm,
		Profile: u.profile(),
		Credentials: map[string]any{
			"password": map[string]any{},
			"emails":   []map[string]string{{"value": u.Email, "status": "VERIFIED", "type": "PRIMARY"}},
			"provider": map[string]string{"type": "OKTA", "name": "OKTA"},
		},
		Links: map[string]any{"self": link{Href: base + "/api/v1/users/" + u.ID}},
	}
}

// userLinks are the links of a full user, with the path below the user's own to which each leads.
var userLinks = []struct {
	name, path string
	credential bool     // left out on omitCredentialsLinks
	statuses   []string // who has it; nil: everybody
}{
	{"resetFactors", "lifecycle/reset_factors", true, nil}, // on Identity Engine for everybody, with factors or without
	{"resetPassword", "lifecycle/reset_password", true, nil},
	{"forgotPassword", "credentials/forgot_password", true, []string{StatusActive}},
	{"changePassword", "credentials/change_password", true, []string{StatusActive}},
	{"changeRecoveryQuestion", "credentials/change_recovery_question", true, []string{StatusActive}},
	{"expirePassword", "lifecycle/expire_password", true, []string{StatusActive}},
	{"unlock", "lifecycle/unlock", true, []string{StatusLockedOut}},
	{"suspend", "lifecycle/suspend", false, []string{StatusActive}},
	{"unsuspend", "lifecycle/unsuspend", false, []string{StatusSuspended}},
	{"activate", "lifecycle/activate", false, []string{StatusStaged, StatusDeprovisioned}},
	{"reactivate", "lifecycle/reactivate", false, []string{StatusProvisioned}},
	{"deactivate", "lifecycle/deactivate", false, nil},
}

// wireFull returns u as GET /users/{id} shows it.
func (u User) wireFull(base, contentType string) userJSON {
	j := u.wire(base)
	if strings.Contains(contentType, "omitCredentials") {
		j.Credentials = nil
	}
	j.Links["schema"] = link{Href: base + "/api/v1/meta/schemas/user/" + userSchema}
	j.Links["type"] = link{Href: base + "/api/v1/meta/types/user/" + userType}
	for _, d := range userLinks {
		if (d.statuses == nil || slices.Contains(d.statuses, u.Status)) && !(d.credential && strings.Contains(contentType, "omitCredentialsLinks")) {
			j.Links[d.name] = link{Href: base + "/api/v1/users/" + u.ID + "/" + d.path, Method: http.MethodPost}
		}
	}
	return j
}
