package oktaclient_test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"oktareset/oktaclient"
)

// saying answers every request with this reply.
func saying(t *testing.T, status int, header http.Header, body string) *oktaclient.Client {
	t.Helper()
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Okta-Request-Id", "req")
		for name, values := range header {
			for _, v := range values {
				w.Header().Add(name, strings.ReplaceAll(v, "HOST", r.Host))
			}
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, strings.ReplaceAll(body, "HOST", r.Host))
	}), oktaclient.Options{Token: secret})
}

// everyByte writes each byte of a text in this format.
func everyByte(format, s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, format, s[i])
	}
	return b.String()
}

// Typed secrets are redacted in the answer to them: short ones if they are a whole value, as a
// text, a number or a name; longer ones inside texts too.
func TestTypedSecretsAreTakenOut(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ typed, body, want string }{
		{"123456", `{"factorMessage":"123456"}`, `{"factorMessage":"REDACTED"}`},
		{"123456", `{"factorMessage":"\u0031\u00323456"}`, `{"factorMessage":"REDACTED"}`},
		{"123456", `{"factorMessage":"%31%32%33456"}`, `{"factorMessage":"REDACTED"}`},
		{"123456", `{"code": 123456, "n":[1.23456e5,1234567,0]}`, `{"code": null, "n":[null,1234567,0]}`},
		{"012345", `{"code":12345}`, `{"code":null}`},
		{"123456", `{"123456":[{"x":"123456"}]}`, `{"REDACTED":[{"x":"REDACTED"}]}`},
		{"123456", `{"id":"opf123456"}`, `{"id":"opf123456"}`},
		{"Rome12", `{"factorMessage":"Rome12","x":["Rome12","Rome123"]}`, `{"factorMessage":"REDACTED","x":["REDACTED","Rome123"]}`},
		{"7", `{"x":"7","y":7}`, `{"x":"REDACTED","y":7}`},
		{"2026", `{"expiresAt":"2026-11-27T10:00:00Z","x":"2026"}`, `{"expiresAt":"2026-11-27T10:00:00Z","x":"REDACTED"}`},
		{"RomeLongAnswer", `{"x":"is RomeLongAnswer right?","y":"is R\u006fmeLongAnswer right?"}`, `{"x":"is REDACTED right?","y":"is REDACTED right?"}`},
		{"Müller \"x\"", `{"x":"M\u00fcller \"x\""}`, `{"x":"REDACTED"}`},
		// These words are Okta's decision, even if somebody has one of them as an answer.
		{"SUCCESS", `{"factorResult":"SUCCESS"}`, `{"factorResult":"SUCCESS"}`},
		{"factorResult", `{"factorResult":"SUCCESS"}`, `{"factorResult":"SUCCESS"}`},
		{"question", `{"factorType":"question","questionText":"x"}`, `{"factorType":"question","questionText":"x"}`},
	} {
		v, _, err := saying(t, 200, nil, tt.body).VerifyFactor(t.Context(), someID, someFactor, oktaclient.Verify{PassCode: oktaclient.Passcode(tt.typed)})
		if err != nil || string(v.Raw) != tt.want {
			t.Errorf("%q: %s, %v; want %s", tt.typed, v.Raw, err, tt.want)
		}
	}
}

// A refusal quotes what was wrong: there, parts of texts are redacted too, and it stays the same
// refusal.
func TestTypedSecretsInRefusals(t *testing.T) {
	t.Parallel()
	for typed, summary := range map[string]string{
		"0000": "no 0000, 00000", "123456": `code=\u003123456!`, "Rome": "Rome isn't it", "E0000068": "E0000068 isn't it", "Müller \"x\"": `M\u00fcller \"x\"`,
	} {
		c := saying(t, 403, nil, `{"errorCode":"E0000068","errorId":"oae","errorSummary":"`+summary+`","errorCauses":[{"errorSummary":"`+summary+`"}]}`)
		_, _, err := c.VerifyFactor(t.Context(), someID, someFactor, oktaclient.Verify{Answer: oktaclient.Passcode(typed)})
		text := strings.Replace(err.Error(), "E0000068: ", "", 1)
		if oktaclient.WrongPasscode(err) == "" || strings.Contains(text, typed) || strings.Count(text, "REDACTED") < 2 {
			t.Errorf("%q: %v", typed, err)
		}
	}
}

