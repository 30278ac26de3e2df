package command

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/notify"
)

const notifyExamples = `   oktareset notify --dry-run users.results.csv --from it@example.com --contact 'the service desk, 0100'    write the mails into the folder users.notify
   oktareset notify users.results.csv --from it@example.com --contact 'the service desk, 0100'              tell users and managers, after asking; writes users.notify.csv
   oktareset notify --resume users.results.csv --from it@example.com --contact 'the service desk, 0100'     send what wasn't sent yet, nothing twice
   oktareset notify --remind users.after.csv users.results.csv --from it@example.com --contact 0100         remind those who aren't back

   It changes nothing in the org. It needs okta.users.read: mails go to the addresses that Okta has.
`

const notifyExitCodes = `EXIT CODES:
   0    every mail was sent, now or before, or nobody was to get one
   1    some mails weren't sent, or are in doubt: see users.notify.csv, or for a dry run stderr
   2    usage, configuration or input; the mail server can't be reached, or doesn't prove who it is: refused before anything was sent
   3    no consent, or consent for another org or number
   4    Okta or the mail server refused the credentials or the permission
   5    stopped early, resumable: the mail server takes no mails, or too many are in doubt
   6    broke off in the middle, resumable: the record or the list can't be written
   129, 130, 143    SIGHUP, SIGINT, SIGTERM: stopped cleanly and resumable
`

func (a *app) notifyCommand() *cli.Command {
	const what, consent, server, output = "WHAT", "CONSENT", "MAIL SERVER", "OUTPUT"
	flags := []cli.Flag{
		&cli.StringFlag{Name: "to", Category: what, Value: strings.Join(notify.Audiences, ","), Usage: "`WHOM` to tell: user, manager or user,manager"},
		&cli.StringFlag{Name: "from", Category: what, Usage: "sender of the mails: `ADDRESS`, or a name with an address"},
		&cli.StringFlag{Name: "contact", Category: what, Usage: "whom people ask: `TEXT` for the mails, as a phone number"},
		&cli.StringSliceFlag{Name: "template", Category: what, Usage: "`KIND=FILE`: other texts for the mails to user or manager; may be repeated"},
		&cli.StringFlag{Name: "remind", Category: what, Usage: "remind only those who aren't back yet, by `FILE`, the list of oktareset after"},
		&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Category: what, Usage: "write the mails into files, send nothing"},
		&cli.StringFlag{Name: "confirm", Category: consent, Usage: "go ahead unasked with this number of mails: `HOST:COUNT` or HOST:MIN-MAX, with the org's host; with --resume, at most so many"},
		&cli.BoolFlag{Name: "resume", Category: consent, Usage: "send what certainly wasn't sent yet; begin if nothing was"},
		&cli.StringFlag{Name: "smtp", Category: server, Usage: "`URL` of the mail server: smtp://USER@HOST for STARTTLS, smtps://USER@HOST for TLS (default: OKTARESET_SMTP)"},
		&cli.StringFlag{Name: "smtp-password-file", Category: server, Usage: "`FILE` that holds the password (default: OKTARESET_SMTP_PASSWORD)"},
		&cli.StringFlag{Name: "rate", Category: server, Usage: "at most `N/s`, N/m or N/h mails (default: what the server accepts)"},
		&cli.BoolFlag{Name: "json", Category: output, Usage: "print the numbers on stdout as JSON"},
	}
	return &cli.Command{
		Name: "notify", Usage: "tell users and their managers by mail, each exactly once", ArgsUsage: "RESULTS", Description: notifyExamples,
		UsageText: notifyExitCodes,
		Flags:     append(append(flags, consoleFlags()...), orgFlags("")...),
		Action:    action(a, parseNotify, notify.Run),
	}
}

// parseNotify reads the flags of notify. Nothing else reads them.
func parseNotify(c *cli.Context) (o notify.Options, err error) {
	o = notify.Options{
		From: c.String("from"), Contact: c.String("contact"), Remind: c.String("remind"), DryRun: c.Bool("dry-run"), Resume: c.Bool("resume"), JSON: c.Bool("json"),
		Mail: access.MailFlags{URL: c.String("smtp"), PasswordFile: c.String("smtp-password-file")}, Again: againFlags(c),
	}
	if o.Org, o.Results, err = parseResults(c, "notify whom? the results are missing"); err != nil {
		return o, err
	}
	o.Chosen = c.IsSet("to")
	if o.To, err = parseTo(c.String("to")); err != nil {
		return o, err
	}
	if o.Templates, err = parseTemplates(c.StringSlice("template")); err != nil {
		return o, err
	}
	if o.Rate, err = parseRate(c.String("rate")); err != nil {
		return o, err
	}
	if o.Confirm, err = parseConfirm(c); err != nil {
		return o, err
	}
	switch {
	case o.From == "":
		return o, fault.Usage("as --from 'IT Service Desk <it@example.com>'", "--from is missing: the mails need a sender")
	case o.DryRun && (o.Confirm.Given() || o.Resume):
		return o, fault.Usage("leave out --confirm and --resume", "--dry-run sends nothing")
	case c.IsSet("remind") && o.Remind == "":
		return o, fault.Usage("as --remind users.after.csv", "--remind needs the name of a file")
	}
	return o, notAManifest("notify", o.Results)
}

// parseTo reads KIND[,KIND].
func parseTo(s string) ([]string, error) {
	var to []string
	for kind := range strings.SplitSeq(s, ",") {
		kind = strings.TrimSuffix(strings.ToLower(strings.TrimSpace(kind)), "s")
		if !slices.Contains(notify.Audiences, kind) || slices.Contains(to, kind) {
			return nil, fault.Usage("choose user, manager or user,manager", "--to %q names nobody to tell", s)
		}
		to = append(to, kind)
	}
	return to, nil
}

// parseTemplates reads KIND=FILE.
func parseTemplates(given []string) (map[string]string, error) {
	files := make(map[string]string)
	for _, s := range given {
		kind, file, _ := strings.Cut(s, "=")
		if !slices.Contains(notify.Audiences, kind) || file == "" || files[kind] != "" {
			return nil, fault.Usage("as --template user=user.txt --template manager=manager.txt", "--template %q isn't KIND=FILE, or the second one of its kind", s)
		}
		files[kind] = file
	}
	return files, nil
}

// againFlags returns the flags for a command that sends the same mails.
func againFlags(c *cli.Context) []string {
	var again []string
	for _, f := range c.Command.Flags {
		name := f.Names()[0]
		switch _, onOff := f.(*cli.BoolFlag); {
		case !c.IsSet(name), name == "confirm", onOff:
		case name == "template":
			for _, value := range c.StringSlice(name) {
				again = append(again, console.ShellFlag("--"+name, value))
			}
		default:
			again = append(again, console.ShellFlag("--"+name, c.String(name)))
		}
	}
	return again
}
