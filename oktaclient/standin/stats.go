package standin

import (
	"maps"
	"slices"
	"time"
)

// Deeds counts what was done to one user.
type Deeds struct {
	Resets          int `json:"resets"`          // resets that took effect
	PartResets      int `json:"partResets"`      // resets that broke off after a part of the factors
	ResetCalls      int `json:"resetCalls"`      // reset requests that the token and the limits allowed
	Unenrolls       int `json:"unenrolls"`       // factors unenrolled one by one, by request
	RecoveryRemoved int `json:"recoveryRemoved"` // unenrolls that removed the recovery phone too
	SessionsCleared int `json:"sessionsCleared"`
	// DevicesForgotten counts the clearings of sessions that also forgot on which devices the user
	// needn't give a factor again.
	DevicesForgotten int `json:"devicesForgotten"`
	PasswordsExpired int `json:"passwordsExpired"`
	Enrolls          int `json:"enrolls"`       // factors enrolled, by request
	Activations      int `json:"activations"`   // factors activated by a passcode or by the user's app
	Verifications    int `json:"verifications"` // that succeeded
	WrongPasscodes   int `json:"wrongPasscodes"`
	Messages         int `json:"messages"` // SMS, calls, emails and pushes that went to the user, links not counted
	Links            int `json:"links"`    // emails and SMS with a link that activates a push
}

// Stats counts what the org has seen.
type Stats struct {
	Requests           int            `json:"requests"`
	ByOp               map[string]int `json:"byOp"`               // requests by operation, refused ones included
	TooMany            int            `json:"tooMany"`            // 429 replies, except those of the concurrency limit
	ConcurrencyTooMany int            `json:"concurrencyTooMany"` // 429 replies of the concurrency limit
	ResetsApplied      int            `json:"resetsApplied"`
	UsersReset         int            `json:"usersReset"`
	UsersResetTwice    int            `json:"usersResetTwice"` // or more often
	Surprises          []string       `json:"surprises"`       // what a careful client never sends; the first 100
	MaxInFlight        int            `json:"maxInFlight"`
	FirstReset         time.Time      `json:"firstReset"` // by the org's clock
	LastReset          time.Time      `json:"lastReset"`
}

// Did returns what was done to the user with this ID or login.
func (o *Org) Did(userID string) Deeds {
	o.mu.Lock()
	defer o.mu.Unlock()
	pos := o.dir.find(userID)
	if pos < 0 || o.dir.accounts[pos].state == nil {
		return Deeds{}
	}
	return o.dir.accounts[pos].state.deeds
}

// Stats returns what the org has seen so far.
func (o *Org) Stats() Stats {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.stats
	s.ByOp = maps.Clone(s.ByOp)
	s.Surprises = slices.Clone(s.Surprises)
	return s
}

// countTooMany counts a 429 reply.
func (o *Org) countTooMany(concurrency bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if concurrency {
		o.stats.ConcurrencyTooMany++
		return
	}
	o.stats.TooMany++
}