// A broken answer that net/http quotes shows no passcode.
func TestTypedSecretsInBrokenAnswers(t *testing.T) {
	t.Parallel()
	for _, typed := range []string{"123456", "Rome", `M"ller`} {
		for _, line := range []string{"HTTP/1.1 " + typed + "\r\n\r\n", typed + "\r\n\r\n", "HTTP/1.1 200 OK\r\n" + typed + "\r\n\r\n"} {
			c, _ := speak(t, oktaclient.Options{}, func(conn net.Conn) { _, _ = io.WriteString(conn, line) })
			_, _, err := c.VerifyFactor(t.Context(), someID, someFactor, oktaclient.Verify{Answer: oktaclient.Passcode(typed)})
			if err == nil || strings.Contains(strings.ReplaceAll(err.Error(), `\"`, `"`), typed) {
				t.Errorf("%q: %v", line, err)
			}
		}
	}
}

// In any encoding that is undone on the way, and for a token that was cut.
func TestEncodedEchoes(t *testing.T) {
	t.Parallel()
	for name, echo := range map[string]string{
		"as it is":         secret,
		"JSON":             everyByte(`\u%04x`, secret),
		"URL":              everyByte("%%%02x", secret),
		"a part of it URL": strings.Replace(secret, "0", "%30", 1),
		"URL in JSON":      strings.ReplaceAll(everyByte("%%%02X", secret), "%", `\u0025`),
		"not all valid":    "%zz%" + everyByte("%%%02x", secret) + "%2",
		"cut":              secret[:20] + "…",
		"twice":            secret + secret,
	} {
		body := `{"id":"` + someID + `","profile":{"login":"x` + echo + `y","` + echo + `":1},"errorCode":"E0000001","errorId":"oae","errorSummary":"` + echo + `"}`
		me, _, err := saying(t, 200, nil, body).GetMe(t.Context())
		if err != nil || !strings.Contains(me.Profile.Login, "REDACTED") || strings.Contains(me.Profile.Login, secret[:20]) {
			t.Errorf("%s: %+v, %v", name, me, err)
		}
		_, _, err = saying(t, 400, nil, body).GetMe(t.Context())
		if err == nil || !strings.Contains(err.Error(), "REDACTED") || strings.Contains(err.Error(), secret[:20]) {
			t.Errorf("%s: %v", name, err)
		}
	}
	zipped := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Okta-Request-Id", "req")
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, `{"id":"`+someID+`","profile":{"login":"`+everyByte(`\u%04x`, secret)+`"}}`)
		_ = z.Close()
	}), oktaclient.Options{Token: secret})
	if me, _, err := zipped.GetMe(t.Context()); err != nil || me.Profile.Login != "REDACTED" {
		t.Errorf("gzip: %+v, %v", me, err)
	}
}

// A link with a secret in it is neither followed nor shown; one that is too long isn't cut and
// then followed.
func TestLinksWithSecrets(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]string{
		"as it is": secret, "escaped": everyByte("%%%02x", secret), "too long": strings.Repeat("x", 17<<10), "a JWT": "eyJhbGciOiJI.eyJzdWIiOiIx.c2ln",
	} {
		for _, path := range []string{"/api/v1/users?after=" + after, "/api/v1/users/" + after} {
			requests := 0
			c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests++
				w.Header().Set("X-Okta-Request-Id", "req")
				w.Header().Set("Link", "<http://"+r.Host+path+`>; rel="next"`)
				_, _ = io.WriteString(w, "[]")
			}), oktaclient.Options{Token: secret})
			var last error
			for _, last = range c.ListUserRecords(t.Context(), oktaclient.UserQuery{}) {
			}
			if !errors.Is(last, oktaclient.ErrPages) || requests != 1 || strings.Contains(last.Error(), after) {
				t.Errorf("%s: %v after %d requests", name, last, requests)
			}
		}
	}
}

// The ID of a transaction comes from an address, with escapes undone.
func TestTransactionWithSecret(t *testing.T) {
	t.Parallel()
	own := "http://HOST/api/v1/users/" + someID + "/factors/" + someFactor + "/transactions/"
	for _, id := range []string{secret, everyByte("%%%02x", secret), "before" + secret, strings.Repeat("x", 3<<10)} {
		v, _, err := saying(t, 200, nil, `{"factorResult":"WAITING","_links":{"poll":{"href":"`+own+id+`"}}}`).
			VerifyFactor(t.Context(), someID, someFactor, oktaclient.Verify{})
		if err != nil || v.TransactionID != "" {
			t.Errorf("%.60s: %+v, %v", id, v, err)
		}
	}
}

// Headers are texts from a server too. An invalid byte doesn't hide a secret.
func TestSecretsInHeaders(t *testing.T) {
	t.Parallel()
	for _, echo := range []string{secret, everyByte("%%%02x", secret), secret[:20] + "\xff" + secret[20:], secret + strings.Repeat("x", 5000)} {
		challenge := `Bearer authorization_uri="http://x/oauth2/v1/authorize", error="insufficient_scope", error_description="` + echo + `", scope="` + echo + `"`
		_, _, err := saying(t, 403, http.Header{"Www-Authenticate": {challenge}}, "").GetMe(t.Context())
		if err == nil || !strings.Contains(err.Error(), "insufficient_scope") || strings.Contains(err.Error(), secret[:20]) || len(err.Error()) > 700 {
			t.Errorf("%.60q: %v", echo, err)
		}
	}
}

