package challenge

import (
	"context"
	"strings"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner/access"
	"oktareset/runner/console"
	"oktareset/runner/fault"
)

// tries is how many passcodes somebody at a terminal may type for one challenge. Okta locks a
// factor for five minutes after five wrong ones: two are left for the user's own sign-in.
const tries = 3

// Challenge asks one user to prove who they are by one factor.
type Challenge struct {
	*access.Env
	Client  *oktaclient.Client
	StandIn *access.Sandbox // nil with a real org
	UserID  string
	Login   string
	Factor  oktaclient.Factor
	Send    oktaclient.Verify // how the challenge is sent
	Sent    bool              // the user has a passcode already: none is sent
	Hint    string            // what to do if no passcode is given, besides giving one
	Arrived string            // a command that verifies by a passcode that was sent before; "": there is none
}

// Failed is a request that failed, with words for the request.
type Failed struct {
	What string
	Err  error
	Look string // what to look at, or to do, if only its answer was lost
}

func (f *Failed) Error() string { return f.What + ": " + f.Err.Error() }

func (f *Failed) Unwrap() error { return f.Err }

// Do challenges the user and returns what Okta says of the answer: see [Outcome]. The reply is
// that of the last request that verifies. An error of a request is a [*Failed]; with it, the
// verification names the push whose answer isn't known, if there is one.
func (c *Challenge) Do(ctx context.Context) (oktaclient.Verification, oktaclient.Reply, error) {
	if c.Factor.Type != "push" {
		return c.passcode(ctx)
	}
	v, rep, err := c.Client.VerifyFactor(ctx, c.UserID, c.Factor.ID, c.Send)
	if err != nil {
		return v, rep, &Failed{"send a push to " + c.Login, err, lookPush}
	}
	v, err = c.Await(ctx, v)
	return v, rep, err
}

// Await waits for the answer to a push.
func (c *Challenge) Await(ctx context.Context, v oktaclient.Verification) (oktaclient.Verification, error) {
	if v.Result == oktaclient.ResultWaiting {
		c.Console.Info("a push is on its way to %s; waiting for the answer%s", Which(c.Factor), Within(c.Client, v.ExpiresAt))
	}
	if v.CorrectAnswer > 0 {
		say := c.Console.Info
		if c.Console.Opts.Quiet { // without the number nobody can answer
			say = c.Console.Alert
		}
		say("tell the user to choose the number %d", v.CorrectAnswer)
	}
	end, err := c.Client.AwaitPush(ctx, c.UserID, c.Factor.ID, v)
	if err != nil {
		return v, &Failed{"wait for the answer to the push", err, lookPush}
	}
	return end, nil
}

// passcode sends a passcode if the factor works that way, and checks what the user reads out.
func (c *Challenge) passcode(ctx context.Context) (v oktaclient.Verification, rep oktaclient.Reply, err error) {
	if err = Answerable(ctx, c.Env, c.Factor.Type); err != nil {
		return v, rep, err
	}
	if Sends(c.Factor.Type) && !c.Sent {
		if _, rep, err = c.Client.VerifyFactor(ctx, c.UserID, c.Factor.ID, c.Send); err != nil {
			return v, rep, &Failed{"send a passcode to " + Which(c.Factor), err, c.lookSent()}
		}
		c.Console.Info("a passcode is on its way to %s", Which(c.Factor))
	}
	if c.Factor.Type == "question" {
		c.Console.Info("ask the user: %s", Which(c.Factor))
	}
	c.Peek(c.StandIn, c.UserID, c.Login, c.Factor.ID)
	for left := tries - 1; ; left-- {
		v, rep, err = c.answer(ctx)
		wrong := oktaclient.WrongPasscode(err)
		if wrong == "" || left == 0 || !c.TerminalIn {
			return v, rep, err
		}
		c.Console.Warn("%s; %s left", wrong, map[bool]string{true: "one more try is", false: "two more tries are"}[left == 1])
	}
}

const lookPush = "the push may have reached the user: verify again, and have the user answer only the newest one"

