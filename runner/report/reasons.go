package report

import (
	"cmp"

	"oktareset/runner"
	"oktareset/runner/results"
	"oktareset/runner/table"
)

// reasonWords say what a reason means, after a number of rows. The steps themselves have the words
// for partial rows.
var reasonWords = map[runner.Reason]string{
	runner.ReasonVerified:      "answer lost, reset proved by the System Log",
	runner.ReasonPending:       "the user still has to activate the new factor",
	runner.ReasonExcluded:      "named in a file of users to leave alone",
	runner.ReasonDuplicate:     "the same user as in an earlier row",
	runner.ReasonSelf:          "the token's owner",
	runner.ReasonRecent:        "reset lately, nothing enrolled since",
	runner.ReasonAdmin:         "has an admin role",
	runner.ReasonDeprovisioned: "deactivated in Okta",
	runner.ReasonNotEnrolled:   "has none of the factors to remove",
	runner.ReasonEmpty:         "the cell is empty",
	runner.ReasonReserved:      "a reserved word, which would name somebody else",
	runner.ReasonMalformed:     "neither an Okta user ID nor a login",
	runner.ReasonMismatch:      "Okta found another user than the cell names",
	runner.ReasonProfile:       "what the new factor needs is missing or wrong",
	runner.ReasonPolicy:        "the user's enrollment policy doesn't have the new factor",
	runner.ReasonVerify:        "not verified, so not reset",
	runner.ReasonUnverified:    "nothing proves whether it was reset",
	runner.ReasonIncomplete:    "Okta did a part of the reset",
}

// reasonText says what a reason means. It returns a reason that it doesn't know, of a later
// version, as it is.
func reasonText(reason string) string { return cmp.Or(meaning(runner.Reason(reason)), reason) }

// meaning says what a reason means, "" if it isn't known. Each step has its own words for being
// open.
func meaning(r runner.Reason) string {
	return cmp.Or(reasonWords[r], runner.StepOf(r).Undone)
}

// why says once and in plain words why a row has its status.
func why(rec *table.Record) string {
	status, reason := runner.Status(rec.Status), runner.Reason(rec.Reason)
	switch {
	case reason == runner.ReasonSelf, rec.Error == "" && meaning(reason) != "":
		return reasonText(rec.Reason)
	case status == runner.StatusPartial:
		return reasonText(rec.Reason) + ": " + results.PlainError(rec.Error)
	case !status.OK():
		return results.Plain(rec)
	}
	return cmp.Or(rec.Error, reasonText(rec.Reason))
}
