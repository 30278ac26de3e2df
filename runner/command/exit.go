package command

import "errors"

// The exit codes.
const (
	exitOK         = 0
	exitRows       = 1
	exitUsage      = 2
	exitConsent    = 3
	exitNoAccess   = 4
	exitStopped    = 5
	exitBrokeOff   = 6
	exitUnexpected = 2 // what has no code of its own happened before anything was changed
)

// ExitCodes is the table that every --help ends with.
const ExitCodes = `EXIT CODES:
   0    every row ended reset, would_reset or skipped
   1    the run finished; some rows did not
   2    usage, configuration, input or output: refused before anything was changed
   3    no consent, or consent for another org or number; stopped by --halt
   4    Okta refused the credentials or the permission for the whole run
   5    stopped early on purpose, resumable: --limit, --max-duration, an outage that lasted, too many lost answers
   6    broke off in the middle, resumable: results can't be written, or the copy of the input was changed
   129, 130, 143    SIGHUP, SIGINT, SIGTERM: stopped cleanly and resumable
`

// coded is an error that says which exit code it means.
type coded struct {
	error
	code int
}

func (c coded) Unwrap() error { return c.error }

// errRows is the end of a run in which some rows aren't reset, would_reset or skipped. The summary has said it all.
var errRows = errors.New("some rows did not end well")

func exitCode(err error) int {
	var c coded
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &c):
		return c.code
	}
	return exitUnexpected
}
