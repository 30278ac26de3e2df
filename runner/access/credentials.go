package access

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
	"oktareset/runner/fault"
	"oktareset/runner/files"
)

// The authorization modes, as Okta's SDKs name them.
const (
	ModeToken = "SSWS"       // an API token
	ModeApp   = "PrivateKey" // an OAuth 2.0 service app
)

// secretNames maps the settings that contain a secret to their names in messages.
var secretNames = map[string]string{"token": "token", tokenCommandName: "token", "privateKey": "private key"}

// Scopes are what a command needs from a service app, and what it can do without.
type Scopes struct{ Needed, Optional []string }

// ResetScopes are those of reset. The System Log proves the outcome of requests whose answer was
// lost, and shows who was reset lately.
var ResetScopes = Scopes{
	Needed:   []string{oktaclient.ScopeUsersManage, oktaclient.ScopeUsersRead},
	Optional: []string{oktaclient.ScopeLogsRead},
}

// credentials puts the token or the service app into cfg, and returns the setting with the
// secret.
func (c *configuration) credentials(ctx context.Context, cfg *Config, s Scopes) (setting, error) {
	mode, err := c.mode()
	if err != nil {
		return setting{}, err
	}
	cfg.keep(mode)
	var secret setting
	if mode.Value == ModeToken {
		secret, err = c.loadToken(ctx, cfg)
	} else {
		secret, err = c.loadApp(ctx, cfg, s)
	}
	if err == nil && secret.rank >= rankFile && secret.secret {
		if info, statErr := os.Stat(secret.Source); statErr == nil {
			c.warnOfOthers(info, secret.Source)
		}
	}
	return secret, err
}

// warnOfOthers warns of a file with a secret that others can read. A file that a group can read
// and nobody can write is fine: Kubernetes and systemd pass secrets to a service that isn't root
// in this way.
func (c *configuration) warnOfOthers(info fs.FileInfo, path string) {
	perm := info.Mode().Perm()
	if info.Mode().IsRegular() && perm&0o077 != 0 && perm != 0o440 && filepath.Separator == '/' {
		c.Console.Warn("others on this machine can read %s: chmod 600 it", path)
	}
}

// keep records a setting that is used, to show where it came from.
func (cfg *Config) keep(s setting) {
	if s.Source != "" {
		cfg.Settings = append(cfg.Settings, s)
	}
}

// mode returns whether to sign in by token or as an app: the configured mode or, without one,
// whichever has a secret.
func (c *configuration) mode() (setting, error) {
	if c.flags.TokenFile != "" {
		return setting{Name: "authorizationMode", Value: ModeToken}, nil
	}
	mode := c.first("authorizationMode", "OKTA_CLIENT_AUTHORIZATIONMODE")
	for _, known := range []string{ModeToken, ModeApp} {
		if strings.EqualFold(mode.Value, known) {
			mode.Value = known
			return mode, nil
		}
	}
	if mode.Value != "" {
		return mode, fault.Usage("SSWS for an API token, PrivateKey for a service app", "%s has an unsupported authorization mode", mode.Source)
	}
	token, err := c.token()
	if err != nil {
		return token, err
	}
	key := c.privateKey()
	switch {
	case key.Value == "", token.Value != "" && token.rank < key.rank:
		mode.Value = ModeToken
	case token.Value == "", key.rank < token.rank:
		mode.Value = ModeApp
	default:
		return mode, fault.Usage("set OKTA_CLIENT_AUTHORIZATIONMODE to SSWS or to PrivateKey",
			"both an API token (%s) and a private key (%s) are given", token.Source, key.Source)
	}
	return mode, nil
}

func (c *configuration) privateKey() setting {
	return c.first("privateKey", "OKTA_CLIENT_PRIVATEKEY")
}

func (c *configuration) loadToken(ctx context.Context, cfg *Config) (setting, error) {
	s, err := c.token()
	switch {
	case c.flags.TokenFile != "":
		s, err = c.fileToken(ctx, c.flags.TokenFile)
	case err == nil && s.Name == tokenCommandName:
		s, err = c.commandToken(ctx, cfg, s)
	}
	if err != nil {
		return s, err
	}
	s.Value = strings.TrimSpace(s.Value)
	if err := alone(s, "API token"); err != nil {
		return s, err
	}
	switch {
	case s.Value == "" && c.flags.TokenFile != "":
		return s, fault.Usage("put an API token into it", "the token file %s is empty", c.flags.TokenFile)
	case s.Value == "":
		return s, fault.Usage("or OKTA_CLIENT_CLIENTID and OKTA_CLIENT_PRIVATEKEY for a service app; "+c.hintRehearse(),
			"no API token: set OKTA_CLIENT_TOKEN, or OKTA_CLIENT_TOKEN_COMMAND to a command that prints it, or --token-file to a file that contains it")
	case !apiToken.MatchString(s.Value):
		return s, fault.Usage("it is one word of letters, digits, - and _", "%s doesn't contain an API token", s.Source)
	}
	cfg.token = oktaclient.Token(s.Value)
	s.Value, s.secret = cfg.token.String(), true
	cfg.keep(s)
	return s, nil
}

// fileToken reads the token from the file that --token-file names.
func (c *configuration) fileToken(ctx context.Context, path string) (setting, error) {
	s := setting{Name: "token", Source: "--token-file"}
	if _, err := os.Stat(path); err != nil && looksSecret(path) {
		return s, fault.Usage("put the token into a file that only you can read, or into OKTA_CLIENT_TOKEN; this one is in your shell's history now: revoke it",
			"--token-file wants the name of a file, not the token itself")
	}
	b, err := c.readSecret(ctx, path, "token")
	if given := fault.Decided(err); err != nil && !given {
		err = fault.Usage("", "read the token: %w", err)
	}
	s.Value = string(b)
	return s, err
}

