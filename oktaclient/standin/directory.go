package standin

import (
	"strings"
	"time"
)

// directory holds the users. The Org's mutex guards it.
//
// A user added by an identifier is that string and nothing else until something changes: ID,
// login, names and factors follow from the identifier. One index serves IDs and logins: an ID
// made for a login holds the login's hash, and a login made for an ID holds the ID's, so either
// leads back to the entry. Two of a million identifiers share their 64 bits once in 37 million
// orgs.
type directory struct {
	engine   Engine
	exact    bool     // logins that differ in diacritics are different
	stays    []string // types of factors that resets leave
	forgets  bool     // a phone number is forgotten with its factor
	start    time.Time
	accounts []account
	index    map[uint64]uint32 // hash of an ID or of a folded login → position
}

// account is one user.
type account struct {
	identifier string // the ID or login it was added by; "" when given is set
	given      *User  // as it was added in full
	state      *state // nil until something changed
}

// state is what changed since the user was added.
type state struct {
	deeds    Deeds
	enrolled []Factor             // since
	gone     map[string]bool      // factors unenrolled one by one, or replaced by one in enrolled
	devices  map[string]*device   // by factor
	pushes   map[string]push      // by transaction
	sent     map[string]time.Time // the last message by factor type and address
	phones   phones               // that stay verified without a factor
}

// add adds u unless its ID or login is known, and returns the user's position.
func (d *directory) add(u User) int {
	key := hash(d.fold(u.Login))
	switch {
	case u.ID == "" && u.Login == "":
		u.ID = madeID(mix(uint64(len(d.accounts))))
	case u.ID == "":
		u.ID = madeID(key)
	}
	if pos := d.lookup(u.ID); pos >= 0 {
		return pos
	}
	if pos := d.lookup(u.Login); u.Login != "" && pos >= 0 {
		return pos
	}
	if u.Login == "" {
		u.Login = d.madeUser(u.ID).Login
		key = hash(d.fold(u.Login))
	}
	u = d.filled(u)
	pos := d.push(account{given: &u})
	d.index[hash(u.ID)], d.index[key] = pos, pos
	return int(pos)
}

// filled completes a user that was given in part.
func (d *directory) filled(u User) User {
	if u.Status == "" {
		u.Status = StatusActive
	}
	if u.Email == "" {
		u.Email = u.Login
	}
	if u.Created.IsZero() {
		u.Created = dateBack(d.start, hash(u.ID), 400, 1600)
	}
	factors := make([]Factor, len(u.Factors))
	for i, f := range u.Factors {
		factors[i] = f.filled(u.Email, mix(hash(u.ID)+uint64(i)), dateBack(d.start, mix(hash(u.ID)+uint64(i)), 2, 300))
	}
	u.Factors = factors
	return u.dated(d.start)
}

func (d *directory) push(a account) uint32 {
	d.accounts = append(d.accounts, a)
	return uint32(len(d.accounts) - 1)
}

// addIdentifier adds the user of an ID or login unless it is known.
func (d *directory) addIdentifier(identifier string) bool {
	if d.lookup(identifier) >= 0 {
		return false
	}
	key := hash(identifier)
	if !isUserID(identifier) {
		key = hash(d.fold(identifier))
	}
	d.index[key] = d.push(account{identifier: strings.Clone(identifier)})
	return true
}

// find returns the position of the user with this ID, login or unambiguous short name, or -1.
func (d *directory) find(name string) int {
	if pos := d.lookup(name); pos >= 0 || isUserID(name) || strings.Contains(name, "@") || name == "" {
		return pos
	}
	return d.byShortName(d.fold(name))
}

// lookup returns the position of the user with exactly this ID or login, or -1.
func (d *directory) lookup(name string) int {
	if isUserID(name) {
		key, _ := keyOfMadeID(name)
		return d.at(func(pos uint32) bool { return d.id(pos) == name }, hash(name), key)
	}
	folded := d.fold(name)
	key, _ := keyOfMadeLogin(folded)
	return d.at(func(pos uint32) bool { return d.fold(d.login(pos)) == folded }, hash(folded), key)
}

func (d *directory) at(is func(uint32) bool, keys ...uint64) int {
	for _, key := range keys {
		if pos, ok := d.index[key]; ok && is(pos) {
			return int(pos)
		}
	}
	return -1
}

// byShortName looks at everybody: nobody but a careless client asks by short name, so no index
// is kept for it.
func (d *directory) byShortName(name string) int {
	found := -1
	for pos := range d.accounts {
		short, _, _ := strings.Cut(d.fold(d.login(uint32(pos))), "@")
		if short != name {
			continue
		}
		if found >= 0 {
			return -1
		}
		found = pos
	}
	return found
}

func (d *directory) id(pos uint32) string {
	a := &d.accounts[pos]
	switch {
	case a.given != nil:
		return a.given.ID
	case isUserID(a.identifier):
		return a.identifier
	}
	return madeID(hash(d.fold(a.identifier)))
}

func (d *directory) login(pos uint32) string {
	a := &d.accounts[pos]
	switch {
	case a.given != nil:
		return a.given.Login
	case isUserID(a.identifier):
		return d.madeUser(a.identifier).Login
	}
	return a.identifier
}

// status is the user's status.
func (d *directory) status(pos int) string {
	a := &d.accounts[pos]
	status := StatusActive
	if a.given != nil {
		status = a.given.Status
	}
	if status == StatusActive && a.state != nil && a.state.deeds.PasswordsExpired > 0 {
		return StatusPasswordExpired
	}
	return status
}

// base is the user as it was added.
func (d *directory) base(pos int) User {
	a := &d.accounts[pos]
	if a.given != nil {
		return *a.given
	}
	return d.madeUser(a.identifier)
}

// user is the user as it is now.
func (d *directory) user(pos int) User {
	u := d.base(pos)
	u.Status = d.status(pos)
	u.Factors, u.RecoveryQuestion = d.factors(pos, u)
	return u
}

// change returns the state of a user that is about to change.
func (d *directory) change(pos int) *state {
	a := &d.accounts[pos]
	if a.state == nil {
		a.state = &state{}
	}
	return a.state
}
