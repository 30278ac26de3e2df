package report

import "oktareset/runner"

// reasonWords say what a reason means, behind its number of rows.
var reasonWords = map[runner.Reason]string{
	runner.ReasonVerified:      "the answer was lost, the System Log proves the reset",
	runner.ReasonExcluded:      "named in a file of users to leave alone",
	runner.ReasonDuplicate:     "an earlier row names the same user",
	runner.ReasonSelf:          "the owner of the credentials",
	runner.ReasonRecent:        "reset lately, nothing enrolled since",
	runner.ReasonAdmin:         "has an admin role",
	runner.ReasonDeprovisioned: "deactivated in Okta",
	runner.ReasonNotEnrolled:   "has none of the factors to unenroll",
	runner.ReasonUnenroll:      "a factor to unenroll may still be there",
	runner.ReasonSessions:      "the sessions aren't cleared",
	runner.ReasonEnroll:        "the new factor isn't enrolled",
	runner.ReasonEmpty:         "the cell is empty",
	runner.ReasonReserved:      "a word that would name somebody else",
	runner.ReasonMalformed:     "neither an ID nor a login",
	runner.ReasonMismatch:      "Okta found another user than the cell names",
	runner.ReasonProfile:       "what the new factor needs is missing or wrong",
	runner.ReasonUnverified:    "nothing proves what became of the request",
	runner.ReasonIncomplete:    "Okta did a part of the reset",
}

// reasonText is as "duplicate (an earlier row names the same user)". A reason that isn't known, of
// a later version, stands alone.
func reasonText(reason string) string {
	if words, ok := reasonWords[runner.Reason(reason)]; ok {
		return reason + " (" + words + ")"
	}
	return reason
}
