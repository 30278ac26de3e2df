package oktaclient

import "errors"

// messageLimits maps Okta's errors for too many messages, to one phone or address or from the
// whole org, to what they mean. Most of them share the status 429 with the API's own limit.
var messageLimits = map[string]string{
	"E0000109": "an SMS can be sent again 30 s after the last one",
	"E0000118": "an email can be sent again 5 s after the last one",
	"E0000133": "a phone can be called again 30 s after the last call",
	"E0000146": "the org has sent as many SMS as it may in 24 hours",
	"E0000147": "the org has made as many calls as it may in 24 hours",
	"E0000150": "this phone has received too many SMS: wait before the next one, or use another factor",
	"E0000151": "this phone has received too many calls: wait before the next one, or use another factor",
	"E0000186": "the org has sent as many SMS as a free one may in 30 days",
	"E0000204": "this phone has received too many SMS: wait before the next one, or use another factor",
	"E0000205": "this phone has received too many calls: wait before the next one, or use another factor",
}

// MessageLimit says when Okta will send a message again that it refused for now, or "" if an
// error says something else.
func MessageLimit(err error) string {
	if api, ok := errors.AsType[*APIError](err); ok && api.fate == Refused {
		return messageLimits[api.Code]
	}
	return ""
}

// WrongPasscode says what was wrong with a passcode or an answer that Okta refused, or "" if an
// error says something else.
func WrongPasscode(err error) string {
	api, ok := errors.AsType[*APIError](err)
	if !ok || api.fate != Refused {
		return ""
	}
	switch api.Code {
	case "E0000068":
		return "wrong passcode or answer"
	case "E0000082":
		return "the passcode was used before: each counts once"
	case "E0000083":
		return "the passcode came too late"
	}
	return ""
}