// apiToken matches the characters of an API token. Okta's have 42 characters and begin with 00.
var apiToken = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// NotGraphic reports whether a character can't be part of one word of ASCII.
func NotGraphic(r rune) bool { return r <= ' ' || r > '~' }

// appSettings maps the settings of a service app that contain no secret to their names in
// messages.
var appSettings = map[string]string{"clientId": "client ID", "privateKeyId": "key ID", "scopes": "list of scopes"}

// loadApp reads the settings of a service app.
func (c *configuration) loadApp(ctx context.Context, cfg *Config, s Scopes) (setting, error) {
	id := c.first("clientId", "OKTA_CLIENT_CLIENTID")
	kid := c.first("privateKeyId", "OKTA_CLIENT_PRIVATEKEYID")
	asked := c.first("scopes", "OKTA_CLIENT_SCOPES")
	for _, s := range []setting{id, kid, asked} {
		if err := alone(s, appSettings[s.Name]); err != nil {
			return s, err
		}
	}
	switch {
	case id.Value == "":
		return id, fault.Usage("it begins with 0oa; the Admin Console shows it with the app", "no service app: set OKTA_CLIENT_CLIENTID to its client ID")
	case strings.ContainsFunc(id.Value, NotGraphic):
		return id, fault.Usage("it is one word, as 0oa1b2c3d4e5f6g7h8i9", "%s doesn't contain a client ID", id.Source)
	case strings.ContainsAny(asked.Value, `[]{}"'`):
		return asked, fault.Usage("as okta.users.manage okta.users.read, with spaces between", "%s isn't a list of scopes", asked.Source)
	case strings.ContainsFunc(kid.Value, NotGraphic):
		return kid, fault.Usage("it is the kid that the Admin Console shows with the key", "%s doesn't contain a key ID", kid.Source)
	}
	app := &oktaclient.App{ClientID: id.Value, KeyID: kid.Value, Scopes: s.Needed, OptionalScopes: s.Optional}
	if asked.Value != "" {
		app.Scopes, app.OptionalScopes = strings.Fields(strings.ReplaceAll(asked.Value, ",", " ")), nil
		asked.Value = strings.Join(app.Scopes, " ")
	}
	key, err := c.loadKey(ctx, app)
	if err != nil {
		return key, err
	}
	cfg.App = app
	for _, used := range []setting{id, key, kid, asked} {
		cfg.keep(used)
	}
	return key, nil
}

const hintKey = "it contains a PEM or a JWK of an RSA or EC key, or the path of a file with one"

// loadKey reads the private key: the setting contains it, or the path of its file.
func (c *configuration) loadKey(ctx context.Context, app *oktaclient.App) (setting, error) {
	s := c.privateKey()
	text := strings.TrimSpace(s.Value)
	if text == "" {
		return s, fault.Usage(hintKey, "no private key for the service app: set OKTA_CLIENT_PRIVATEKEY")
	}
	if err := alone(s, "private key"); err != nil {
		return s, err
	}
	where := s.Source
	if oktaclient.LooksLikeKey(text) {
		s.Value, s.secret = app.Key.String(), true
	} else {
		b, err := c.readKeyFile(ctx, s.Source, text)
		if err != nil {
			return s, err
		}
		s.Value, where, text = text, text, string(b)
	}
	var err error
	if app.Key, err = oktaclient.ParsePrivateKey([]byte(text)); err != nil {
		return s, fault.Usage(hintKey, "read the private key from %s: %w", where, err)
	}
	return s, nil
}

// readKeyFile reads the file that a setting names. If there is no such file, the setting may
// contain a damaged key: it isn't shown.
func (c *configuration) readKeyFile(ctx context.Context, source, path string) ([]byte, error) {
	read, hint := c.readSecret, hintKey
	if source == localFile {
		read, hint = c.readHere, "a file that ./"+localFile+" names must be in its folder"
	}
	b, err := read(ctx, path, "private key")
	given := fault.Decided(err)
	switch {
	case err == nil, given:
		return b, err
	case errors.Is(err, fs.ErrPermission):
		return nil, fault.Usage("", "read the private key: %w", err)
	}
	return nil, fault.Usage(hint, "%s contains neither a private key nor the path of a file that can be opened", source)
}

// readSecret reads a file or a pipe that the user names, and warns if others can read it. No
// error contains anything of the content. An error with an exit code explains what is wrong with
// a file that could be opened.
func (c *configuration) readSecret(ctx context.Context, path, what string) ([]byte, error) {
	b, info, err := files.ReadNamed(ctx, path, files.MaxSecret, os.Open)
	if ctx.Err() != nil {
		return nil, fault.Stopped(context.Cause(ctx))
	}
	return c.secretText(b, info, path, what, err)
}

// readHere is readSecret for a regular file in this folder: a downloaded ./.okta.yaml must
// neither use a key from elsewhere nor wait for a pipe.
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

// secretText returns the text of a secret's file, or the error for it.
func (c *configuration) secretText(b []byte, info fs.FileInfo, path, what string, err error) ([]byte, error) {
	if refused := (*files.RefusedError)(nil); errors.As(err, &refused) {
		return nil, fault.Usage("", "read the %s: %s isn't a file with a %s", what, path, what)
	}
	if err != nil {
		return nil, err
	}
	c.warnOfOthers(info, path)
	return bytes.TrimPrefix(b, []byte("\ufeff")), nil
}
