package oktaclient

import (
	"errors"
	"unicode/utf8"
)

// Limits for texts that a server chose, in bytes. [filter] cuts every string and every header of
// an answer to them; nothing longer gets any further.
const (
	// maxText is for answers in general. The longest text that the program needs whole is the ID
	// of a WebAuthn credential: 1,023 bytes by its standard, 1,364 in base64. A group's name has
	// at most 255 characters, a login 100.
	maxText = 2 << 10
	// maxSummary is for errors and names, as those of roles: what a person reads in one line.
	maxSummary = 500
	// maxEventText is for the System Log, which watch passes on whole. By default Splunk cuts an
	// event at 10,000 bytes, all its texts together.
	maxEventText = 8 << 10
	// MaxAttribute is for a user's attributes. No length for them holds in all orgs, so this is
	// what a spreadsheet cell can contain. A cut text is longer than MaxAttribute.
	MaxAttribute = 32 << 10
	// maxToken is for an access token. Many servers refuse headers of half that length; Okta's
	// tokens have 1 to 2 KB.
	maxToken = 16 << 10
	// maxLink is for a Link header. Okta's repeats the filter of the request, which this program
	// keeps to a few KB.
	maxLink = 16 << 10
	// maxHeader is for any other header. Those that the program reads have at most a few hundred
	// bytes.
	maxHeader = 2 << 10
)

// Limits for lists that a server chose, in entries.
const (
	// maxItems is more than any of Okta's lists has at once: a page of the System Log has 1,000
	// events. It applies to each list and object of an answer, because an answer's size in bytes
	// doesn't bound the memory that it needs once decoded.
	maxItems = 5000
	// maxRoles is far more than the number of standard roles. Further ones change nothing.
	maxRoles = 50
	// maxScopes is more than all scopes of Okta's API, about 150.
	maxScopes = 250
	maxScope  = 100 // bytes of one scope; Okta's have at most 50
	// maxCauses is as many as a person still reads.
	maxCauses = 5
)

var (
	errTooMany = errors.New("the list is longer than any of Okta's")
	errTooLong = errors.New("the number is longer than any of Okta's")
)

// cut shortens a text to limit bytes, up to the end of the last character, and adds an ellipsis.
// So a text that was cut is longer than limit, and can be told from one that wasn't.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for most := limit + utf8.UTFMax - 1; limit < most && limit < len(s) && !utf8.RuneStart(s[limit]); {
		limit++
	}
	return s[:limit] + "…"
}
