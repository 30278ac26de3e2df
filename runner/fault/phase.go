package fault

import (
	"errors"

	"oktareset/oktaclient"
)

// Phase is how far a command has got. It decides what an unforeseen error means.
type Phase int

// The phases.
const (
	Before Phase = iota // nothing was changed, and nothing written that stays
	During              // something was changed
)

// Code returns the exit code for an error that has none of its own.
func (p Phase) Code() int {
	if p == Before {
		return ExitUsage
	}
	return ExitBrokeOff
}

// Classify gives an error without an exit code that of a signal, or of its phase.
func (p Phase) Classify(err error) error {
	if err == nil || Decided(err) {
		return err
	}
	if sig, ok := errors.AsType[Signal](err); ok {
		return WithCode(sig.ExitCode(), sig)
	}
	return WithCode(p.Code(), err)
}

// Refused is [Phase.Classify] for an error that ended a command before anything was changed.
func Refused(err error) error {
	if decided, ok := As(err); ok && decided.Alone {
		return decided
	}
	return Before.Classify(err)
}

// Stopped is [Phase.Classify] for an error that ended a run in its middle.
func Stopped(err error) error { return During.Classify(err) }

// later says what to do about an error that ended the client's patience.
func (p Phase) later(err error) string {
	switch {
	case errors.Is(err, oktaclient.ErrLimited):
		return "other clients may be using up the org's limit: try again when they are done"
	case errors.Is(err, oktaclient.ErrTooManyLost):
		return "before you continue, look at what is between this machine and Okta, such as a proxy or a gateway"
	case p == During: // the command says how to resume
		return ""
	}
	return hintLater
}
