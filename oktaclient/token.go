package oktaclient

import "log/slog"

// redacted is what a secret prints as, whatever prints it.
const redacted = "REDACTED"

// Token is an Okta API token (SSWS). It prints as REDACTED in every format, log and JSON.
type Token string

// String implements fmt.Stringer.
func (Token) String() string { return redacted }

// GoString implements fmt.GoStringer, for %#v.
func (Token) GoString() string { return redacted }

// LogValue implements slog.LogValuer.
func (Token) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler, which encoding/json uses too.
func (Token) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// header is the value of the Authorization header.
func (t Token) header() string { return "SSWS " + string(t) }
