package oktaclient

import "log/slog"

// Passcode is a one-time passcode or the answer to a security question. It prints as REDACTED in
// every format, log and JSON, except in the body of its own request.
type Passcode string

// String implements fmt.Stringer.
func (Passcode) String() string { return redacted }

// GoString implements fmt.GoStringer, for %#v.
func (Passcode) GoString() string { return redacted }

// LogValue implements slog.LogValuer.
func (Passcode) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler, which encoding/json uses too.
func (Passcode) MarshalText() ([]byte, error) { return []byte(redacted), nil }
