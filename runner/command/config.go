package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"oktareset/oktaclient"
)

// setting is a value of the configuration and where it came from.
type setting struct{ value, source string }

// orgConfig says which org to speak to and with which token.
type orgConfig struct {
	url   oktaclient.OrgURL
	token oktaclient.Token
}

// orgFlags are the flags that name the org.
type orgFlags struct{ url, tokenFile string }

// localFile may come with a folder that somebody downloaded: an org in it must never get a secret from elsewhere.
const localFile = ".okta.yaml"

// maxTokenFile is far more than a token needs, and keeps a wrong file from being read whole.
const maxTokenFile = 64 << 10

// loadOrg finds org and token: flag, environment, ./.okta.yaml, ~/.okta/okta.yaml, in this order.
func (a *app) loadOrg(f orgFlags) (orgConfig, error) {
	files, err := a.loadFiles()
	if err != nil {
		return orgConfig{}, err
	}
	if mode := a.first(files, "", "", "authorizationMode", "OKTA_CLIENT_AUTHORIZATIONMODE"); mode.value != "" && mode.value != "SSWS" {
		return orgConfig{}, usageError("set it to SSWS and give an API token",
			"authorization mode %q (%s) isn't supported by this version", mode.value, mode.source)
	}
	org := a.first(files, f.url, "--org-url", "orgUrl", "OKTA_CLIENT_ORGURL", "OKTA_ORG_URL")
	if org.value == "" {
		return orgConfig{}, usageError("or rehearse with --sandbox, which needs neither",
			"no org: set OKTA_CLIENT_ORGURL to its address, as https://acme.okta.com, and OKTA_CLIENT_TOKEN to an API token")
	}
	url, err := oktaclient.ParseOrgURL(org.value)
	if err != nil {
		var uerr *oktaclient.OrgURLError
		if errors.As(err, &uerr) {
			return orgConfig{}, usageError(uerr.Hint, "%s: %w", org.source, err)
		}
		return orgConfig{}, usageError("", "%s: %w", org.source, err)
	}
	token, err := a.loadToken(files, f)
	if err != nil {
		return orgConfig{}, err
	}
	if org.source == localFile && token.source != localFile {
		return orgConfig{}, usageError("give the org by OKTA_CLIENT_ORGURL or --org-url too",
			"the org URL is from ./%s but the token from %s: a folder's file must not choose who gets your token", localFile, token.source)
	}
	return orgConfig{url: url, token: oktaclient.Token(token.value)}, nil
}

// first returns the first value that is set.
func (a *app) first(files []configFile, flag, flagName, key string, env ...string) setting {
	if flag != "" {
		return setting{flag, flagName}
	}
	for _, name := range env {
		if v := a.Getenv(name); v != "" {
			return setting{v, name}
		}
	}
	for _, f := range files {
		if v := f.client[key]; v != "" {
			return setting{v, f.name}
		}
	}
	return setting{}
}

func (a *app) loadToken(files []configFile, f orgFlags) (setting, error) {
	var s setting
	if f.tokenFile != "" {
		v, err := a.readTokenFile(f.tokenFile)
		if err != nil {
			return s, err
		}
		s = setting{v, "--token-file"}
	} else {
		s = a.first(files, "", "", "token", "OKTA_CLIENT_TOKEN", "OKTA_API_TOKEN")
	}
	s.value = strings.TrimSpace(s.value)
	switch {
	case s.value == "" && f.tokenFile != "":
		return s, usageError("put an API token into it", "%s is empty", f.tokenFile)
	case s.value == "":
		return s, usageError("or rehearse with --sandbox, which needs none",
			"no API token: set OKTA_CLIENT_TOKEN, or --token-file to a file that holds it")
	case strings.ContainsFunc(s.value, func(r rune) bool { return r <= ' ' || r > '~' }), strings.ContainsAny(s.value, "{}"):
		return s, usageError("it is one word of letters, digits, - and _", "%s doesn't hold an API token", s.source)
	}
	return s, nil
}

func (a *app) readTokenFile(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", usageError("", "read the token: %w", err)
	}
	if !info.Mode().IsRegular() && info.Mode()&fs.ModeNamedPipe == 0 || info.Size() > maxTokenFile {
		return "", usageError("", "read the token: %s isn't a file with a token", path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", usageError("", "read the token: %w", err)
	}
	if info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 && filepath.Separator == '/' {
		a.console.warn("others on this machine can read %s: chmod 600 it", path)
	}
	return strings.TrimPrefix(string(b), "\ufeff"), nil
}

// configFile is what a configuration file says under okta.client, in the format of Okta's own SDKs.
type configFile struct {
	name   string
	client map[string]string
}

// loadFiles reads the configuration files that exist, the one that counts more first.
func (a *app) loadFiles() ([]configFile, error) {
	paths := []string{localFile}
	if home := a.home(); home != "" {
		paths = append(paths, filepath.Join(home, ".okta", "okta.yaml"))
	}
	var files []configFile
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, usageError("", "read the configuration: %w", err)
		}
		f, err := parseConfig(b)
		if err != nil {
			return nil, usageError("it has okta:, below it client:, below that orgUrl: and token:", "read the configuration %s: %w", path, err)
		}
		f.name = path
		files = append(files, f)
	}
	return files, nil
}

func (a *app) home() string {
	if home := a.Getenv("HOME"); home != "" {
		return home
	}
	return a.Getenv("USERPROFILE") // Windows
}

// parseConfig keeps the plain values. An error names no content: the file holds a secret.
func parseConfig(b []byte) (configFile, error) {
	var doc struct {
		Okta struct {
			Client map[string]any `yaml:"client"`
		} `yaml:"okta"`
	}
	if err := yaml.Unmarshal(b, &doc); err != nil {
		return configFile{}, errors.New("it isn't YAML of the expected form")
	}
	f := configFile{client: make(map[string]string)}
	for k, v := range doc.Okta.Client {
		switch v := v.(type) {
		case string:
			f.client[k] = v
		case int, bool, float64:
			f.client[k] = fmt.Sprint(v)
		}
	}
	return f, nil
}
