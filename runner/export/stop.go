package export

import (
	"errors"
	"fmt"

	"oktareset/oktaclient"
	"oktareset/runner/console"
	"oktareset/runner/fault"
)

// explain says why an export failed and how far it came.
func (x *export) explain(err error) error {
	if c, ok := fault.As(err); ok { // says it all
		return c
	}
	p := fault.Before
	if x.listed > 0 {
		p = fault.During
		err = fmt.Errorf("%w; %s", err, x.progressSoFar())
	}
	if sig, ok := errors.AsType[fault.Signal](err); ok {
		return fault.WithCode(sig.ExitCode(), fmt.Errorf("%w; %s", sig, x.progressSoFar()))
	}
	api, _ := errors.AsType[*oktaclient.APIError](err)
	switch fate := oktaclient.FateOf(err); {
	case errors.Is(err, oktaclient.ErrPages): // of how many, isn't known
		return fault.New(fault.ExitBrokeOff, "something between here and Okta may change answers, or the list has changed meanwhile: try again", "%w", err)
	case fate == oktaclient.Missing && x.opts.Group != "" && x.listed == 0:
		return fault.Usage("look for it by its name", "no group has the ID %q: %w", x.opts.Group, err)
	case fate == oktaclient.Refused && api.Status == 400 && x.listed == 0 && x.opts.Search+x.opts.Filter != "":
		return fault.Usage("check --search or --filter: names count as they are written, values stand in double quotes",
			"%s doesn't understand what is asked for: %w", x.client.Org().Host(), err)
	}
	if known := fault.Of(x.client, err, p, "list that"); known != nil {
		return known
	}
	if fault.ReadLost(err) {
		return fault.Unanswered(x.client, err, p)
	}
	return p.Classify(err)
}

// progressSoFar is how far the export came, and what is left of it.
func (x *export) progressSoFar() string {
	far := "the export broke off after " + console.Plural(x.listed, "user")
	if x.wanted > 0 {
		far = fmt.Sprintf("the export broke off after the factors of %d of %s", x.looked.Load(), console.Plural(x.wanted, "user"))
	}
	if x.opts.Output != "" || x.out.rows == 0 {
		return far + " and nothing of it is left"
	}
	return far + ": what is on stdout isn't the whole"
}
