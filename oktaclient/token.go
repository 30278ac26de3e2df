package oktaclient

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted is the printed form of every secret.
const redacted = "REDACTED"

// Token is an Okta API token (SSWS). It prints as REDACTED in every format, log and JSON.
type Token string

// Format implements fmt.Formatter: otherwise a verb that isn't for strings would print the value.
func (Token) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// String implements fmt.Stringer.
func (Token) String() string { return redacted }

// LogValue implements slog.LogValuer.
func (Token) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler, which encoding/json uses too.
func (Token) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// hidden is a value that no way of printing shows: fmt calls no methods of unexported fields and
// follows pointers, but not functions.
type hidden[T any] func() T

func hide[T any](secret T) hidden[T] { return func() T { return secret } }

// header is the value of the Authorization header.
func (t Token) header() string { return "SSWS " + string(t) }
