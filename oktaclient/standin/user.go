package standin

import (
	"net/http"
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
	Factors   []Factor  `json:"factors"` // enrolled, those that the API hides included

	Roles      []string `json:"roles,omitempty"`      // admin roles, as SUPER_ADMIN; what isn't one of Okta's types is a custom role's name
	GroupRoles []string `json:"groupRoles,omitempty"` // the same, by a group

	// Profile holds further attributes of the profile, of any JSON type; nil: some are made up.
	Profile map[string]any `json:"profile,omitempty"`

	// RecoveryQuestion is whether the forgot-password question is set. Identity Engine lists it
	// as a factor, keeps it at a first reset and wipes it at a second.
	RecoveryQuestion bool `json:"recoveryQuestion"`

	// Push is how the user answers a push: SUCCESS or "" at [Config.PushDelay], REJECTED then,
	// TIMEOUT never. Who doesn't answer with SUCCESS doesn't scan QR codes either.
	Push string `json:"push,omitempty"`
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
	ID              string          `json:"id"`
	Status          string          `json:"status"`
	Created         string          `json:"created"`
	Activated       *string         `json:"activated"`
	StatusChanged   string          `json:"statusChanged"`
	LastLogin       *string         `json:"lastLogin"`
	LastUpdated     string          `json:"lastUpdated"`
	PasswordChanged *string         `json:"passwordChanged"`
	Type            map[string]any  `json:"type"`
	Profile         map[string]any  `json:"profile"`
	Credentials     map[string]any  `json:"credentials,omitempty"`
	Links           map[string]link `json:"_links"`
}

// userType is the ID of the only type of user.
const userType = "oty5d7standin1Type5d7"

// timestamp is how the API writes a time: UTC, milliseconds.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// wire returns u as the API shows it in a list: without credentials' links.
func (u User) wire(base string) userJSON {
	created := timestamp(u.Created)
	return userJSON{
		ID: u.ID, Status: u.Status, Created: created, StatusChanged: created, LastUpdated: created,
		Type:    map[string]any{"id": userType},
		Profile: u.profile(),
		Credentials: map[string]any{
			"password": map[string]any{},
			"emails":   []map[string]string{{"value": u.Email, "status": "VERIFIED", "type": "PRIMARY"}},
			"provider": map[string]string{"type": "OKTA", "name": "OKTA"},
		},
		Links: map[string]link{"self": {Href: base + "/api/v1/users/" + u.ID}},
	}
}

// wireFull returns u as GET /users/{id} shows it. Identity Engine links resetFactors for
// everybody, factors or not.
func (u User) wireFull(base, contentType string) userJSON {
	j := u.wire(base)
	self := j.Links["self"].Href
	if strings.Contains(contentType, "omitCredentials") {
		j.Credentials = nil
	}
	if !strings.Contains(contentType, "omitCredentialsLinks") {
		for name, path := range map[string]string{
			"resetFactors": "reset_factors", "suspend": "suspend", "resetPassword": "reset_password", "deactivate": "deactivate",
		} {
			j.Links[name] = link{Href: self + "/lifecycle/" + path, Method: http.MethodPost}
		}
	}
	return j
}
