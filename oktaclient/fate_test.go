package oktaclient

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

func TestFateOf(t *testing.T) {
	t.Parallel()
	judged := func(f Fate) error { return &APIError{Status: 418, fate: f} }
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

		{ErrLimited, Unreachable},
		{&NotOktaError{Status: 403}, InDoubt},
		{&APIError{Status: 403, Code: "E0000006", RequestID: "req"}, InDoubt}, // nobody has judged it
		{judged(Refused), Refused},
		{judged(Missing), Missing},
		{judged(NoAccess), NoAccess},

		// The request that needed the token is never in doubt.
		{&TokenError{judged(NoAccess)}, NoAccess},
		{&TokenError{judged(Refused)}, NoAccess},
		{&TokenError{judged(WrongOrg)}, WrongOrg},
		{&TokenError{judged(InDoubt)}, Unreachable},
		{&TokenError{&NotOktaError{Status: 403}}, Unreachable},
		{&TokenError{&TransportError{Sent: true, Err: errTimeout}}, Unreachable},
		{&TokenError{&TransportError{Sent: false, Err: errTimeout}}, NotSent},
		{&TokenError{fmt.Errorf("%w: %w", errUnsent, context.Canceled)}, NotSent},
		{&TokenError{ErrOutage}, Unreachable},
		{&TokenError{ErrLimited}, Unreachable},
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

// These decisions are what keeps a user from being reset twice.
func TestOnlyCertainlyUndoneChangesAreSentAgain(t *testing.T) {
	t.Parallel()
	change, read := request{}, request{safe: true}
	for f := InDoubt; f <= Unreachable; f++ {
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
