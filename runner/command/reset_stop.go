package command

import (
	"errors"
	"fmt"
	"strings"

	"oktareset/oktaclient"
	"oktareset/runner/roster"
	"oktareset/runner/steps"
)

// hintRefused says what to do about credentials that Okta refuses.
func hintRefused(err error) string {
	var (
		api   *oktaclient.APIError
		token *oktaclient.TokenError
	)
	switch {
	case !errors.As(err, &api):
		return ""
	case api.OAuth == "insufficient_scope":
		return "grant it to the service app in the Admin Console (the app's Okta API Scopes), and add it to OKTA_CLIENT_SCOPES if that is set"
	case api.OAuth == "invalid_scope":
		return "grant the service app what it is asked for (a reset needs " + strings.Join(resetScopes.needed, " and ") +
			") in the Admin Console (the app's Okta API Scopes); OKTA_CLIENT_SCOPES, if set, may name only what it was granted"
	case api.OAuth == "invalid_dpop_proof":
		return "something between this machine and Okta may change requests, or the time of answers"
	case errors.As(err, &token):
		return "hold OKTA_CLIENT_CLIENTID, OKTA_CLIENT_PRIVATEKEY and OKTA_CLIENT_PRIVATEKEYID against the app and its public keys in the Admin Console"
	case api.OAuth != "":
		return "look at the service app in the Admin Console: it or its admin role may have been taken away"
	}
	return "make a new API token in the Admin Console (Security, API), and give it by OKTA_CLIENT_TOKEN or --token-file"
}

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
func cannotBegin(c *oktaclient.Client, err error) error {
	host := c.Org().Host()
	var sig Signal
	switch {
	case errors.As(err, &sig):
		return stopError(sig)
	case errors.Is(err, errMaxDuration):
		return stopError(errMaxDuration)
	}
	switch oktaclient.FateOf(err) {
	case oktaclient.NoAccess:
		return coded{code: exitNoAccess, error: hinted{
			fmt.Errorf("%s doesn't accept the credentials: %w", host, err),
			hintRefused(err),
		}}
	case oktaclient.Forbidden:
		return coded{code: exitNoAccess, error: fmt.Errorf("%s doesn't allow these credentials to ask who they are: %w", host, err)}
	case oktaclient.NotSent, oktaclient.Unreachable:
		return usageError("check the org URL, the network and HTTPS_PROXY; nothing was changed", "%s can't be reached: %w", host, err)
	}
	if api := (*oktaclient.APIError)(nil); errors.As(err, &api) && api.RequestID != "" {
		return usageError("try again later; nothing was changed", "%s can't tell who these credentials belong to: %w", host, err)
	}
	return usageError("check the org URL; a proxy or a sign-in page of the network may answer in its place; nothing was changed",
		"%s doesn't answer as an Okta org: %w", host, err)
}

// explainStop adds to the error of a run that Okta refused which org did, and what to do.
func (r *resetRun) explainStop(err error) error {
	host := r.client.Org().Host()
	switch oktaclient.FateOf(err) {
	case oktaclient.NoAccess:
		return coded{code: exitNoAccess, error: hinted{fmt.Errorf("%s doesn't accept the credentials any more: %w", host, err), hintRefused(err)}}
	case oktaclient.WrongOrg:
		return coded{code: exitBrokeOff, error: fmt.Errorf("%s doesn't answer as an Okta org any more: %w", host, err)}
	}
	return stopError(err)
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
	case errors.Is(err, steps.ErrLimit), errors.Is(err, errMaxDuration), oktaclient.GaveUp(err):
		code = exitStopped
		if errors.Is(err, oktaclient.ErrTooManyLost) {
			err = hinted{err, "look at what is between this machine and Okta, as a proxy or a gateway, before going on"}
		}
	case errors.Is(err, steps.ErrNoRoles):
		return noRoles(err)
	case errors.Is(err, steps.ErrNoPermission), errors.Is(err, steps.ErrNoEnrollment), oktaclient.FateOf(err) == oktaclient.NoAccess:
		code = exitNoAccess
	}
	return coded{error: err, code: code}
}
