package standin_test

import (
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"oktareset/oktaclient/standin"
)

// The vectors of RFC 6238, appendix B, cut to six digits.
func TestPasscodesOfAClock(t *testing.T) {
	t.Parallel()
	for at, code := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 2000000000: "279037"} {
		synctest.Test(t, func(t *testing.T) {
			o := newBob(standin.Config{ClockSkew: time.Until(time.Unix(at, 0))}, standin.User{})
			f := enrolled(t, o, bob, `{"factorType":"token:hotp","provider":"CUSTOM","factorProfileId":"fpr1","profile":{"sharedSecret":"3132333435363738393031323334353637383930"}}`)
			if got, ok := o.Passcode(bob, f.ID); got != code || !ok {
				t.Errorf("at %d: %q, want %q", at, got, code)
			}
		})
	}
}

// factorOf adds one factor to bob and returns its path.
func factorOf(t *testing.T, o *standin.Org, typ, provider string) (path, id string) {
	t.Helper()
	f, ok := o.Enroll(bob, standin.Factor{Type: typ, Provider: provider})
	if !ok {
		t.Fatal("no bob")
	}
	return factorsPath(bob) + "/" + f.ID + "/verify", f.ID
}

func TestVerifyByPasscode(t *testing.T) {
	t.Parallel()
	for _, typ := range []string{"sms:OKTA", "call:OKTA", "email:OKTA", "token:software:totp:OKTA", "token:hardware:YUBICO"} {
		synctest.Test(t, func(t *testing.T) {
			o := newBob(standin.Config{Engine: standin.Classic}, standin.User{})
			i := strings.LastIndexByte(typ, ':')
			path, id := factorOf(t, o, typ[:i], typ[i+1:])
			if a := post(t, o, path, ""); a.status == 200 != !strings.HasPrefix(typ, "token") {
				t.Errorf("challenge of %s: %d %s", typ, a.status, a.body)
			}
			want(t, post(t, o, path, `{"passCode":"0"}`), 403, "E0000068")
			code, ok := o.Passcode(bob, id)
			a := post(t, o, path, `{"passCode":"`+code+`"}`)
			if want(t, a, 200, ""); !ok || a.body != `{"factorResult":"SUCCESS"}` {
				t.Errorf("verified: %s", a.body)
			}
			if a := post(t, o, path, `{"passCode":"`+code+`"}`); a.status != 403 {
				t.Errorf("%s: a passcode counted twice: %d %s", typ, a.status, a.body)
			}
			if d := o.Did(bob); d.Verifications != 1 || d.WrongPasscodes != 2 {
				t.Errorf("deeds %+v", d)
			}
			list, _ := events(t, o, url.Values{"filter": {`eventType eq "user.authentication.auth_via_mfa" and outcome.result eq "SUCCESS"`}, "until": {"2100-01-01T00:00:00Z"}})
			if len(list) != 1 {
				t.Errorf("%d verifications in the log, want 1", len(list))
			}
		})
	}
}

func TestVerifyLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newBob(standin.Config{Engine: standin.Classic}, standin.User{})
		path, id := factorOf(t, o, "sms", "OKTA")
		want(t, post(t, o, path+"?tokenLifetimeSeconds=60", ""), 200, "")
		code, _ := o.Passcode(bob, id)
		want(t, post(t, o, path, ""), 429, "E0000109")
		pause(61 * time.Second)
		want(t, post(t, o, path, `{"passCode":"`+code+`"}`), 403, "E0000083")
		for range 4 {
			want(t, post(t, o, path, `{"passCode":"0"}`), 403, "E0000068")
		}
		want(t, post(t, o, path, ""), 429, "E0000047")
		pause(6 * time.Minute)
		want(t, post(t, o, path, ""), 200, "")
		want(t, post(t, o, path+"?tokenLifetimeSeconds=x", ""), 400, "E0000001")
	})
}

func TestVerifyQuestion(t *testing.T) {
	t.Parallel()
	o := newBob(standin.Config{}, standin.User{})
	enrolled(t, o, bob, `{"factorType":"question","provider":"OKTA","profile":{"question":"disliked_food","answer":"Boiled leek"}}`)
	path, id := factorOf(t, o, "question", "OKTA")
	if answer, _ := o.Passcode(bob, id); answer != "mayonnaise" {
		t.Errorf("answer %q", answer)
	}
	want(t, post(t, o, path, ""), 400, "E0000001")
	want(t, post(t, o, path, `{"answer":"leek"}`), 403, "E0000068")
	want(t, post(t, o, path, `{"answer":"Mayonnaise "}`), 200, "")
	want(t, post(t, o, factorsPath(bob)+"/nosuchfactor0000/verify", ""), 404, "E0000007")
}

func TestVerifyPush(t *testing.T) {
	t.Parallel()
	tests := []struct {
		push, before, end string
		at                time.Duration
	}{
		{"", "WAITING", "SUCCESS", 10 * time.Second},
		{"REJECTED", "WAITING", "REJECTED", 10 * time.Second},
		{"TIMEOUT", "WAITING", "TIMEOUT", 5 * time.Minute},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			o := newBob(standin.Config{PushDelay: 10 * time.Second}, standin.User{Push: tt.push})
			path, id := factorOf(t, o, "push", "OKTA")
			a := post(t, o, path, `{"useNumberMatchingChallenge":true}`)
			want(t, a, 201, "")
			sent := decode[struct {
				FactorResult string
				Embedded     struct{ Challenge struct{ CorrectAnswer int } } `json:"_embedded"`
				Links        struct{ Poll struct{ Href string } }            `json:"_links"`
			}](t, a)
			if sent.FactorResult != "WAITING" || sent.Embedded.Challenge.CorrectAnswer < 10 || sent.Embedded.Challenge.CorrectAnswer > 99 {
				t.Errorf("challenge %s", a.body)
			}
			poll := strings.TrimPrefix(sent.Links.Poll.Href, orgURL)
			result := func() string {
				return decode[wireFactor](t, call(t, o, "GET", poll)).FactorResult
			}
			pause(tt.at - time.Second)
			if got := result(); got != tt.before {
				t.Errorf("%q before its end: %s", tt.push, got)
			}
			pause(time.Second)
			for range 2 {
				if got := result(); got != tt.end {
					t.Errorf("%q at its end: %s", tt.push, got)
				}
			}
			if d := o.Did(bob); d.Messages != 1 || (d.Verifications == 1) != (tt.end == "SUCCESS") {
				t.Errorf("deeds %+v", d)
			}
			want(t, call(t, o, "GET", strings.Replace(poll, "v2mst", "v2msx", 1)), 404, "E0000007")
			want(t, call(t, o, "GET", strings.Replace(poll, id, "opf00000000000000000", 1)), 404, "E0000007")
			quiet(t, o)
		})
	}
}

// A reset takes what was enrolled, and what a device remembers of it.
func TestResetForgetsDevices(t *testing.T) {
	t.Parallel()
	o := newBob(standin.Config{Engine: standin.Classic}, standin.User{})
	f := enrolled(t, o, bob, `{"factorType":"sms","provider":"OKTA","profile":{"phoneNumber":"+15554151337"}}`)
	want(t, call(t, o, "POST", resetPath(bob)), 200, "")
	if code, ok := o.Passcode(bob, f.ID); ok {
		t.Errorf("passcode %q of a factor that is gone", code)
	}
	want(t, post(t, o, factorsPath(bob)+"/"+f.ID+"/verify", ""), 404, "E0000007")
	if got := types(t, o, bob); len(got) != 0 {
		t.Errorf("factors %q", got)
	}
}
