package command

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"oktareset/oktaclient"
	"oktareset/runner/files"
)

// The modes of signing in, as Okta's SDKs name them.
const (
	modeToken = "SSWS"       // an API token
	modeApp   = "PrivateKey" // an OAuth 2.0 service app
)

// secretNames are the settings that hold a secret, as messages call them.
var secretNames = map[string]string{"token": "token", "privateKey": "private key"}

// scopes are what a command needs of a service app, and what it can do without.
type scopes struct{ needed, optional []string }

// resetScopes are those of reset: the System Log proves what became of answers that were lost, and
// tells who was reset lately.
var resetScopes = scopes{
	needed:   []string{oktaclient.ScopeUsersManage, oktaclient.ScopeUsersRead},
	optional: []string{oktaclient.ScopeLogsRead},
}

// credentials puts the token or the service app into cfg, and returns the setting that holds the secret.
func (c *configuration) credentials(ctx context.Context, cfg *orgConfig, s scopes) (setting, error) {
	mode, err := c.mode()
	if err != nil {
		return setting{}, err
	}
	cfg.keep(mode)
	var secret setting
	if mode.value == modeToken {
		secret, err = c.loadToken(ctx, cfg)
	} else {
		secret, err = c.loadApp(ctx, cfg, s)
	}
	if err == nil && secret.rank >= rankFile && secret.secret {
		if info, statErr := os.Stat(secret.source); statErr == nil {
			c.warnOfOthers(info, secret.source)
		}
	}
	return secret, err
}

// warnOfOthers warns of a file with a secret that others can read. A group may read one that nobody may write: so Kubernetes and systemd
// hand secrets to a service that isn't root.
func (c *configuration) warnOfOthers(info fs.FileInfo, path string) {
	perm := info.Mode().Perm()
	if info.Mode().IsRegular() && perm&0o077 != 0 && perm != 0o440 && filepath.Separator == '/' {
		c.console.warn("others on this machine can read %s: chmod 600 it", path)
	}
}

// keep notes a setting that is used, for who asks where it came from.
func (cfg *orgConfig) keep(s setting) {
	if s.source != "" {
		cfg.settings = append(cfg.settings, s)
	}
}

// mode says whether to sign in by token or as an app: as it is set, or by which of the two has a secret.
func (c *configuration) mode() (setting, error) {
	if c.flags.tokenFile != "" {
		return setting{name: "authorizationMode", value: modeToken}, nil
	}
	mode := c.first("authorizationMode", "OKTA_CLIENT_AUTHORIZATIONMODE")
	for _, known := range []string{modeToken, modeApp} {
		if strings.EqualFold(mode.value, known) {
			mode.value = known
			return mode, nil
		}
	}
	if mode.value != "" {
		return mode, usageError("SSWS for an API token, PrivateKey for a service app", "%s: authorization mode %q isn't supported", mode.source, mode.value)
	}
	token, key := c.token(), c.privateKey()
	switch {
	case key.value == "", token.value != "" && token.rank < key.rank:
		mode.value = modeToken
	case token.value == "", key.rank < token.rank:
		mode.value = modeApp
	default:
		return mode, usageError("set OKTA_CLIENT_AUTHORIZATIONMODE to SSWS or to PrivateKey",
			"both an API token (%s) and a private key (%s) are given", token.source, key.source)
	}
	return mode, nil
}

func (c *configuration) token() setting {
	return c.first("token", "OKTA_CLIENT_TOKEN", "OKTA_API_TOKEN")
}

func (c *configuration) privateKey() setting {
	return c.first("privateKey", "OKTA_CLIENT_PRIVATEKEY")
}

func (c *configuration) loadToken(ctx context.Context, cfg *orgConfig) (setting, error) {
	s := c.token()
	if path := c.flags.tokenFile; path != "" {
		if _, err := os.Stat(path); err != nil && looksSecret(path) {
			return s, usageError("put the token into a file that only you can read, or into OKTA_CLIENT_TOKEN; this one is in your shell's history now: revoke it",
				"--token-file wants the name of a file, not the token itself")
		}
		b, err := c.readSecret(ctx, path, "token")
		if _, given := errors.AsType[coded](err); err != nil && !given {
			err = usageError("", "read the token: %w", err)
		}
		if err != nil {
			return s, err
		}
		s = setting{name: "token", value: string(b), source: "--token-file"}
	}
	s.value = strings.TrimSpace(s.value)
	if err := alone(s, "API token"); err != nil {
		return s, err
	}
	switch {
	case s.value == "" && c.flags.tokenFile != "":
		return s, usageError("put an API token into it", "%s is empty", c.flags.tokenFile)
	case s.value == "":
		return s, usageError("or OKTA_CLIENT_CLIENTID and OKTA_CLIENT_PRIVATEKEY for a service app; or rehearse: oktareset reset --sandbox users.csv needs neither",
			"no API token: set OKTA_CLIENT_TOKEN, or --token-file to a file that holds it")
	case !apiToken.MatchString(s.value):
		return s, usageError("it is one word of letters, digits, - and _", "%s doesn't hold an API token", s.source)
	}
	cfg.token = oktaclient.Token(s.value)
	s.value, s.secret = cfg.token.String(), true
	cfg.keep(s)
	return s, nil
}

// apiToken is what an API token may look like. Okta's are 42 characters that begin with 00.
var apiToken = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func notGraphic(r rune) bool { return r <= ' ' || r > '~' }

