package command

import (
	"errors"
	"fmt"

	"oktareset/oktaclient"
	"oktareset/runner/roster"
	"oktareset/runner/steps"
)

// refused gives an error the code of a run that was refused before anything was changed, and its own hint if it has one.
func refused(err error) error {
	h := hint(err)
	var rerr *roster.Error
	if errors.As(err, &rerr) {
		h = rerr.Hint
	}
	if _, ok := errors.AsType[coded](err); ok {
		return err
	}
	if sig, ok := errors.AsType[Signal](err); ok {
		return stopError(sig)
	}
	return coded{error: hinted{err, h}, code: exitUsage}
}

// cannotBegin explains why the first calls failed. Nothing was changed.
func (r *resetRun) cannotBegin(err error) error {
	host := r.client.Org().Host()
	var sig Signal
	if errors.As(err, &sig) {
		return stopError(sig)
	}
	switch oktaclient.FateOf(err) {
	case oktaclient.NoAccess:
		return coded{code: exitNoAccess, error: hinted{
			fmt.Errorf("%s doesn't accept the credentials: %w", host, err),
			"make a new API token in the Admin Console (Security, API), and give it by OKTA_CLIENT_TOKEN or --token-file",
		}}
	case oktaclient.Forbidden:
		return coded{code: exitNoAccess, error: fmt.Errorf("%s doesn't allow these credentials to ask who they are: %w", host, err)}
	case oktaclient.NotSent, oktaclient.Unreachable:
		return usageError("check the org URL, the network and HTTPS_PROXY; nothing was changed", "%s can't be reached: %w", host, err)
	}
	return usageError("check the org URL; a proxy or a sign-in page of the network may answer in its place; nothing was changed",
		"%s doesn't answer as an Okta org: %w", host, err)
}

// stopError gives what ended a run early its exit code. Rows that were not attempted are in the results.
func stopError(err error) error {
	if sig, ok := errors.AsType[Signal](err); ok {
		return coded{error: sig, code: sig.ExitCode()}
	}
	code := exitBrokeOff
	switch {
	case errors.Is(err, errHalt):
		code = exitConsent
	case errors.Is(err, steps.ErrLimit), errors.Is(err, errMaxDuration), errors.Is(err, oktaclient.ErrOutage):
		code = exitStopped
	case errors.Is(err, steps.ErrNoPermission), oktaclient.FateOf(err) == oktaclient.NoAccess:
		code = exitNoAccess
	}
	return coded{error: err, code: code}
}
