package console

import (
	"testing"

	"oktareset/runner/fault"
)

func TestParseConfirm(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Confirmation{
		"acme.okta.com:10":   {"acme.okta.com", 10, 10},
		"ACME.okta.com:0-5":  {"acme.okta.com", 0, 5},
		"127.0.0.1:8080:3":   {"127.0.0.1:8080", 3, 3},
		"[::1]:8080:1-2":     {"[::1]:8080", 1, 2},
		"acme.okta.com:0":    {"acme.okta.com", 0, 0},
		"acme.okta.com:7-7":  {"acme.okta.com", 7, 7},
		"acme.okta.com:2147": {"acme.okta.com", 2147, 2147},
	} {
		if got, err := ParseConfirm(text); err != nil || got != want {
			t.Errorf("parseConfirm(%q) = %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", "acme.okta.com", ":10", "acme.okta.com:", "acme.okta.com:+10", "acme.okta.com:010", "acme.okta.com:5-+10", "acme.okta.com:-5",
		"acme.okta.com:05-10", "acme.okta.com:10-5", "acme.okta.com:1-", "acme.okta.com:1-2-3", "acme.okta.com:1e3", "acme.okta.com: 10",
		"acme.okta.com:10 ", "acme.okta.com:1_000", "acme.okta.com:0x10", "acme.okta.com:99999999999999999999", "https://acme.okta.com:10",
		"acme.okta.com:١٠", "acme.okta.com:-0", "acme.okta.com:00",
	} {
		if got, err := ParseConfirm(text); err == nil || fault.Code(err) != fault.ExitUsage {
			t.Errorf("parseConfirm(%q) = %+v, %v, want a usage error", text, got, err)
		}
	}
}
