package standin

import (
	"strconv"
	"strings"
	"time"
)

// firstNames and lastNames of the people that the org makes up. Letters beyond ASCII, an
// apostrophe and a hyphen are among them, as in every real directory.
var (
	firstNames = []string{
		"Aisha", "Alejandro", "Amara", "Anna", "Arjun", "Beatriz", "Björn", "Chidi", "Chloé", "Daniel", "Dmitri", "Elif", "Emma",
		"Fatima", "Femke", "Grace", "Hannah", "Hiroshi", "Ingrid", "Isabel", "Jamal", "José", "Kenji", "Lars", "Leila", "Liam",
		"Łukasz", "Mara", "Mateo", "Mei", "Mia", "Nadia", "Noah", "Olivia", "Omar", "Priya", "Rafael", "Rosa", "Samuel", "Sofia",
		"Tariq", "Thu", "Tomás", "Valentina", "Wei", "Yusuf", "Zanele", "Zoë",
	}
	lastNames = []string{
		"Abbott", "Adeyemi", "Ahmed", "Andersson", "Bakker", "Banerjee", "Becker", "Brown", "Chen", "Costa", "Da Silva", "Diallo",
		"Dubois", "Evans", "Fischer", "García", "González", "Haddad", "Hansen", "Hughes", "Ivanova", "Jansen", "Johnson", "Kaya",
		"Khan", "Kim", "Kowalski", "Larsson", "Lee", "Martin", "Müller", "Nakamura", "Ncube", "Nguyen", "Novák", "O'Brien", "Okafor",
		"Patel", "Pérez", "Rossi", "Santos", "Sato", "Schmidt", "Smith", "Smith-Jones", "Tanaka", "Williams", "Yılmaz",
	}
)

// unusual gives some of each twenty people another status than ACTIVE.
var unusual = map[int]string{
	3: StatusSuspended, 7: StatusDeprovisioned, 9: StatusStaged, 11: StatusProvisioned, 13: StatusLockedOut,
	17: StatusPasswordExpired, 19: StatusRecovery,
}

// adminRoles are the roles that one of each ten people has, in turn.
var adminRoles = []string{"HELP_DESK_ADMIN", "SUPER_ADMIN", "USER_ADMIN", "ORG_ADMIN", "READ_ONLY_ADMIN", "APP_ADMIN"}

// ownerUser is the user whose token the org accepts.
func ownerUser(start time.Time) User {
	return User{
		ID: madeID(mix(hash("owner"))), Login: "okta.admin@example.com", FirstName: "Okta", LastName: "Admin", Status: StatusActive,
		Created: start.AddDate(-5, 0, 0), Roles: []string{"SUPER_ADMIN"}, RecoveryQuestion: true,
		Factors: []Factor{{Type: "push", Provider: "OKTA"}, {Type: "webauthn", Provider: "FIDO"}},
	}
}

// person makes up the i-th of the org's own people.
func (d *directory) person(seed uint64, i int) User {
	h := mix(mix(seed) + uint64(i))
	u := User{Status: unusual[i%20], FirstName: pick(firstNames, h), LastName: pick(lastNames, h>>16)}
	u.Login = d.freeLogin(pick(firstParts, h) + "." + pick(lastParts, h>>16))
	u.ID = madeID(mix(h))
	u.RecoveryQuestion = u.Status != StatusStaged && u.Status != StatusProvisioned
	if i%10 == 2 {
		u.Roles = []string{adminRoles[i/10%len(adminRoles)]}
	}
	if u.Status == StatusStaged || u.Status == StatusDeprovisioned {
		return u // not enrolled yet, or no longer
	}
	// Each person has one more type, in turn, so that an org of a few dozen people has every type.
	u.Factors = typicalFactors(u.Login, h, d.start)
	rare := catalog[i%(len(catalog)-1)]
	if !hasFactor(u.Factors, rare.typ, rare.provider) {
		u.Factors = append(u.Factors, Factor{Type: rare.typ, Provider: rare.provider})
	}
	return u
}

// freeLogin returns short@example.com, with a number if somebody has it already.
func (d *directory) freeLogin(short string) string {
	login := short + "@example.com"
	for n := 2; d.lookup(login) >= 0; n++ {
		login = short + strconv.Itoa(n) + "@example.com"
	}
	return login
}

// madeUser makes up the user for an added ID or login.
func (d *directory) madeUser(identifier string) User {
	u := User{ID: identifier, Login: identifier, Email: identifier, Status: StatusActive, RecoveryQuestion: true}
	key := hash(identifier)
	if !isUserID(identifier) {
		key = hash(d.fold(identifier))
		u.ID = madeID(key)
	}
	u.FirstName, u.LastName = pick(firstNames, key), pick(lastNames, key>>16)
	if isUserID(identifier) {
		u.Login = pick(firstParts, key) + "." + pick(lastParts, key>>16) + "." + strconv.FormatUint(key, 36) + "@example.com"
		u.Email = u.Login
	}
	if !strings.Contains(u.Email, "@") {
		u.Email += "@example.com"
	}
	u.Created = dateBack(d.start, key, 400, 1600)
	return u.dated(d.start)
}

func pick(names []string, h uint64) string { return names[h%uint64(len(names))] }

// firstParts and lastParts are the names in the form that logins have.
var (
	firstParts = loginParts(firstNames)
	lastParts  = loginParts(lastNames)
)

func loginParts(names []string) []string {
	out := strings.NewReplacer("'", "", " ", "", "ı", "i")
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = out.Replace(plain(strings.ToLower(name)))
	}
	return parts
}

// dateBack returns a time from least to most days before start, in whole seconds.
func dateBack(start time.Time, h uint64, least, most int) time.Time {
	days := time.Duration(least)*24*time.Hour + time.Duration(h%uint64((most-least)*86400))*time.Second
	return start.Add(-days).Truncate(time.Second)
}
