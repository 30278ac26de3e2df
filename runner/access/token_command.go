package access

import (
	"context"
	"path/filepath"

	"oktareset/oktaclient"
	"oktareset/runner/fault"
)

// The names of the setting for a command that prints the API token: in ~/.okta/okta.yaml and in
// the environment.
const (
	tokenCommandName     = "tokenCommand"
	tokenCommandVariable = "OKTA_CLIENT_TOKEN_COMMAND" //nolint:gosec // G101: a name, no secret
)

// token returns the API token, or the command that prints one: the one from the nearer source.
func (c *configuration) token() (setting, error) {
	token, command := c.first("token", "OKTA_CLIENT_TOKEN", "OKTA_API_TOKEN"), c.first(tokenCommandName, tokenCommandVariable)
	switch {
	case command.Value == "", token.Value != "" && token.rank < command.rank:
		return token, nil
	case token.Value == "", command.rank < token.rank:
		return command, nil
	}
	return token, fault.Usage("unset one of them", "both an API token (%s) and a command that prints one (%s) are given", token.Source, command.Source+inFile(command))
}

// inFile returns the setting's name in a file.
func inFile(s setting) string {
	if s.rank >= rankFile {
		return ", " + s.Name
	}
	return ""
}

// commandToken runs the command in a setting, and returns its token. The command runs once: a run
// over several dates asks nobody to unlock something twice.
func (c *configuration) commandToken(ctx context.Context, cfg *Config, s setting) (setting, error) {
	if err := c.sameOwner(s); err != nil {
		return s, err
	}
	if err := c.mayRun(s); err != nil {
		return s, err
	}
	source := s.Source + inFile(s)
	words, err := splitCommand(s.Value, source)
	if err != nil {
		return s, err
	}
	path, err := findProgram(words[0], source)
	if err != nil {
		return s, err
	}
	p := program{name: filepath.Base(path), path: path, args: words[1:], env: c.ProgramEnv(), limit: commandLimit}
	if c.printed == "" {
		token, err := c.runProgram(ctx, p)
		if err != nil {
			return s, err
		}
		c.printed = token
	}
	cfg.keep(setting{Name: tokenCommandName, Value: p.name, Source: s.Source})
	return setting{Name: "token", Value: string(c.printed), Source: "the output of " + p.name}, nil
}

// runProgram runs a token command. Its stderr is passed on as it is, or as log records if every
// line has to be one; with --quiet it is shown only if the command fails.
func (c *configuration) runProgram(ctx context.Context, p program) (oktaclient.Token, error) {
	var done func()
	p.input, done = c.commandInput()
	defer done()
	if o := c.Console.Opts; !o.JSON && !o.Quiet {
		p.stderr = c.Stderr
	}
	got, err := p.run(ctx)
	c.tell(p.name, got, err != nil)
	return got.token, err
}

// noCommandHere refuses a command in this folder's file, whatever the other settings are: the
// file may have come with a downloaded folder.
func noCommandHere(f configFile) error {
	if f.name != localFile || f.client[tokenCommandName] == "" {
		return nil
	}
	return fault.Usage("remove it; ~/.okta/okta.yaml and "+tokenCommandVariable+" may name one", "./%s has a %s: a folder's file must not run anything; nothing was run",
		localFile, tokenCommandName)
}

// mayRun refuses a command from a file that others can write.
func (c *configuration) mayRun(s setting) error {
	for _, f := range c.files {
		if f.name == s.Source && f.shared != nil {
			return fault.Usage(fault.Hint(f.shared), "%w: its %s isn't run", f.shared, tokenCommandName)
		}
	}
	return nil
}
