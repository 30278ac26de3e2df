package command

import (
	"context"
	"errors"
	"strings"

	"oktareset/oktaclient"
)

// setting is a value of the configuration and where it came from.
type setting struct {
	name   string // as in Okta's configuration files
	value  string
	source string // a flag, a variable of the environment or a file
	rank   int    // of two sources the one with the lower rank counts
	secret bool   // the value was one: it is redacted
}

// orgConfig says which org to speak to and by whose authority.
type orgConfig struct {
	url      oktaclient.OrgURL
	token    oktaclient.Token
	app      *oktaclient.App // in place of token
	settings []setting       // what all this was made of; secrets are redacted
}

// orgFlags are the flags that name the org.
type orgFlags struct{ url, tokenFile string }

// configuration finds settings: flag, environment, ./.okta.yaml, ~/.okta/okta.yaml, in this order.
type configuration struct {
	*app
	flags orgFlags
	files []configFile
}

// clientOptions are those of every client for an org. product stands behind ours in the User-Agent: run/ID for what may change something.
func (a *app) clientOptions(cfg orgConfig, product string, verbose bool) oktaclient.Options {
	o := oktaclient.Options{
		Token: cfg.token, App: cfg.app, UserAgent: strings.TrimSpace("oktareset/" + a.Version + " " + product), Transport: a.transport,
	}
	if verbose {
		o.Logger = a.console.log
	}
	return o
}

// loadOrg finds the org and the credentials for it. A service app is going to ask for the scopes.
func (a *app) loadOrg(ctx context.Context, f orgFlags, s scopes) (orgConfig, error) {
	found, err := a.loadFiles()
	if err != nil {
		return orgConfig{}, err
	}
	c := configuration{a, f, found}
	org := c.orgURL()
	if org.value == "" {
		return orgConfig{}, usageError("or rehearse: oktareset reset --sandbox users.csv needs neither",
			"no org: set OKTA_CLIENT_ORGURL to its address, as https://acme.okta.com, and OKTA_CLIENT_TOKEN to an API token")
	}
	if err := alone(org, "org URL"); err != nil {
		return orgConfig{}, err
	}
	cfg := orgConfig{settings: []setting{org}}
	if cfg.url, err = oktaclient.ParseOrgURL(org.value); err != nil {
		var uerr *oktaclient.OrgURLError
		if errors.As(err, &uerr) {
			return orgConfig{}, usageError(uerr.Hint, "%s: %w", org.source, err)
		}
		return orgConfig{}, usageError("", "%s: %w", org.source, err)
	}
	secret, err := c.credentials(ctx, &cfg, s)
	if err != nil {
		return orgConfig{}, err
	}
	if org.source == localFile && secret.source != localFile {
		return orgConfig{}, usageError("give the org by OKTA_CLIENT_ORGURL or --org-url too",
			"the org URL is from ./%s but the %s from %s: a folder's file must not choose who gets your credentials",
			localFile, secretNames[secret.name], secret.source)
	}
	if org.source == localFile {
		a.console.info("org and credentials are those of ./%s: %s", localFile, cfg.url.Host())
	}
	return cfg, nil
}

func (c *configuration) orgURL() setting {
	if c.flags.url != "" {
		return setting{name: "orgUrl", value: c.flags.url, source: "--org-url"}
	}
	return c.first("orgUrl", "OKTA_CLIENT_ORGURL", "OKTA_ORG_URL")
}

// The ranks of what isn't a flag; of two files, the second one's is higher.
const (
	rankEnvironment = 1 + iota
	rankFile
)

// first returns the first value that is set, in the environment or in a file.
func (c *configuration) first(name string, env ...string) setting {
	for _, variable := range env {
		if v := c.Getenv(variable); v != "" {
			return setting{name: name, value: v, source: variable, rank: rankEnvironment}
		}
	}
	for i, f := range c.files {
		if v := f.client[name]; v != "" {
			return setting{name: name, value: v, source: f.name, rank: rankFile + i}
		}
	}
	return setting{name: name}
}
