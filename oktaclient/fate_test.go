package oktaclient

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

func TestFateOf(t *testing.T) {
	t.Parallel()
	api := func(status int, code string) error {
		return &APIError{Status: status, Code: code, RequestID: "req"}
	}
	tests := []struct {
		err  error
		want Fate
	}{
		{nil, Done},
		{ErrNotOkta, InDoubt},
		{&TransportError{Sent: false, Err: errTimeout}, NotSent},
		{&TransportError{Sent: true, Err: errTimeout}, InDoubt},
		{fmt.Errorf("%w: %w", errUnsent, context.Canceled), NotSent},
		{fmt.Errorf("%w: disk full", errUnsent), NotSent},
		{ErrOutage, Unreachable},
		{errors.New("something else"), InDoubt},

		{api(429, "E0000047"), Limited},
		{api(429, ""), Limited},
		{api(429, "E0000204"), Refused},
		{api(429, "E0000205"), Refused},
		{api(429, "E0000109"), Refused},
		{api(429, "E0000118"), Refused},
		{api(429, "E0000133"), Refused},
		{api(429, "E0000146"), Refused},
		{api(503, "E0000010"), Busy},
		{api(409, "E0000112"), Busy},
		{api(423, "E0000239"), Busy},
		{api(409, "E0000001"), Refused},
		{api(401, "E0000004"), NoAccess},
		{api(401, "E0000011"), NoAccess},
		{api(401, "E0000015"), Refused}, // a feature that isn't there, no bad token
		{api(403, "E0000005"), NoAccess},
		{api(403, "E0000006"), Forbidden},
		{api(403, "E0000038"), Refused},
		{&APIError{Status: 403, OAuth: "insufficient_scope"}, NoAccess},
		{&APIError{Status: 400, OAuth: "invalid_dpop_proof"}, NoAccess},
		{&APIError{Status: 401, OAuth: "invalid_token"}, NoAccess},
		{&APIError{Status: 401, OAuth: "use_dpop_nonce"}, NoAccess},
		{&APIError{Status: 401, OAuth: "something else"}, Refused},
		{&TokenError{api(401, "E0000011")}, NoAccess},
		{&TokenError{&APIError{Status: 401, OAuth: "invalid_client", RequestID: "req"}}, NoAccess},
		{&TokenError{&APIError{Status: 400, OAuth: "invalid_scope", RequestID: "req"}}, NoAccess},
		{&TokenError{&APIError{Status: 403}}, WrongOrg}, // no reply of Okta's
		{&TokenError{api(404, "E0000008")}, WrongOrg},
		{&TokenError{api(500, "E0000009")}, Unreachable}, // of the request that needed the token, nothing is in doubt
		{&TokenError{ErrNotOkta}, Unreachable},
		{&TokenError{&TransportError{Sent: true, Err: errTimeout}}, Unreachable},
		{&TokenError{&TransportError{Sent: false, Err: errTimeout}}, NotSent},
		{&TokenError{fmt.Errorf("%w: %w", errUnsent, context.Canceled)}, NotSent},
		{&TokenError{ErrOutage}, Unreachable},
		{&APIError{Status: 403, RequestID: "req"}, Refused},
		{api(404, "E0000007"), Missing},
		{api(404, "E0000008"), WrongOrg},
		{&APIError{Status: 404}, WrongOrg},
		{api(404, ""), Refused},
		{api(400, "E0000001"), Refused},
		{api(405, "E0000022"), Refused},
		{api(411, ""), Refused},
		{api(501, "E0000060"), Refused},
		{api(408, ""), InDoubt},
		{api(500, "E0000009"), InDoubt},
		{api(502, ""), InDoubt},
		{api(503, ""), InDoubt},
		{api(504, "E0000067"), InDoubt},
		{api(302, ""), InDoubt},
	}
	for _, tt := range tests {
		if got := FateOf(tt.err); got != tt.want {
			t.Errorf("FateOf(%v) = %d, want %d", tt.err, got, tt.want)
		}
		if got := FateOf(fmt.Errorf("wrapped: %w", tt.err)); tt.err != nil && got != tt.want {
			t.Errorf("FateOf(wrapped %v) = %d, want %d", tt.err, got, tt.want)
		}
	}
}

// What is sent again decides whether a user is reset twice.
func TestOnlyCertainlyUndoneChangesAreSentAgain(t *testing.T) {
	t.Parallel()
	change, read := request{}, request{safe: true}
	for f := Done; f <= Unreachable; f++ {
		again, _ := change.again(f)
		if want := f == NotSent || f == Limited || f == Busy; again != want {
			t.Errorf("a change with fate %d is sent again: %v, want %v", f, again, want)
		}
		again, _ = read.again(f)
		if want := f == NotSent || f == Limited || f == Busy || f == InDoubt; again != want {
			t.Errorf("a read with fate %d is sent again: %v, want %v", f, again, want)
		}
	}
}