// The token endpoint's answers contain no secret except the access token, and that only in its
// place.
func TestTokenEndpointEchoes(t *testing.T) {
	t.Parallel()
	const opaque = "aTokenThatIsNoJWTatAll_0123456789"
	for name, answer := range map[string]func(assertion string) (int, string){
		"an error": func(a string) (int, string) {
			return 400, `{"error":"invalid_client","error_description":"` + strings.ReplaceAll(a, ".", `\u002e`) + `"}`
		},
		"the error's name": func(a string) (int, string) {
			return 401, `{"error":"` + everyByte(`\u%04x`, a) + `","error_description":"x"}`
		},
		"scopes": func(a string) (int, string) {
			return 200, `{"token_type":"Bearer","expires_in":3600,"scope":"okta.users.read ` + everyByte(`\u%04x`, a) + " " + everyByte(`\u%04x`, opaque) +
				`","access_token":"` + opaque + `"}`
		},
		"the type": func(string) (int, string) {
			return 200, `{"token_type":"` + everyByte(`\u%04x`, opaque) + `","expires_in":3600,"access_token":"` + opaque + `"}`
		},
		"a token that is too long": func(string) (int, string) {
			return 200, `{"token_type":"Bearer","expires_in":3600,"access_token":"` + strings.Repeat(opaque, 1000) + `"}`
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var assertions []string
				var authorization string
				org, err := oktaclient.ParseOrgURL("https://acme.okta.com")
				if err != nil {
					t.Fatal(err)
				}
				c := oktaclient.New(org, oktaclient.Options{
					App: &oktaclient.App{ClientID: "0oa1", Key: parseKey(t, pemOf(t, testKeys()["P-256"])), Scopes: []string{oktaclient.ScopeUsersRead}},
					Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
						status, body := 200, `{"id":"`+someID+`","profile":{"login":"`+everyByte(`\u%04x`, opaque)+`"}}`
						if r.URL.Path == "/oauth2/v1/token" {
							b, _ := io.ReadAll(r.Body)
							form, _ := url.ParseQuery(string(b))
							assertions = append(assertions, form.Get("client_assertion"))
							status, body = answer(form.Get("client_assertion"))
						} else {
							authorization = r.Header.Get("Authorization")
						}
						return &http.Response{
							StatusCode: status, Header: http.Header{"X-Okta-Request-Id": {"req"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r,
						}, nil
					}),
				})
				me, _, err := c.GetMe(t.Context())
				scopes, _, _ := c.Grant()
				out := fmt.Sprint(me, err, scopes)
				for _, s := range append(assertions, opaque, opaque[:20]) {
					if strings.Contains(out, s) {
						t.Errorf("%q came out: %s", s, out)
					}
				}
				if !strings.Contains(out, "REDACTED") && name != "a token that is too long" || len(assertions) == 0 || len(out) > 700 {
					t.Errorf("%d bytes: %s", len(out), out)
				}
				if want := map[string]string{"scopes": "Bearer " + opaque}[name]; authorization != want {
					t.Errorf("signed in with %q, want %q", authorization, want)
				}
			})
		})
	}
}

