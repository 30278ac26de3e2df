package results

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"oktareset/runner"
	"oktareset/runner/table"
)

// ofOkta matches the beginning of an error from Okta, its status and code. The words follow it.
var ofOkta = regexp.MustCompile(`\b[45][0-9]{2} [A-Z][A-Za-z' -]*?(?: E[0-9]{7})?(?:: |$)`)

// noPermission is what Okta says of every refusal for a lack of rights (E0000006).
const noPermission = "You do not have permission to perform the requested action"

// Plain says in a few words what happened to a row that needs attention.
func Plain(rec *table.Record) string {
	text := PlainError(rec.Error)
	switch status := runner.Status(rec.Status); {
	case status == runner.StatusNotFound && (rec.ErrorCode != "" || text == "" || strings.HasPrefix(text, "no user has this login")):
		return "no such user"
	case status == runner.StatusForbidden && (text == "" || text == noPermission):
		return "these credentials may not reset this user"
	case status == runner.StatusForbidden:
		return "these credentials may not reset this user: " + text
	case status == runner.StatusUnknown && rec.Reason == string(runner.ReasonIncomplete):
		return "Okta did a part of the reset"
	case status == runner.StatusUnknown, status == runner.StatusTaken:
		return "in doubt: sent, and the answer was lost"
	case status == runner.StatusPartial:
		return fmt.Sprintf("half done (open: %s): %s", cmp.Or(rec.Reason, "a step"), orStatus(text, status))
	}
	return orStatus(text, runner.Status(rec.Status))
}

// PlainError returns an error without the parts that only help to search Okta's documentation.
func PlainError(text string) string {
	short := ofOkta.ReplaceAllString(text, "")
	if strings.TrimSpace(short) == "" {
		return text // there is nothing else
	}
	return strings.TrimSpace(short)
}

func orStatus(text string, s runner.Status) string {
	if text == "" {
		return strings.ReplaceAll(string(s), "_", " ")
	}
	return text
}
