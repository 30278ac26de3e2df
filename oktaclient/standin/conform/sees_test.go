package conform

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// The judge sees what is wrong. One that saw nothing would pass everything.
func TestJudgeSees(t *testing.T) {
	j := newJudge(t, sdkSpec(t))
	j.scopes["weak"] = []string{"okta.groups.read"}
	for _, c := range []struct {
		name, method, target, auth, body string
		status                           int
		content                          string
		want                             []string
	}{
		{
			name: "all is well", method: "GET", target: "/api/v1/users/00u1234567890abcdef5/factors", auth: "SSWS x", status: 200,
			content: `[{"id":"mbl1","factorType":"sms","provider":"OKTA","profile":{"phoneNumber":"+15550001111"}}]`,
		},
		{
			name: "a reply", method: "GET", target: "/api/v1/users/00u1234567890abcdef5/factors?expand=user", auth: "Bearer weak", status: 200,
			content: `[{"id":"mbl1","factorType":"sms","provider":"GOOGLE","profile":{"phoneNumber":5},"status":"ACTIV","staus":"ACTIVE","created":"today"}]`,
			want: []string{
				"request listFactors: parameter expand isn't described",
				"reply listFactors 200: /*/created: string doesn't match the format \"date-time\"",
				"reply listFactors 200: /*/profile/phoneNumber: value must be a string",
				"reply listFactors 200: /*/provider: value is not one of the allowed values [\"OKTA\"]",
				"reply listFactors 200: /*/status: value is not one of the allowed values",
				"reply listFactors 200: /*/staus: isn't described",
				"reply listFactors 200: allows what the description refuses: Bearer",
			},
		},
		{
			name: "a request", method: "POST", target: "/api/v1/users/00u1234567890abcdef5/factors?tokenLifetimeSeconds=0", auth: "SSWS x",
			body: `{"factorType":"sms","id":"mbl1","provider":"OKTA","profile":{"phoneNumber":"555"}}`, status: 418, content: `{}`,
			want: []string{
				"request enrollFactor: /id: readOnly property \"id\" in request",
				"request enrollFactor: /profile/phoneNumber: string doesn't match the regular expression",
				"request enrollFactor: query tokenLifetimeSeconds: number must be at least 1",
				"reply enrollFactor 418: status is not supported",
			},
		},
	} {
		u, err := url.Parse("http://127.0.0.1" + c.target)
		if err != nil {
			t.Fatal(err)
		}
		header := http.Header{"Authorization": {c.auth}, "Content-Type": {"application/json"}}
		got, ok := j.judge(exchange{c.method, u, header, []byte(c.body), c.status, http.Header{"Content-Type": {"application/json"}}, []byte(c.content)})
		if !ok {
			t.Errorf("%s: not described", c.name)
		}
		for i, w := range c.want {
			if i >= len(got) || !strings.HasPrefix(got[i], w) {
				t.Errorf("%s: doesn't see %s", c.name, w)
			}
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: sees %q", c.name, got)
		}
	}
}
