package standin_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktareset/oktaclient/standin"
)

// post sends a body.
func post(t *testing.T, o *standin.Org, path, body string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, orgURL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "SSWS "+o.Token())
	a, err := roundTrip(o, req)
	if err != nil {
		t.Fatalf("POST %s: %v", path, err)
	}
	return a
}

// wireFactor is a factor as the API shows it.
type wireFactor struct {
	ID, FactorType, Provider, Status, FactorResult string

	Profile  map[string]string
	Links    map[string]any `json:"_links"`
	Embedded struct {
		Activation struct{ SharedSecret, ExpiresAt string }
	} `json:"_embedded"`
}

func factorsPath(id string) string { return "/api/v1/users/" + id + "/factors" }

// enrolled enrolls a factor that has to be let through.
func enrolled(t *testing.T, o *standin.Org, id, body string) wireFactor {
	t.Helper()
	a := post(t, o, factorsPath(id), body)
	want(t, a, 200, "")
	return decode[wireFactor](t, a)
}

func newBob(cfg standin.Config, u standin.User) *standin.Org {
	o := standin.New(cfg)
	u.ID, u.Login = bob, "bob@example.com"
	if u.Factors == nil {
		u.Factors = []standin.Factor{{Type: "webauthn", Provider: "FIDO"}}
	}
	o.Add(u)
	return o
}

func TestEnroll(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, query, body string
		status            int
		code, becomes     string // error code, or status of the factor
	}{
		{"sms", "", `{"factorType":"sms","provider":"OKTA","profile":{"phoneNumber":"+1-555-415-1337"}}`, 200, "", "PENDING_ACTIVATION"},
		{"sms at once", "?activate=true", `{"factorType":"sms","provider":"OKTA","profile":{"phoneNumber":"+15554151337"}}`, 200, "", "ACTIVE"},
		{"sms without a number", "", `{"factorType":"sms","provider":"OKTA"}`, 400, "E0000098", ""},
		{"call", "", `{"factorType":"call","provider":"OKTA","profile":{"phoneNumber":"+15554151337","phoneExtension":"1234"}}`, 200, "", "PENDING_ACTIVATION"},
		{"push", "", `{"factorType":"push","provider":"OKTA"}`, 200, "", "PENDING_ACTIVATION"},
		{"totp", "", `{"factorType":"token:software:totp","provider":"GOOGLE"}`, 200, "", "PENDING_ACTIVATION"},
		{"totp at once", "?activate=true", `{"factorType":"token:software:totp","provider":"GOOGLE"}`, 200, "", "PENDING_ACTIVATION"},
		{"question", "", `{"factorType":"question","provider":"OKTA","profile":{"question":"disliked_food","answer":"leek"}}`, 200, "", "ACTIVE"},
		{"short answer", "", `{"factorType":"question","provider":"OKTA","profile":{"question":"disliked_food","answer":"fig"}}`, 400, "E0000001", ""},
		{"unknown question", "", `{"factorType":"question","provider":"OKTA","profile":{"question":"why","answer":"because"}}`, 400, "E0000001", ""},
		{"hotp", "", `{"factorType":"token:hotp","provider":"CUSTOM","factorProfileId":"fpr1","profile":{"sharedSecret":"484f"}}`, 200, "", "ACTIVE"},
		{"rsa", "", `{"factorType":"token","provider":"RSA","profile":{"credentialId":"bob"},"verify":{"passCode":"5275875498"}}`, 200, "", "ACTIVE"},
		{"symantec without the next", "", `{"factorType":"token","provider":"SYMANTEC","verify":{"passCode":"1"}}`, 400, "E0000001", ""},
		{"a second security key", "", `{"factorType":"webauthn","provider":"FIDO"}`, 200, "", "PENDING_ACTIVATION"},
		{"email is there by itself", "", `{"factorType":"email","provider":"OKTA"}`, 400, "E0000001", ""},
		{"fastpass", "", `{"factorType":"signed_nonce","provider":"OKTA"}`, 400, "E0000001", ""},
		{"no such provider", "", `{"factorType":"sms","provider":"ACME"}`, 400, "E0000001", ""},
		{"no such lifetime", "?tokenLifetimeSeconds=86401", `{"factorType":"push","provider":"OKTA"}`, 400, "E0000001", ""},
		{"no JSON", "", `factorType=sms`, 400, "E0000003", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newBob(standin.Config{PushDelay: time.Hour}, standin.User{})
			a := post(t, o, factorsPath(bob)+tt.query, tt.body)
			want(t, a, tt.status, tt.code)
			if got := o.Did(bob).Enrolls; (got == 1) != (tt.status == 200) {
				t.Errorf("%d enrolled", got)
			}
			if tt.status != 200 {
				return
			}
			f := decode[wireFactor](t, a)
			got := decode[wireFactor](t, call(t, o, "GET", factorsPath(bob)+"/"+f.ID))
			if f.Status != tt.becomes || f.ID == "" {
				t.Errorf("answered with %+v, want %s", f, tt.becomes)
			}
			if diff := cmp.Diff(f, got); diff != "" {
				t.Errorf("looked up (-answered +found):\n%s", diff)
			}
			quiet(t, o)
		})
	}
}

func TestEnrollAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newBob(standin.Config{}, standin.User{})
		const one = `{"factorType":"sms","provider":"OKTA","profile":{"phoneNumber":"+15550000001"}}`
		const two = `{"factorType":"sms","provider":"OKTA","profile":{"phoneNumber":"+15550000002"}}`
		f := enrolled(t, o, bob, one)
		want(t, post(t, o, factorsPath(bob), two), 400, "E0000001")
		want(t, post(t, o, factorsPath(bob), one), 429, "E0000109")
		if f2 := decode[wireFactor](t, post(t, o, factorsPath(bob)+"?updatePhone=true", two)); f2.ID != f.ID || f2.Profile["phoneNumber"] != "+15550000002" {
			t.Errorf("the number was not replaced: %+v", f2)
		}
		code, _ := o.Passcode(bob, f.ID)
		want(t, post(t, o, factorsPath(bob)+"/"+f.ID+"/lifecycle/activate", `{"passCode":"`+code+`"}`), 200, "")
		pause(time.Minute)
		want(t, post(t, o, factorsPath(bob)+"?updatePhone=true", one), 400, "E0000001")
		secret := enrolled(t, o, bob, `{"factorType":"token:software:totp","provider":"GOOGLE"}`)
		if again := enrolled(t, o, bob, `{"factorType":"token:software:totp","provider":"GOOGLE"}`); again.ID == secret.ID {
			t.Error("a pending totp was kept")
		}
		if got := types(t, o, bob); strings.Count(strings.Join(got, " "), "GOOGLE") != 1 {
			t.Errorf("factors %q", got)
		}
	})
}

