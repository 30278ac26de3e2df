package access

import (
	"context"
	"strings"
	"time"

	"oktareset/oktaclient/standin"
)

// demoAnswer is how long the stand-in's users take to answer a push.
const demoAnswer = 3 * time.Second

// demoUsers are the stand-in's users with a name in a rehearsal of factors, and what is special
// about each.
var demoUsers = []struct {
	login, what, push string
	factors           []standin.Factor
}{
	{"alice@example.com", "has many factors and approves pushes", "", []standin.Factor{
		{Type: "push", Provider: "OKTA"},
		{Type: "signed_nonce", Provider: "OKTA"},
		{Type: "token:software:totp", Provider: "OKTA"},
		{Type: "token:software:totp", Provider: "GOOGLE"},
		{Type: "sms", Provider: "OKTA", Profile: map[string]string{"phoneNumber": "+15551234567"}},
		{Type: "question", Provider: "OKTA"},
	}},
	{"bob@example.com", "rejects pushes", "REJECTED", []standin.Factor{{Type: "push", Provider: "OKTA"}}},
	{"carol@example.com", "has a security key only", "", []standin.Factor{{Type: "webauthn", Provider: "FIDO"}}},
	{"dave@example.com", "has only the email that enrolls itself", "", nil},
}

// StartDemo serves a stand-in org with the people above.
func StartDemo() (*Sandbox, error) {
	org := standin.New(standin.Config{Latency: DemoLatency, LatencyJitter: DemoLatency / 2, PushDelay: demoAnswer})
	addDemo(org, func(string) bool { return true })
	return ServeOrg(context.Background(), org, "127.0.0.1:0")
}

// addDemo adds those of the people above whose login is wanted.
func addDemo(org *standin.Org, wanted func(login string) bool) {
	for _, u := range demoUsers {
		if wanted(u.login) {
			org.Add(standin.User{Login: u.login, Factors: u.factors, Push: u.push})
		}
	}
}

// People lists the users of a stand-in from [StartDemo].
func (s *Sandbox) People() string {
	var who []string
	for _, u := range demoUsers {
		who = append(who, u.login+" ("+u.what+")")
	}
	return "the stand-in org has " + strings.Join(who, ", ")
}
