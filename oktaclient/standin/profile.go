package standin

import (
	"fmt"
	"maps"
	"strings"
	"time"
)

// departments are where the people work whom the org makes up; each is a group too.
var departments = []string{"Engineering", "Finance", "Sales", "Support"}

// profile returns all attributes of the user's profile, as the API shows them.
func (u User) profile() map[string]any {
	p := map[string]any{
		"login": u.Login, "email": u.Email, "firstName": u.FirstName, "lastName": u.LastName, "mobilePhone": nil, "secondEmail": nil,
	}
	if u.Profile == nil {
		u.Profile = madeProfile(hash(u.ID))
	}
	maps.Copy(p, u.Profile)
	return p
}

// madeProfile makes up what a directory holds beside the names. Every third user has no phone.
func madeProfile(h uint64) map[string]any {
	manager := mix(h)
	p := map[string]any{
		"department": pick(departments, h>>32), "employeeNumber": base10(h>>8, 6),
		"manager": pick(firstParts, manager) + "." + pick(lastParts, manager>>16) + "@example.com",
	}
	if h%3 > 0 {
		p["mobilePhone"] = "+1555" + base10(h, 7)
	}
	return p
}

// attribute returns the values of an attribute as a filter names it: several of an array, none if
// the user hasn't got it.
func (u User) attribute(name string) []string {
	switch name {
	case "id":
		return []string{u.ID}
	case "status":
		return []string{u.Status}
	case "type.id":
		return []string{userType}
	case "profile.login":
		return []string{u.Login}
	case "profile.email":
		return []string{u.Email}
	case "profile.firstName":
		return []string{u.FirstName}
	case "profile.lastName":
		return []string{u.LastName}
	}
	if attr, ok := strings.CutPrefix(name, "profile."); ok {
		return texts(u.profile()[attr])
	}
	at := map[string]time.Time{"created": u.Created, "activated": u.Activated, "statusChanged": u.StatusChanged, "lastUpdated": u.lastUpdated()}[name]
	if at.IsZero() {
		return nil
	}
	return []string{timestamp(at)}
}

// texts are the values of an attribute of any JSON type.
func texts(v any) []string {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		var all []string
		for _, item := range v {
			all = append(all, texts(item)...)
		}
		return all
	case []string:
		return v
	}
	return []string{fmt.Sprint(v)}
}
