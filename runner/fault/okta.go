package fault

import (
	"crypto/x509"
	"errors"
	"net/http"
	"strings"

	"oktareset/oktaclient"
)

// The hints for requests that don't reach Okta.
const (
	hintAddress = "check the org URL, the network and HTTPS_PROXY"
	hintTrust   = "if a proxy on the way inspects TLS, put the certificate of its authority into a file that SSL_CERT_FILE names (on macOS and Windows, into the system's)"
	hintLocal   = "give an address in place of the name, as http://127.0.0.1:8080; for another machine https://"
	hintBetween = "check the org URL; a proxy or a sign-in page of the network may answer in its place"
	hintLater   = "try again later"
)

// Of is the one map from the client's errors to exit code, words and hint, in every command: one
// event means the same everywhere. what is the request in words, as "list users". Of returns nil
// for errors that the command itself has to explain: a refusal of this one request, a change in
// doubt.
func Of(c *oktaclient.Client, err error, p Phase, what string) error {
	host := c.Org().Host()
	is := func(code int, hint, format string) error {
		if p == Before && code != ExitNoAccess {
			hint = strings.TrimPrefix(hint+"; nothing was changed", "; ")
		}
		return New(code, hint, format+": %w", host, err)
	}
	if _, ok := errors.AsType[Signal](err); ok || Decided(err) {
		if p == Before {
			return Refused(err)
		}
		return p.Classify(err)
	}
	if changeInDoubt(err) {
		return nil
	}
	stranger := errors.Is(err, oktaclient.ErrNotOkta)
	later := p.later(err)
	switch fate := oktaclient.FateOf(err); {
	case oktaclient.GaveUp(err):
		return is(ExitStopped, later, "%s")
	case errors.Is(err, oktaclient.ErrNoRequestID):
		return is(p.Code(), "make the gateway or proxy between here and Okta keep this header in Okta's answers", "%s can't be relied on from here")
	case errors.Is(err, oktaclient.ErrNotLoopback):
		return is(p.Code(), hintLocal, "%s isn't this machine")
	case errors.Is(err, oktaclient.ErrUnusableToken):
		return is(ExitNoAccess, "look at the service app in the Admin Console, and at what is between this machine and Okta: something may remove its proofs",
			"%s gave the service app an access token that must not be used")
	case fate == oktaclient.NoAccess && oktaclient.LacksScope(err):
		return is(ExitNoAccess, hintRefused(c, err), "%s doesn't let the service app do that")
	case fate == oktaclient.NoAccess && p == During && c.Accepted():
		return is(ExitNoAccess, hintRefused(c, err), "%s doesn't accept the credentials any more")
	case fate == oktaclient.NoAccess:
		return is(ExitNoAccess, hintRefused(c, err), "%s doesn't accept the credentials")
	case fate == oktaclient.Forbidden:
		return is(ExitNoAccess, "", "%s doesn't let these credentials "+strings.ReplaceAll(what, "%", "%%"))
	case fate == oktaclient.WrongOrg, stranger && !c.MetOkta():
		return is(p.Code(), hintBetween, "%s doesn't answer as an Okta org")
	case stranger:
		return is(p.Code(), hintBetween, "something between here and %s answers in its place")
	case fate == oktaclient.Unreachable && (p == During || c.Accepted()):
		return is(ExitStopped, later, "%s")
	case fate == oktaclient.Unreachable, fate == oktaclient.NotSent && isTransport(err):
		return is(p.Code(), hintUnreached(err), "%s can't be reached")
	}
	return nil
}

// changeInDoubt reports whether somebody other than Okta answered a request that may have changed
// something.
func changeInDoubt(err error) bool {
	stranger, ok := errors.AsType[*oktaclient.NotOktaError](err)
	return ok && stranger.Method != http.MethodGet && oktaclient.FateOf(err) == oktaclient.InDoubt
}

// hintUnreached says what to check if no connection was made.
func hintUnreached(err error) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return hintTrust
	}
	return hintAddress
}

func isTransport(err error) bool {
	_, ok := errors.AsType[*oktaclient.TransportError](err)
	return ok
}

// hintRefused says what to do about credentials that Okta refuses. For an unknown error it claims
// no cause.
func hintRefused(c *oktaclient.Client, err error) string {
	api, ok := errors.AsType[*oktaclient.APIError](err)
	if !ok {
		return ""
	}
	_, asking := errors.AsType[*oktaclient.TokenError](err)
	switch {
	case oktaclient.LacksScope(err):
		return hintScopes(c, err)
	case api.OAuth == "invalid_dpop_proof":
		return "something between this machine and Okta may change requests, or the time of answers"
	case asking && api.OAuth == "invalid_client":
		return "compare OKTA_CLIENT_CLIENTID, OKTA_CLIENT_PRIVATEKEY and OKTA_CLIENT_PRIVATEKEYID with the app and its public keys in the Admin Console"
	case asking:
		return ""
	case c.IsApp():
		return "look at the service app in the Admin Console: it or its admin role may have been removed"
	}
	return "make a new API token in the Admin Console (Security, API), and give it by OKTA_CLIENT_TOKEN or --token-file"
}

// HintGrant says what to do about a scope that the app lacks.
const HintGrant = "grant it to the service app in the Admin Console (the app's Okta API Scopes), and add it to OKTA_CLIENT_SCOPES if that is set"

// hintScopes says what to do about scopes that the app lacks.
func hintScopes(c *oktaclient.Client, err error) string {
	// the error itself names the missing scope
	if _, asking := errors.AsType[*oktaclient.TokenError](err); !asking {
		return HintGrant
	}
	return "grant the service app what it asks for (" + strings.Join(c.NeededScopes(), " and ") + ") in the Admin Console (the app's Okta API Scopes), and an " +
		"admin role that allows it; OKTA_CLIENT_SCOPES, if set, may name only what was granted"
}

// CannotBegin explains why one of the first requests failed; what is that request in words.
// Nothing was changed.
func CannotBegin(c *oktaclient.Client, err error, what string) error {
	if known := Of(c, err, Before, what); known != nil {
		return known
	}
	return Unanswered(c, err, Before)
}

// Unanswered explains why a request that changes nothing got no answer.
func Unanswered(c *oktaclient.Client, err error, p Phase) error {
	hint := hintLater
	if p == Before {
		hint += "; nothing was changed"
	}
	return New(p.Code(), hint, "%s can't be asked now: %w", c.Org().Host(), err)
}

// ReadLost reports whether the answer to a request that changes nothing was lost.
func ReadLost(err error) bool {
	if oktaclient.FateOf(err) != oktaclient.InDoubt {
		return false
	}
	if lost, ok := errors.AsType[*oktaclient.TransportError](err); ok {
		return lost.Method == http.MethodGet
	}
	api, ok := errors.AsType[*oktaclient.APIError](err)
	return ok && api.Method == http.MethodGet
}
