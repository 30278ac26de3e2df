package evidence

import (
	"regexp"
	"strings"

	"oktareset/oktaclient"
)

// runToken matches a run's name in the User-Agent of its requests.
var runToken = regexp.MustCompile(`^oktareset/\S+ run/(\d{8}T\d{6}Z-[0-9a-f]{6})(?: |$)`)

// RunID returns the id of the run in an event's User-Agent, or "". Anybody can send that
// User-Agent: it proves the run only together with the run's account.
func RunID(e *oktaclient.LogEvent) string {
	if m := runToken.FindStringSubmatch(e.Client.UserAgent.Raw); m != nil {
		return m[1]
	}
	return ""
}

// ActorName returns an actor's name for people to read.
func ActorName(p oktaclient.LogParty) string {
	if p.AlternateID != "" && !strings.EqualFold(p.AlternateID, "unknown") {
		return p.AlternateID
	}
	return p.DisplayName
}

// ResetKey returns a key that is the same for all events of one reset: one user, one request. An
// event without a request has a key of its own.
func ResetKey(e *oktaclient.LogEvent, userID string) string {
	if id := e.RequestID(); id != "" {
		return userID + " " + id
	}
	return userID + " event " + e.UUID
}
