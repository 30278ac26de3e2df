package oktaclient_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktareset/oktaclient"
)

func TestEnrollmentCheck(t *testing.T) {
	t.Parallel()
	phone := map[string]any{"phoneNumber": "+15551234567"}
	tests := []struct {
		e    oktaclient.Enrollment
		want string // part of the error; "" for none
	}{
		{oktaclient.Enrollment{Type: "sms", Provider: "OKTA", Profile: phone, Activate: true, TokenLifetime: 24 * time.Hour}, ""},
		{oktaclient.Enrollment{Type: "push", Provider: "OKTA"}, ""},
		{oktaclient.Enrollment{Type: "brand:new", Provider: "ACME"}, ""},
		{oktaclient.Enrollment{Type: "question", Provider: "OKTA", Profile: map[string]any{"question": "disliked_food", "answer": "mayo"}}, ""},
		{oktaclient.Enrollment{Type: "token:hardware", Provider: "YUBICO", Fields: map[string]any{"verify": map[string]any{"passCode": "cccccc"}}}, ""},
		{oktaclient.Enrollment{Provider: "OKTA"}, "type and provider"},
		{oktaclient.Enrollment{Type: "sms"}, "type and provider"},
		{oktaclient.Enrollment{Type: "webauthn", Provider: "FIDO"}, "browser"},
		{oktaclient.Enrollment{Type: "u2f", Provider: "FIDO"}, "browser"},
		{oktaclient.Enrollment{Type: "signed_nonce", Provider: "OKTA"}, "FastPass"},
		{oktaclient.Enrollment{Type: "web", Provider: "DUO"}, "Duo's own page"},
		{oktaclient.Enrollment{Type: "push", Provider: "OKTA", Activate: true}, "can't be activated at once"},
		{oktaclient.Enrollment{Type: "sms", Provider: "OKTA", Profile: phone, TokenLifetime: 25 * time.Hour}, "1 second to 24 hours"},
		{oktaclient.Enrollment{Type: "sms", Provider: "OKTA", Profile: phone, TokenLifetime: 1500 * time.Millisecond}, "whole seconds"},
		{oktaclient.Enrollment{Type: "sms", Provider: "OKTA"}, "phoneNumber"},
		{oktaclient.Enrollment{Type: "call", Provider: "OKTA", Profile: map[string]any{"phoneNumber": "+1 555"}}, "E.164"},
		{oktaclient.Enrollment{Type: "sms", Provider: "OKTA", Profile: map[string]any{"phoneNumber": 15551234567}}, "E.164"},
		{oktaclient.Enrollment{Type: "question", Provider: "OKTA", Profile: map[string]any{"question": "x", "answer": "abc"}}, "at least 4"},
		{oktaclient.Enrollment{Type: "token:hotp", Provider: "CUSTOM"}, "factorProfileId"},
		{oktaclient.Enrollment{Type: "token", Provider: "RSA"}, "passcode"},
	}
	for _, tt := range tests {
		err := tt.e.Check()
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Check of %+v = %v, want %q", tt.e, err, tt.want)
		}
	}
}

func FuzzParsePhone(f *testing.F) {
	for _, s := range []string{"+1 (555) 123-4567", "+49.30.901820", "+15551234567", "", "+0123", "0049301", "+1555123456789012", "+１２３", "++1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		number, err := oktaclient.ParsePhone(s)
		if err != nil {
			return
		}
		again, err := oktaclient.ParsePhone(number)
		if err != nil || again != number || len(number) > 16 || number[0] != '+' || strings.ContainsAny(number, " -.()") {
			t.Errorf("ParsePhone(%q) = %q, parsed again %q, %v", s, number, again, err)
		}
	})
}

func TestParsePhone(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"+1 (555) 123-4567": "+15551234567", "+49.30.901820": "+4930901820", "15551234567": "", "+0123": "", "+1555123456789012": "", "+1a": "",
	} {
		if got, err := oktaclient.ParsePhone(in); got != want || (err == nil) != (want != "") {
			t.Errorf("ParsePhone(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

// Secrets must not get into a log in the usual ways.
func TestSecretsOfFactorsDontPrint(t *testing.T) {
	t.Parallel()
	e := oktaclient.Enrollment{Type: "question", Provider: "OKTA", Profile: map[string]any{"answer": "mayonnaise"}}
	v := oktaclient.Verify{PassCode: "123456", Answer: "mayonnaise"}
	j, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{
		fmt.Sprintf("%v %+v %#v %s", e, e, e, e), fmt.Sprintf("%v %+v %#v", v, v, v), string(j),
	} {
		if strings.Contains(s, "mayo") || strings.Contains(s, "123456") {
			t.Errorf("printed as %s", s)
		}
	}
}

func TestReadActivation(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in string
		want     oktaclient.Activation
		ok       bool
	}{
		{"none", `{"id":"x"}`, oktaclient.Activation{}, false},
		{"odd", `{"_embedded":[1]}`, oktaclient.Activation{}, false},
		{
			"totp", `{"_embedded":{"activation":{"timeStep":30,"sharedSecret":"JBTWGV22G4ZGKV3N","keyLength":16,"_links":{"qrcode":{"href":"https://x/qr/1"}}}}}`,
			oktaclient.Activation{QRCode: "https://x/qr/1", SharedSecret: "JBTWGV22G4ZGKV3N", TimeStep: 30, KeyLength: 16},
			true,
		},
		{
			"link beside", `{"_embedded":{"activation":{"sharedSecret":"A"},"_links":{"qrcode":{"href":"https://x/qr/2"}}}}`,
			oktaclient.Activation{QRCode: "https://x/qr/2", SharedSecret: "A"},
			true,
		},
		{
			"push", `{"_embedded":{"activation":{"expiresAt":"2015-11-13T07:44:22.000Z","factorResult":"WAITING","_links":{"send":[{"name":"email","href":"https://x/lifecycle/activate/email"},{"name":"fax","href":"https://x/fax"}],"qrcode":{"href":"https://x/qr/3"}}}}}`,
			oktaclient.Activation{
				QRCode: "https://x/qr/3", ExpiresAt: time.Date(2015, 11, 13, 7, 44, 22, 0, time.UTC), Sends: []oktaclient.Send{oktaclient.SendEmail},
			},
			true,
		},
		{
			"begun anew", `{"factorResult":"WAITING","_links":{"send":[{"name":"email","href":"https://x/lifecycle/activate/email"},{"name":"sms","href":"https://x/lifecycle/activate/sms"}]}}`,
			oktaclient.Activation{Sends: []oktaclient.Send{oktaclient.SendEmail, oktaclient.SendSMS}},
			false,
		},
	}
	for _, tt := range tests {
		var f oktaclient.Factor
		if err := json.Unmarshal([]byte(tt.in), &f); err != nil {
			t.Fatal(err)
		}
		if got, ok := oktaclient.ReadActivation(f); !cmp.Equal(got, tt.want) || ok != tt.ok {
			t.Errorf("%s: ReadActivation = %+v, %v; want %+v, %v", tt.name, got, ok, tt.want, tt.ok)
		}
	}
}