// lookSent says what to do if nobody knows whether a passcode was sent.
func (c *Challenge) lookSent() string {
	if c.Arrived == "" {
		return "ask the user whether it came, then verify again"
	}
	return "ask the user whether it came; with that passcode: " + c.Arrived
}

// Answerable refuses, before the user is asked, a challenge by a value of --verify or a type whose
// answer nobody can type. The type of an ID isn't known before the factors are listed.
func Answerable(ctx context.Context, e *access.Env, by string) error {
	kind, _, _ := strings.Cut(by, ":")
	switch {
	case kind == "push", IsFactorID(by):
		return nil
	case kind == "question":
		return e.Answerable(ctx, "answer")
	}
	return e.Answerable(ctx, "passcode")
}

// answer reads the answer to the challenge and has Okta check it.
func (c *Challenge) answer(ctx context.Context) (v oktaclient.Verification, rep oktaclient.Reply, err error) {
	var answer oktaclient.Verify
	if c.Factor.Type == "question" {
		answer.Answer, err = c.Secret(ctx, "answer", c.Hint)
	} else {
		answer.PassCode, err = c.Secret(ctx, "passcode", c.Hint)
	}
	if err != nil {
		return v, rep, err
	}
	v, rep, err = c.Client.VerifyFactor(ctx, c.UserID, c.Factor.ID, answer)
	if oktaclient.FateOf(err) == oktaclient.InDoubt {
		look := "verify again, with a new passcode"
		if c.Factor.Type == "question" {
			look = "verify again"
		}
		return v, rep, &Failed{c.Login + " isn't verified", err, look}
	}
	if err != nil {
		return v, rep, &Failed{"verify " + c.Login, err, ""}
	}
	return v, rep, nil
}

// Outcome returns nil for a user who is verified, else why they aren't.
func Outcome(login string, v oktaclient.Verification) error {
	switch v.Result {
	case oktaclient.ResultSuccess:
		return nil
	case oktaclient.ResultRejected:
		return fault.New(fault.ExitRows, "", "%s isn't verified: the user, or whoever has the phone, rejected the push", login)
	case oktaclient.ResultTimeout:
		return fault.New(fault.ExitRows, "", "%s isn't verified: nobody answered in time", login)
	}
	return fault.New(fault.ExitRows, "", "%s isn't verified: Okta says %q %s", login, v.Result, v.Message)
}

// Explain returns the error for a passcode or a message that Okta refused. what is the request in
// words. It returns nil for any other error.
func Explain(err error, what string) error {
	if limit := oktaclient.MessageLimit(err); limit != "" {
		return fault.New(fault.ExitRows, limit, "%s: %w", what, err)
	}
	if wrong := oktaclient.WrongPasscode(err); wrong != "" {
		return fault.New(fault.ExitRows, "", "%s: %s: %w", what, wrong, err)
	}
	if oktaclient.FateOf(err) == oktaclient.Limited {
		return fault.New(fault.ExitRows, "wait five minutes, or use another factor: Okta allows five attempts in that time", "%s: %w", what, err)
	}
	return nil
}

// Sends reports whether factors of a type are verified by a passcode that Okta sends.
func Sends(factorType string) bool {
	return oktaclient.ByPhone(factorType) || oktaclient.ByMail(factorType)
}

// Which distinguishes a factor from others of its kind.
func Which(f oktaclient.Factor) string {
	for _, name := range []string{"phoneNumber", "email", "questionText", "authenticatorName", "name", "credentialId"} {
		if s, ok := f.Profile[name].(string); ok && s != "" {
			return s
		}
	}
	return ""
}

// Within returns the time left until t by the server's clock, in words; "" if t is unknown or
// past.
func Within(c *oktaclient.Client, t time.Time) string {
	switch left := t.Sub(c.Now()); {
	case t.IsZero() || left <= 0:
		return ""
	case left > 90*time.Second:
		return " within " + console.Plural(int(left.Round(time.Minute).Minutes()), "minute")
	default:
		return " within " + console.Plural(int(left.Seconds()), "second")
	}
}