func TestActivateByPasscode(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"factorType":"sms","provider":"OKTA","profile":{"phoneNumber":"+15554151337"}}`,
		`{"factorType":"call","provider":"OKTA","profile":{"phoneNumber":"+15554151337"}}`,
		`{"factorType":"email","provider":"OKTA"}`,
		`{"factorType":"token:software:totp","provider":"OKTA"}`,
		`{"factorType":"token:software:totp","provider":"GOOGLE"}`,
	} {
		synctest.Test(t, func(t *testing.T) {
			o := newBob(standin.Config{Engine: standin.Classic}, standin.User{})
			f := enrolled(t, o, bob, body)
			at := factorsPath(bob) + "/" + f.ID + "/lifecycle/activate"
			want(t, post(t, o, at, ""), 400, "E0000001")
			want(t, post(t, o, at, `{"passCode":"000"}`), 403, "E0000068")
			code, ok := o.Passcode(bob, f.ID)
			if !ok {
				t.Fatalf("%s: no passcode", body)
			}
			a := post(t, o, at, `{"passCode":"`+code+`"}`)
			want(t, a, 200, "")
			if f := decode[wireFactor](t, a); f.Status != "ACTIVE" || f.Links["verify"] == nil {
				t.Errorf("%+v, want it active", f)
			}
			want(t, post(t, o, at, `{"passCode":"`+code+`"}`), 400, "E0000001")
			if d := o.Did(bob); d.Activations != 1 || d.WrongPasscodes != 1 {
				t.Errorf("deeds %+v", d)
			}
			list, _ := events(t, o, url.Values{"filter": {`eventType eq "user.mfa.factor.activate"`}, "until": {"2100-01-01T00:00:00Z"}})
			if len(list) != 1 || list[0].Target[0].ID != bob {
				t.Errorf("events %+v, want one activation", list)
			}
		})
	}
}

// Five attempts in five minutes, then neither more attempts nor another message; later it goes on.
func TestActivationLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newBob(standin.Config{}, standin.User{})
		const sms = `{"factorType":"sms","provider":"OKTA","profile":{"phoneNumber":"+15554151337"}}`
		f := enrolled(t, o, bob, sms)
		at := factorsPath(bob) + "/" + f.ID
		want(t, post(t, o, at+"/resend", sms), 429, "E0000109")
		pause(time.Minute)
		want(t, post(t, o, at+"/resend", sms), 200, "")
		for range 5 {
			want(t, post(t, o, at+"/lifecycle/activate", `{"passCode":"0"}`), 403, "E0000068")
		}
		code, _ := o.Passcode(bob, f.ID)
		a := post(t, o, at+"/lifecycle/activate", `{"passCode":"`+code+`"}`)
		want(t, a, 429, "E0000047")
		if a.header.Get("X-Rate-Limit-Remaining") == "0" {
			t.Error("the limit looks like the bucket's")
		}
		pause(time.Minute)
		want(t, post(t, o, at+"/resend", sms), 429, "E0000047")
		pause(5 * time.Minute)
		want(t, post(t, o, at+"/lifecycle/activate", `{"passCode":"`+code+`"}`), 403, "E0000083")
		want(t, post(t, o, at+"/resend", sms), 200, "")
		code, _ = o.Passcode(bob, f.ID)
		want(t, post(t, o, at+"/lifecycle/activate", `{"passCode":"`+code+`"}`), 200, "")
		want(t, post(t, o, at+"/resend", sms), 400, "E0000001")
		if d := o.Did(bob); d.Messages != 3 || d.Activations != 1 || d.WrongPasscodes != 6 {
			t.Errorf("deeds %+v", d)
		}
	})
}

func TestActivatePush(t *testing.T) {
	t.Parallel()
	for engine, with := range map[standin.Engine][]string{
		standin.Identity: {"push:OKTA", "signed_nonce:OKTA", "token:software:totp:OKTA"},
		standin.Classic:  {"push:OKTA", "token:software:totp:OKTA"},
	} {
		synctest.Test(t, func(t *testing.T) {
			o := newBob(standin.Config{Engine: engine, PushDelay: time.Minute}, standin.User{})
			f := enrolled(t, o, bob, `{"factorType":"push","provider":"OKTA"}`)
			at := factorsPath(bob) + "/" + f.ID
			if a := decode[wireFactor](t, post(t, o, at+"/lifecycle/activate/poll", "")); a.FactorResult != "WAITING" {
				t.Errorf("polled: %+v", a)
			}
			want(t, post(t, o, at+"/lifecycle/activate/email", ""), 200, "")
			pause(time.Minute)
			if a := decode[wireFactor](t, call(t, o, "GET", at)); a.Status != "ACTIVE" || a.Profile["name"] == "" {
				t.Errorf("scanned: %+v", a)
			}
			got := slices.DeleteFunc(types(t, o, bob), func(s string) bool { return s == "webauthn:FIDO" || s == "email:OKTA" })
			if diff := cmp.Diff(with, got); diff != "" {
				t.Errorf("Okta Verify has (-want +got):\n%s", diff)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		o := newBob(standin.Config{}, standin.User{Push: "TIMEOUT"})
		f := enrolled(t, o, bob, `{"factorType":"push","provider":"OKTA"}`)
		at := factorsPath(bob) + "/" + f.ID + "/lifecycle/activate"
		pause(11 * time.Minute)
		if a := decode[wireFactor](t, post(t, o, at+"/poll", "")); a.FactorResult != "TIMEOUT" || a.Links["activate"] == nil || len(a.Links) != 1 {
			t.Errorf("expired: %+v", a)
		}
		if a := decode[wireFactor](t, post(t, o, at, "")); a.FactorResult != "WAITING" {
			t.Errorf("begun anew: %+v", a)
		}
	})
}

func TestCatalogAndQuestions(t *testing.T) {
	t.Parallel()
	o := newBob(standin.Config{}, standin.User{})
	list := decode[[]struct{ FactorType, Provider, Status string }](t, call(t, o, "GET", factorsPath(bob)+"/catalog"))
	status := map[string]string{}
	for _, s := range list {
		status[s.FactorType+":"+s.Provider] = s.Status
	}
	if len(list) != 15 || status["webauthn:FIDO"] != "ACTIVE" || status["sms:OKTA"] != "NOT_SETUP" {
		t.Errorf("catalog %v", status)
	}
	if q := decode[[]struct{ Question, QuestionText string }](t, call(t, o, "GET", factorsPath(bob)+"/questions")); len(q) == 0 || q[0].Question != "disliked_food" {
		t.Errorf("questions %v", q)
	}
	o.Add(standin.User{ID: "00u000000000000gone0", Login: "gone@example.com", Status: standin.StatusDeprovisioned})
	for _, path := range []string{"/catalog", "/questions"} {
		want(t, call(t, o, "GET", factorsPath("00u000000000000gone0")+path), 404, "E0000007")
	}
	want(t, post(t, o, factorsPath("00u000000000000gone0"), `{"factorType":"push","provider":"OKTA"}`), 404, "E0000007")
}
