package command

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/desk"
	"oktareset/runner/fault"
	"oktareset/runner/steps"
)

// secretFields of a profile aren't given by a flag, which others could see in a list of processes.
var secretFields = []string{"answer", "sharedSecret", "passCode", "nextPassCode"}

// parseFactors is the only reader of the arguments and flags of factors.
func parseFactors(c *cli.Context) (desk.Options, error) {
	o := desk.Options{
		NumberMatching: c.Bool("number-matching"), NoChallenge: c.Bool("no-challenge"), RemoveRecovery: c.Bool("remove-recovery"),
		JSON: c.Bool("json"),
	}
	var err error
	if o.Org, o.Sandbox, err = parseOrg(c); err != nil {
		return o, err
	}
	if err = parseArguments(&o, c.Args().Slice()); err != nil {
		return o, err
	}
	if err = allows(o.Verb, c); err != nil {
		return o, err
	}
	if o.Confirm, err = parseConfirm(c); err != nil {
		return o, err
	}
	if o.Timeout, err = parseTimeout(c); err != nil {
		return o, err
	}
	return o, parseEnrollment(&o, c)
}

// parseArguments reads VERB USER [FACTOR [TRANSACTION]].
func parseArguments(o *desk.Options, args []string) error {
	var names []string
	for _, v := range desk.Verbs() {
		names = append(names, v.Name)
	}
	if len(args) == 0 {
		return fault.Usage("see oktareset factors --help", "what to do is missing: %s", strings.Join(names, ", "))
	}
	verb, ok := desk.FindVerb(args[0])
	if !ok {
		return fault.Usage(didYouMean("factors", console.Nearest(args[0], names)), "factors has no verb %q; it has %s", args[0], strings.Join(names, ", "))
	}
	o.Verb, args = verb, args[1:]
	if missing := o.Verb.Args[min(len(args), len(o.Verb.Args)):]; len(missing) > 0 {
		return fault.Usage("as in: oktareset factors "+o.Verb.Name+" "+strings.Join(o.Verb.Args, " "), "which %s? %s is missing",
			cmp.Or(map[string]string{"USER": "user", "TRANSACTION": "transaction"}[missing[0]], "factor"), missing[0])
	}
	if len(args) != len(o.Verb.Args) || slices.Contains(args, "") {
		return fault.Usage("oktareset factors "+o.Verb.Name+" "+strings.Join(o.Verb.Args, " "), "factors %s takes %s, not %s",
			o.Verb.Name, strings.Join(o.Verb.Args, " and "), console.Plural(len(args), "argument")) // one may be a passcode: none is shown
	}
	o.User = args[0]
	if _, reason := runner.ParseIdentifier(o.User); reason != "" && !o.ReadsMe() {
		return fault.Usage("give an ID or the whole login", "%q can't name a user (%s)", o.User, reason)
	}
	if len(args) > 1 {
		o.Factor = args[1]
	}
	if len(args) > 2 {
		o.TransID = args[2]
	}
	return nil
}

// parseEnrollment reads the flags of enroll, and those that verify and resend share with it. Of other
// verbs there are none.
func parseEnrollment(o *desk.Options, c *cli.Context) error {
	e := oktaclient.Enrollment{
		Activate: c.Bool("activate"), UpdatePhone: c.Bool("update-phone"), TemplateID: c.String("template-id"),
		TokenLifetime: c.Duration("token-lifetime"), Language: c.String("language"),
	}
	if d := e.TokenLifetime; c.IsSet("token-lifetime") && (d < time.Second || d > oktaclient.MaxTokenLifetime || d%time.Second != 0) {
		return fault.Usage("1s to 24h, in whole seconds", "--token-lifetime %s", d)
	}
	if strings.ContainsFunc(e.Language, access.NotGraphic) {
		return fault.Usage("as --language fr", "--language %q", e.Language)
	}
	if o.Verb.Name != "enroll" {
		o.Enroll = e
		return nil
	}
	var err error
	if e.Type, e.Provider, err = parseKind(o.Factor); err != nil {
		return err
	}
	if e.Profile, err = parseProfile(c); err != nil {
		return err
	}
	if id := c.String("factor-profile-id"); id != "" {
		e.Fields = map[string]any{"factorProfileId": id}
	}
	if why := oktaclient.OwnDevice(e.Type); why != "" {
		return fault.Usage("the user enrolls it at the next sign-in", "%s can't be enrolled here: %s", e, why)
	}
	o.Enroll = e
	return nil
}

// parseKind reads TYPE[:PROVIDER]. A type may hold colons; a provider is written in capitals.
func parseKind(s string) (typ, provider string, err error) {
	f, err := steps.ParseFactorType(s)
	if hint := steps.Unlikely(s, f, err); hint != "" {
		return "", "", fault.Usage(hint, "%q is no type of factor that Okta has", s)
	}
	f.Provider = cmp.Or(f.Provider, oktaclient.OnlyProvider(f.Type))
	if err == nil && f.Provider != "" {
		return f.Type, f.Provider, nil
	}
	return "", "", fault.Usage("as sms:OKTA, token:software:totp:GOOGLE; see oktareset factors catalog USER", "%q isn't TYPE:PROVIDER", s)
}

// parseProfile gathers the factor's profile from its flags.
func parseProfile(c *cli.Context) (map[string]any, error) {
	p := make(map[string]any)
	for _, f := range []struct{ flag, field string }{
		{"extension", "phoneExtension"}, {"email", "email"}, {"question", "question"}, {"credential-id", "credentialId"},
	} {
		if v := c.String(f.flag); v != "" {
			p[f.field] = v
		}
	}
	if s := c.String("phone"); s != "" {
		number, err := oktaclient.ParsePhone(s)
		if err != nil {
			return nil, fault.Usage("with the country's code, as --phone +15551234567", "--phone: %w", err)
		}
		p["phoneNumber"] = number
	}
	for _, s := range c.StringSlice("profile") {
		name, value, ok := strings.Cut(s, "=")
		switch {
		case !ok || name == "":
			return nil, fault.Usage("as --profile name=value", "--profile %q isn't NAME=VALUE", s)
		case slices.ContainsFunc(secretFields, func(secret string) bool { return strings.EqualFold(secret, name) }):
			return nil, fault.Usage("leave it out: it is asked for", "--profile takes no %s: others could see it", name)
		}
		p[name] = value
	}
	if len(p) == 0 {
		return nil, nil
	}
	return p, nil
}
