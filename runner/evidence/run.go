package evidence

import (
	"regexp"
	"strings"

	"oktareset/oktaclient"
)

// runToken is how a run names itself in the User-Agent of its requests.
var runToken = regexp.MustCompile(`^oktareset/\S+ run/(\d{8}T\d{6}Z-[0-9a-f]{6})(?: |$)`)

// RunID returns the id of the run that an event's User-Agent names, or "". Anybody can send that
// User-Agent: only together with the run's account it says who it was.
func RunID(e *oktaclient.LogEvent) string {
	if m := runToken.FindStringSubmatch(e.Client.UserAgent.Raw); m != nil {
		return m[1]
	}
	return ""
}

// ActorName is what people call an actor.
func ActorName(p oktaclient.LogParty) string {
	if p.AlternateID != "" && !strings.EqualFold(p.AlternateID, "unknown") {
		return p.AlternateID
	}
	return p.DisplayName
}

// ResetKey is the same for the events of one reset: of one user, by one request. An event that
// names no request stands alone.
func ResetKey(e *oktaclient.LogEvent, userID string) string {
	if id := e.RequestID(); id != "" {
		return userID + " " + id
	}
	return userID + " event " + e.UUID
}
