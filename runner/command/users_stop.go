package command

import (
	"errors"
	"fmt"

	"oktareset/oktaclient"
)

// explain says why an export failed and how far it came.
func (x *export) explain(err error) error {
	if c, ok := errors.AsType[coded](err); ok { // says it all
		return c
	}
	host := x.client.Org().Host()
	code := exitUsage
	if x.listed > 0 {
		code = exitBrokeOff
		err = fmt.Errorf("%w; %s", err, x.progressSoFar())
	}
	if sig, ok := errors.AsType[Signal](err); ok {
		return coded{code: sig.ExitCode(), error: fmt.Errorf("%w; %s", sig, x.progressSoFar())}
	}
	api, _ := errors.AsType[*oktaclient.APIError](err)
	switch oktaclient.FateOf(err) {
	case oktaclient.NoAccess:
		return coded{code: exitNoAccess, error: hinted{fmt.Errorf("%s doesn't accept the credentials: %w", host, err), hintRefused(err)}}
	case oktaclient.Forbidden:
		return coded{code: exitNoAccess, error: fmt.Errorf("%s doesn't allow these credentials to list that: %w", host, err)}
	case oktaclient.Unreachable:
		return coded{code: exitStopped, error: fmt.Errorf("%s: %w", host, err)}
	case oktaclient.Missing:
		if x.opts.group != "" && x.listed == 0 {
			return usageError("look for it by its name", "no group has the ID %q: %w", x.opts.group, err)
		}
	case oktaclient.NotSent:
		return coded{code: code, error: hinted{fmt.Errorf("%s can't be reached: %w", host, err), "check the org URL, the network and HTTPS_PROXY"}}
	case oktaclient.Refused:
		if api.Status == 400 && x.listed == 0 && x.opts.search+x.opts.filter != "" {
			return usageError("check --search or --filter: names count as they are written, values stand in double quotes",
				"%s doesn't understand what is asked for: %w", host, err)
		}
	}
	if api == nil && errors.Is(err, oktaclient.ErrNotOkta) || oktaclient.FateOf(err) == oktaclient.WrongOrg {
		return coded{code: code, error: hinted{
			fmt.Errorf("%s doesn't answer as an Okta org: %w", host, err), "check the org URL; a proxy or a sign-in page of the network may answer in its place",
		}}
	}
	return coded{code: code, error: err}
}

// progressSoFar is how far the export came, and what is left of it.
func (x *export) progressSoFar() string {
	far := "the export broke off after " + plural(x.listed, "user")
	if x.wanted > 0 {
		far = fmt.Sprintf("the export broke off after the factors of %d of %s", x.looked.Load(), plural(x.wanted, "user"))
	}
	if x.opts.output != "" || x.out.rows == 0 {
		return far + " and nothing of it is left"
	}
	return far + ": what is on stdout isn't the whole"
}
