package command

// ExitCodes is the table of reset, at the end of its help. Every other command has a table of its own.
const ExitCodes = `EXIT CODES:
   0    every row ended reset, would_reset or skipped
   1    the run finished, but some rows ended in another status, or results of an earlier date aren't complete
   2    usage, configuration, input or output: refused before anything was changed
   3    no consent, or consent for another org or number; stopped by --halt
   4    Okta refused the credentials or the permission for the whole run
   5    stopped early on purpose, resumable: --limit, --max-duration, an outage or a rate limit that lasted, too many lost answers
   6    broke off in the middle, resumable: the journal or the results can't be written, or the copy of the input was changed
   129, 130, 143    SIGHUP, SIGINT, SIGTERM: stopped cleanly and resumable
`