// appSettings are the settings of a service app that hold no secret, as messages call them.
var appSettings = map[string]string{"clientId": "client ID", "privateKeyId": "key ID", "scopes": "list of scopes"}

// loadApp reads what a service app signs in with.
func (c *configuration) loadApp(ctx context.Context, cfg *orgConfig, s scopes) (setting, error) {
	id := c.first("clientId", "OKTA_CLIENT_CLIENTID")
	kid := c.first("privateKeyId", "OKTA_CLIENT_PRIVATEKEYID")
	asked := c.first("scopes", "OKTA_CLIENT_SCOPES")
	for _, s := range []setting{id, kid, asked} {
		if err := alone(s, appSettings[s.name]); err != nil {
			return s, err
		}
	}
	switch {
	case id.value == "":
		return id, usageError("it begins with 0oa; the Admin Console shows it with the app", "no service app: set OKTA_CLIENT_CLIENTID to its client ID")
	case strings.ContainsFunc(id.value, notGraphic):
		return id, usageError("it is one word, as 0oa1b2c3d4e5f6g7h8i9", "%s doesn't hold a client ID", id.source)
	case strings.ContainsAny(asked.value, `[]{}"'`):
		return asked, usageError("as okta.users.manage okta.users.read, with spaces between", "%s isn't a list of scopes", asked.source)
	case strings.ContainsFunc(kid.value, notGraphic):
		return kid, usageError("it is the kid that the Admin Console shows with the key", "%s doesn't hold a key ID", kid.source)
	}
	app := &oktaclient.App{ClientID: id.value, KeyID: kid.value, Scopes: s.needed, OptionalScopes: s.optional}
	if asked.value != "" {
		app.Scopes, app.OptionalScopes = strings.Fields(strings.ReplaceAll(asked.value, ",", " ")), nil
		asked.value = strings.Join(app.Scopes, " ")
	}
	key, err := c.loadKey(ctx, app)
	if err != nil {
		return key, err
	}
	cfg.app = app
	for _, used := range []setting{id, key, kid, asked} {
		cfg.keep(used)
	}
	return key, nil
}

const hintKey = "it holds a PEM or a JWK of an RSA or EC key, or the path of a file with one"

// loadKey reads the private key: the setting holds it, or the path of its file.
func (c *configuration) loadKey(ctx context.Context, app *oktaclient.App) (setting, error) {
	s := c.privateKey()
	text := strings.TrimSpace(s.value)
	if text == "" {
		return s, usageError(hintKey, "no private key for the service app: set OKTA_CLIENT_PRIVATEKEY")
	}
	if err := alone(s, "private key"); err != nil {
		return s, err
	}
	where := s.source
	if oktaclient.LooksLikeKey(text) {
		s.value, s.secret = app.Key.String(), true
	} else {
		b, err := c.readKeyFile(ctx, s.source, text)
		if err != nil {
			return s, err
		}
		s.value, where, text = text, text, string(b)
	}
	var err error
	if app.Key, err = oktaclient.ParsePrivateKey([]byte(text)); err != nil {
		return s, usageError(hintKey, "read the private key from %s: %w", where, err)
	}
	return s, nil
}

// readKeyFile reads the file that a setting names. If there is none, the setting may hold a damaged key: it isn't shown.
func (c *configuration) readKeyFile(ctx context.Context, source, path string) ([]byte, error) {
	read, hint := c.readSecret, hintKey
	if source == localFile {
		read, hint = c.readHere, "a file that ./"+localFile+" names must lie in its folder"
	}
	b, err := read(ctx, path, "private key")
	_, given := errors.AsType[coded](err)
	switch {
	case err == nil, given:
		return b, err
	case errors.Is(err, fs.ErrPermission):
		return nil, usageError("", "read the private key: %w", err)
	}
	return nil, usageError(hint, "%s holds no private key, nor the path of a file that can be opened", source)
}

// readSecret reads a file or a pipe that the user names, and warns if others can read it. No error
// holds anything of its content. One that has an exit code says what is wrong with what could be
// opened.
func (c *configuration) readSecret(ctx context.Context, path, what string) ([]byte, error) {
	b, info, err := files.ReadNamed(ctx, path, files.MaxSecret, os.Open)
	if ctx.Err() != nil {
		return nil, stopError(context.Cause(ctx))
	}
	return c.secretText(b, info, path, what, err)
}

// readHere is readSecret for a regular file in this folder: a downloaded ./.okta.yaml must not use
// a key from elsewhere, nor wait for a pipe.
func (c *configuration) readHere(_ context.Context, path, what string) ([]byte, error) {
	root, err := os.OpenRoot(".")
	if err != nil {
		return nil, err
	}
	defer root.Close() //nolint:errcheck // only read
	f, err := root.OpenFile(path, os.O_RDONLY|files.NoWait, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	b, err := files.ReadOpen(f, files.Rule{Max: files.MaxSecret})
	return c.secretText(b, info, path, what, err)
}

// secretText is what was read of a secret's file, or what to say about it.
func (c *configuration) secretText(b []byte, info fs.FileInfo, path, what string, err error) ([]byte, error) {
	if refused := (*files.RefusedError)(nil); errors.As(err, &refused) {
		return nil, usageError("", "read the %s: %s isn't a file with a %s", what, path, what)
	}
	if err != nil {
		return nil, err
	}
	c.warnOfOthers(info, path)
	return bytes.TrimPrefix(b, []byte("\ufeff")), nil
}