// An earlier client's token is as secret as its own.
func TestSuccessorKeepsSecrets(t *testing.T) {
	t.Parallel()
	org, err := oktaclient.ParseOrgURL("https://acme.okta.com")
	if err != nil {
		t.Fatal(err)
	}
	var given []string
	app := &oktaclient.App{ClientID: "0oa1", Key: parseKey(t, pemOf(t, testKeys()["P-256"])), Scopes: []string{oktaclient.ScopeUsersRead}}
	o := oktaclient.Options{App: app, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		var echo strings.Builder
		for _, token := range given {
			echo.WriteString(everyByte(`\u%04x`, token) + " ")
		}
		body := `{"id":"` + someID + `","profile":{"login":"` + echo.String() + `"}}`
		if r.URL.Path == "/oauth2/v1/token" {
			given = append(given, fmt.Sprintf("%d-anOpaqueAccessToken", len(given)))
			body = `{"token_type":"Bearer","expires_in":3600,"scope":"okta.users.read","access_token":"` + given[len(given)-1] + `"}`
		}
		return &http.Response{StatusCode: 200, Header: http.Header{"X-Okta-Request-Id": {"req"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	})}
	earlier := oktaclient.New(org, o)
	for range 3 {
		c := oktaclient.New(org, o)
		c.Succeed(earlier)
		me, _, err := c.GetMe(t.Context())
		if err != nil || strings.Contains(me.Profile.Login, "Opaque") || strings.Count(me.Profile.Login, "REDACTED") != len(given) {
			t.Errorf("%+v, %v", me, err)
		}
		earlier = c
	}
}

// An endpoint that needs no credentials may still repeat them.
func TestOrgsOwnWordsHoldNoToken(t *testing.T) {
	t.Parallel()
	org, err := saying(t, 200, nil, `{"id":"00o1","pipeline":"`+everyByte(`\u%04x`, secret)+`"}`).GetOrg(t.Context())
	if err != nil || org.Engine != "REDACTED" {
		t.Errorf("%+v, %v", org, err)
	}
}

// Lists are cut to what a person reads, or refused if they have to be complete.
func TestListsAreBounded(t *testing.T) {
	t.Parallel()
	role := `{"type":"CUSTOM","label":"x","assignmentType":"USER"}`
	roles, _, err := saying(t, 200, nil, "["+strings.Repeat(role+",", 3000)+role+"]").ListRoles(t.Context(), someID)
	if err != nil || len(roles) != 50 {
		t.Errorf("%d roles, %v", len(roles), err)
	}
	many := strings.Repeat("{},", 5000) + "{}"
	for name, body := range map[string]string{
		"targets of an event": `[{"uuid":"a","target":[` + many + `]}]`,
		"members":             `[{"uuid":"a","debugContext":{"debugData":{` + strings.Repeat(`"a":1,`, 5000) + `"a":1}}}]`,
		"a number":            `[{"uuid":"a","debugContext":{"debugData":{"a":` + strings.Repeat("7", 9000) + `}}}]`,
	} {
		if _, err := eventIDs(t, saying(t, 200, nil, body)); err == nil || !strings.Contains(err.Error(), "longer than any") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, list := range map[string]func(c *oktaclient.Client) error{
		"catalog":   func(c *oktaclient.Client) error { _, _, err := c.SupportedFactors(t.Context(), someID); return err },
		"questions": func(c *oktaclient.Client) error { _, _, err := c.ListQuestions(t.Context(), someID); return err },
	} {
		if err := list(saying(t, 200, nil, "["+many+"]")); err == nil || !strings.Contains(err.Error(), "longer than any") {
			t.Errorf("%s: %v", name, err)
		}
	}
	cause := `{"errorSummary":"` + strings.Repeat("x", 600) + `"}`
	_, err = saying(t, 400, nil, `{"errorCode":"E0000001","errorId":"oae","errorCauses":[`+strings.Repeat(cause+",", 400)+cause+`]}`).
		ResetFactors(t.Context(), someID, nil)
	if api := (*oktaclient.APIError)(nil); !errors.As(err, &api) || len(api.Causes) != 5 || len(err.Error()) > 3000 {
		t.Errorf("%d bytes, %v", len(err.Error()), err)
	}
}

// An address that is too long isn't shown as another one.
func TestLongAddresses(t *testing.T) {
	t.Parallel()
	activation := func(href string) string {
		return `{"id":"opf1","_embedded":{"activation":{"sharedSecret":"ABC","_links":{"qrcode":{"href":"` + href + `"}}}}}`
	}
	for href, want := range map[string]string{"https://x/qr": "https://x/qr", "https://x/" + strings.Repeat("q", 3000): ""} {
		f, _, err := saying(t, 200, nil, activation(href)).ActivateFactor(t.Context(), someID, someFactor, "")
		if a, _ := oktaclient.ReadActivation(f); err != nil || a.QRCode != want || a.SharedSecret != "ABC" {
			t.Errorf("%+v, %v", a, err)
		}
	}
	if _, _, err := saying(t, 200, nil, `{"id":"`+strings.Repeat("a", 3000)+`","profile":{"login":"x"}}`).GetMe(t.Context()); err == nil {
		t.Error("an ID was cut, and taken")
	}
}

// A user's attributes have room, and a cut one can be distinguished.
func TestCutAttributes(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 20<<10)
	c := saying(t, 200, nil, `[{"id":"`+someID+`","profile":{"a":"`+long+`","b":["x","`+long+`"],"c":{"d":"`+long[:32<<10]+`"}}}]`)
	for u, err := range c.ListUserRecords(t.Context(), oktaclient.UserQuery{}) {
		a, _ := u.Attribute("profile", "a").(string)
		d, _ := u.Attribute("profile", "c", "d").(string)
		if err != nil || len(a) <= oktaclient.MaxAttribute || len(a) > 33<<10 || !strings.HasPrefix(long, strings.TrimSuffix(a, "…")) ||
			d != long[:oktaclient.MaxAttribute] {
			t.Errorf("%v, %d and %d bytes", err, len(a), len(d))
		}
	}
}
