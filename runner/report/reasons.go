package report

import (
	"cmp"

	"oktareset/runner"
)

// reasonWords say what a reason means, behind its number of rows. Those of partial rows say that
// themselves.
var reasonWords = map[runner.Reason]string{
	runner.ReasonVerified:      "the answer was lost, the System Log proves the reset",
	runner.ReasonExcluded:      "named in a file of users to leave alone",
	runner.ReasonDuplicate:     "an earlier row names the same user",
	runner.ReasonSelf:          "the owner of the credentials",
	runner.ReasonRecent:        "reset lately, nothing enrolled since",
	runner.ReasonAdmin:         "has an admin role",
	runner.ReasonDeprovisioned: "deactivated in Okta",
	runner.ReasonNotEnrolled:   "has none of the factors to unenroll",
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
	if words := meaning(runner.Reason(reason)); words != "" {
		return reason + " (" + words + ")"
	}
	return reason
}

// meaning is what a reason means, "" of one that isn't known. A step says itself what it means that
// it is open.
func meaning(r runner.Reason) string {
	return cmp.Or(reasonWords[r], runner.StepOf(r).Undone)
}
