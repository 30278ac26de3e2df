package oktaclient

import (
	"errors"
	"unicode/utf8"
)

// What is kept of texts that a server chose, in bytes. [filter] cuts every string of an answer and
// every header; nothing that is longer gets any further.
const (
	// maxText is for answers in general. The longest that they need whole is the ID of a WebAuthn
	// credential: 1,023 bytes by its standard, 1,364 in base64. A group's name has 255 characters
	// at most, a login 100.
	maxText = 2 << 10
	// maxSummary is for errors and for names, as those of roles: what a person reads in one line.
	maxSummary = 500
	// maxEventText is for the System Log, which watch passes on whole. By default Splunk cuts an
	// event at 10,000 bytes, all its texts together.
	maxEventText = 8 << 10
	// MaxAttribute is for a user's attributes, which have no length that all orgs keep to: as much
	// as a cell of a spreadsheet holds. A [UserRecord] with a longer text has had a longer one.
	MaxAttribute = 32 << 10
	// maxToken is for an access token. Many servers refuse headers that are half as long; Okta's
	// tokens have 1 to 2 KB.
	maxToken = 16 << 10
	// maxLink is for a Link header. Okta's repeats the filter that was asked with, which this
	// program keeps to a few KB.
	maxLink = 16 << 10
	// maxHeader is for any other header. Those that are read have at most a few hundred bytes.
	maxHeader = 2 << 10
)

// How many entries are kept of lists that a server chose.
const (
	// maxItems is more than any list of Okta's holds at once: a page of the System Log has 1,000
	// events. It goes for each list and object of an answer: its bytes don't bound the memory that
	// they take once they are decoded.
	maxItems = 5000
	// maxRoles is far more than there are kinds of standard roles. That there are further ones
	// changes nothing for anybody.
	maxRoles = 50
	// maxScopes is more than all that Okta has for its API, about 150.
	maxScopes = 250
	maxScope  = 100 // bytes of one; Okta's have 50 at most
	// maxCauses is what a person still reads.
	maxCauses = 5
)

var (
	errTooMany = errors.New("the list is longer than any of Okta's")
	errTooLong = errors.New("the number is longer than any of Okta's")
)

// cut shortens a text to its first bytes, and to the end of the last character. What was cut is
// longer than the limit, so that it can be told from what wasn't.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for most := limit + utf8.UTFMax - 1; limit < most && limit < len(s) && !utf8.RuneStart(s[limit]); {
		limit++
	}
	return s[:limit] + "…"
}
