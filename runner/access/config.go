package access

import (
	"context"
	"errors"

	"oktareset/oktaclient"
	"oktareset/runner/console"
	"oktareset/runner/fault"
)

// setting is a value of the configuration and its source.
type setting struct {
	Name   string // as in Okta's configuration files
	Value  string
	Source string // a flag, a variable of the environment or a file
	rank   int    // of two sources, the one with the lower rank counts
	secret bool   // the value is a secret, and Value shows it redacted
}

// Config is an org and the credentials for it.
type Config struct {
	URL      oktaclient.OrgURL
	token    oktaclient.Token
	App      *oktaclient.App // instead of token
	proxy    oktaclient.Proxy
	Settings []setting // all settings used; secrets are redacted
}

// Flags are the flags that name the org.
type Flags = console.OrgFlags

// configuration looks up settings: flag, environment, ./.okta.yaml, ~/.okta/okta.yaml, in this
// order.
type configuration struct {
	*Env
	flags Flags
	files []configFile
	org   setting // the org URL

	rehearsal string // as in [Way]
}

// hintRehearse says how to continue without an org.
func (c *configuration) hintRehearse() string {
	if c.rehearsal == "" {
		return "or serve a stand-in org, to try it against: oktareset sandbox"
	}
	return "or rehearse, which needs neither: " + c.rehearsal
}

// loadOrg finds the org and its credentials. A service app will ask for these scopes.
func (a *Env) loadOrg(ctx context.Context, w Way) (Config, error) {
	found, err := a.loadFiles()
	if err != nil {
		return Config{}, err
	}
	c := configuration{Env: a, flags: w.Flags, files: found, rehearsal: w.Rehearsal}
	org := c.orgURL()
	c.org = org
	if org.Value == "" {
		return Config{}, fault.Usage(c.hintRehearse(),
			"no org: set OKTA_CLIENT_ORGURL to its address, as https://acme.okta.com, and OKTA_CLIENT_TOKEN to an API token")
	}
	if err := alone(org, "org URL"); err != nil {
		return Config{}, err
	}
	cfg := Config{Settings: []setting{org}}
	if cfg.URL, err = oktaclient.ParseOrgURL(org.Value); err != nil {
		var uerr *oktaclient.OrgURLError
		if errors.As(err, &uerr) {
			return Config{}, fault.Usage(uerr.Hint, "%s: %w", org.Source, err)
		}
		return Config{}, fault.Usage("", "%s: %w", org.Source, err)
	}
	if cfg.proxy, err = c.proxy(cfg.URL); err != nil {
		return Config{}, err
	}
	secret, err := c.credentials(ctx, &cfg, w.Scopes)
	if err != nil {
		return Config{}, err
	}
	if err := c.sameOwner(secret); err != nil {
		return Config{}, err
	}
	if org.Source == localFile {
		a.Console.Info("org and credentials come from ./%s: %s", localFile, cfg.URL.Host())
	}
	return cfg, nil
}

// sameOwner refuses a secret from elsewhere for an org that this folder's file names.
func (c *configuration) sameOwner(secret setting) error {
	if c.org.Source != localFile || secret.Source == localFile {
		return nil
	}
	return fault.Usage("set the org by OKTA_CLIENT_ORGURL or --org-url too",
		"the org URL is from ./%s but the %s from %s: a folder's file must not choose who gets your credentials",
		localFile, secretNames[secret.Name], secret.Source)
}

func (c *configuration) orgURL() setting {
	if c.flags.URL != "" {
		return setting{Name: "orgUrl", Value: c.flags.URL, Source: "--org-url"}
	}
	return c.first("orgUrl", "OKTA_CLIENT_ORGURL", "OKTA_ORG_URL")
}

// The ranks of all sources except flags; the second file's rank is one higher.
const (
	rankEnvironment = 1 + iota
	rankFile
)

// first returns the first value that is set, in the environment or in a file.
func (c *configuration) first(name string, env ...string) setting {
	for _, variable := range env {
		if v := c.Getenv(variable); v != "" {
			return setting{Name: name, Value: v, Source: variable, rank: rankEnvironment}
		}
	}
	for i, f := range c.files {
		if v := f.client[name]; v != "" {
			return setting{Name: name, Value: v, Source: f.name, rank: rankFile + i}
		}
	}
	return setting{Name: name}
}
