package oktaclient_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktareset/oktaclient"
)

const (
	someFactor      = "mbl1nz9JHJGHWRKMTLHP"
	someTransaction = "v2mst.GldKV5VxTrifyeZmWSQguA"
)

// factorCalls are all calls about factors, and what they send.
var factorCalls = []struct {
	name       string
	call       func(context.Context, *oktaclient.Client, string, string) (oktaclient.Reply, error)
	request    string // method, path and query
	body       string
	language   string
	answer     string
	once, safe bool // how often another attempt follows a 429, or a lost answer
}{
	{
		name: "list", safe: true, request: "GET /factors", answer: "[]",
		call: func(ctx context.Context, c *oktaclient.Client, u, _ string) (oktaclient.Reply, error) {
			_, rep, err := c.ListFactors(ctx, u)
			return rep, err
		},
	},
	{
		name: "catalog", safe: true, request: "GET /factors/catalog", answer: "[]",
		call: func(ctx context.Context, c *oktaclient.Client, u, _ string) (oktaclient.Reply, error) {
			_, rep, err := c.SupportedFactors(ctx, u)
			return rep, err
		},
	},
	{
		name: "questions", safe: true, request: "GET /factors/questions", answer: "[]",
		call: func(ctx context.Context, c *oktaclient.Client, u, _ string) (oktaclient.Reply, error) {
			_, rep, err := c.ListQuestions(ctx, u)
			return rep, err
		},
	},
	{
		name: "get", safe: true, request: "GET /factors/" + someFactor, answer: "{}",
		call: func(ctx context.Context, c *oktaclient.Client, u, f string) (oktaclient.Reply, error) {
			_, rep, err := c.GetFactor(ctx, u, f)
			return rep, err
		},
	},
	{
		name: "enroll", answer: "{}", language: "fr",
		request: "POST /factors?activate=true&templateId=cst1&tokenLifetimeSeconds=60&updatePhone=true",
		body:    `{"factorType":"sms","profile":{"phoneNumber":"+15551234567"},"provider":"OKTA"}`,
		call: func(ctx context.Context, c *oktaclient.Client, u, _ string) (oktaclient.Reply, error) {
			_, rep, err := c.EnrollFactor(ctx, u, oktaclient.Enrollment{
				Type: "sms", Provider: "OKTA", Profile: map[string]any{"phoneNumber": "+15551234567"},
				Activate: true, UpdatePhone: true, TemplateID: "cst1", TokenLifetime: time.Minute, Language: "fr",
			}, nil)
			return rep, err
		},
	},
	{
		name: "enroll with fields", answer: "{}", request: "POST /factors",
		body: `{"factorProfileId":"fpr1","factorType":"token:hotp","profile":{"sharedSecret":"484f"},"provider":"CUSTOM"}`,
		call: func(ctx context.Context, c *oktaclient.Client, u, _ string) (oktaclient.Reply, error) {
			_, rep, err := c.EnrollFactor(ctx, u, oktaclient.Enrollment{
				Type: "token:hotp", Provider: "CUSTOM", Profile: map[string]any{"sharedSecret": "484f"},
				Fields: map[string]any{"factorProfileId": "fpr1"},
			}, nil)
			return rep, err
		},
	},
	{
		name: "activate", once: true, answer: "{}", request: "POST /factors/" + someFactor + "/lifecycle/activate", body: `{"passCode":"123456"}`,
		call: func(ctx context.Context, c *oktaclient.Client, u, f string) (oktaclient.Reply, error) {
			_, rep, err := c.ActivateFactor(ctx, u, f, "123456")
			return rep, err
		},
	},
	{
		name: "begin anew", answer: "{}", request: "POST /factors/" + someFactor + "/lifecycle/activate",
		call: func(ctx context.Context, c *oktaclient.Client, u, f string) (oktaclient.Reply, error) {
			_, rep, err := c.ActivateFactor(ctx, u, f, "")
			return rep, err
		},
	},
	{
		name: "link by email", answer: "{}", request: "POST /factors/" + someFactor + "/lifecycle/activate/email",
		call: func(ctx context.Context, c *oktaclient.Client, u, f string) (oktaclient.Reply, error) {
			_, rep, err := c.SendActivation(ctx, u, waiting(f), oktaclient.SendEmail, "", nil)
			return rep, err
		},
	},
	{
		name: "link by SMS", answer: "{}", request: "POST /factors/" + someFactor + "/lifecycle/activate/sms",
		body: `{"profile":{"phoneNumber":"+15551234567"}}`,
		call: func(ctx context.Context, c *oktaclient.Client, u, f string) (oktaclient.Reply, error) {
			_, rep, err := c.SendActivation(ctx, u, waiting(f), oktaclient.SendSMS, "+15551234567", nil)
			return rep, err
		},
	},
	{
		name: "resend", once: true, answer: "{}", request: "POST /factors/" + someFactor + "/resend?templateId=cst1",
		body: `{"factorType":"sms","profile":{"phoneNumber":"+15551234567"},"provider":"OKTA"}`,
		call: func(ctx context.Context, c *oktaclient.Client, u, f string) (oktaclient.Reply, error) {
			_, rep, err := c.ResendFactor(ctx, u, oktaclient.Factor{
				ID: f, Type: "sms", Provider: "OKTA", Profile: map[string]any{"phoneNumber": "+15551234567"},
			}, "cst1")
			return rep, err
		},
	},
	{
		name: "challenge", once: true, answer: "{}", language: "de", request: "POST /factors/" + someFactor + "/verify?tokenLifetimeSeconds=300",
		call: func(ctx context.Context, c *oktaclient.Client, u, f string) (oktaclient.Reply, error) {
			_, rep, err := c.VerifyFactor(ctx, u, f, oktaclient.Verify{TokenLifetime: 5 * time.Minute, Language: "de"})
			return rep, err
		},
	},
	{
		name: "answer", once: true, answer: "{}", request: "POST /factors/" + someFactor + "/verify", body: `{"answer":"mayonnaise"}`,
		call: func(ctx context.Context, c *oktaclient.Client, u, f string) (oktaclient.Reply, error) {
			_, rep, err := c.VerifyFactor(ctx, u, f, oktaclient.Verify{Answer: "mayonnaise"})
			return rep, err
		},
	},
	{
		name: "number matching", once: true, answer: "{}", request: "POST /factors/" + someFactor + "/verify", body: `{"useNumberMatchingChallenge":true}`,
		call: func(ctx context.Context, c *oktaclient.Client, u, f string) (oktaclient.Reply, error) {
			_, rep, err := c.VerifyFactor(ctx, u, f, oktaclient.Verify{NumberMatching: true})
			return rep, err
		},
	},
	{
		name: "transaction", safe: true, answer: "{}", request: "GET /factors/" + someFactor + "/transactions/" + someTransaction,
		call: func(ctx context.Context, c *oktaclient.Client, u, f string) (oktaclient.Reply, error) {
			_, rep, err := c.GetTransaction(ctx, u, f, someTransaction)
			return rep, err
		},
	},
	{
		name: "unenroll", request: "DELETE /factors/" + someFactor + "?removeRecoveryEnrollment=true",
		call: func(ctx context.Context, c *oktaclient.Client, u, f string) (oktaclient.Reply, error) {
			return c.UnenrollFactor(ctx, u, f, true, nil)
		},
	},
	{
		name: "clear sessions", request: "DELETE /sessions?forgetDevices=true&oauthTokens=true",
		call: func(ctx context.Context, c *oktaclient.Client, u, _ string) (oktaclient.Reply, error) {
			return c.ClearSessions(ctx, u, nil)
		},
	},
	{
		name: "expire password", answer: "{}", request: "POST /lifecycle/expire_password",
		call: func(ctx context.Context, c *oktaclient.Client, u, _ string) (oktaclient.Reply, error) {
			return c.ExpirePassword(ctx, u, nil)
		},
	},
}

func TestFactorCallsOnTheWire(t *testing.T) {
	t.Parallel()
	for _, tt := range factorCalls {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				calls.Add(1)
				body, _ := io.ReadAll(r.Body)
				got := r.Method + " " + strings.TrimPrefix(r.URL.RequestURI(), "/api/v1/users/"+someID)
				if got != tt.request || string(body) != tt.body || r.ContentLength != int64(len(tt.body)) {
					t.Errorf("asked for %s with %q (content length %d), want %s with %q", got, body, r.ContentLength, tt.request, tt.body)
				}
				if got := r.Header.Get("Accept-Language"); got != tt.language {
					t.Errorf("Accept-Language %q, want %q", got, tt.language)
				}
				w.Header().Set("X-Okta-Request-Id", "req")
				if tt.answer == "" {
					w.WriteHeader(http.StatusNoContent)
				}
				_, _ = io.WriteString(w, tt.answer)
			}), oktaclient.Options{Token: "secret"})
			if rep, err := tt.call(t.Context(), c, someID, someFactor); err != nil || rep.Attempts != 1 || calls.Load() != 1 {
				t.Errorf("%+v, %v after %d calls; want one that succeeds", rep, err, calls.Load())
			}
		})
	}
}

// Anything but an ID must not reach a URL, for the user or for the factor.
func TestFactorIDsAreChecked(t *testing.T) {
	t.Parallel()
	c := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("asked for %s", r.URL) }), oktaclient.Options{})
	for _, bad := range []string{"", "me", ".", "..", "../../groups/00g1", "catalog", "mbl1nz9JHJGHWRKMTLH;x", "mbl1nz9JHJGHWRKMTLH/x", "alice@example.com"} {
		for _, tt := range factorCalls {
			if _, err := tt.call(t.Context(), c, bad, someFactor); oktaclient.FateOf(err) != oktaclient.NotSent {
				t.Errorf("%s of user %q: %v, want not sent", tt.name, bad, err)
			}
			if !strings.Contains(tt.request, someFactor) {
				continue
			}
			if _, err := tt.call(t.Context(), c, someID, bad); oktaclient.FateOf(err) != oktaclient.NotSent {
				t.Errorf("%s of factor %q: %v, want not sent", tt.name, bad, err)
			}
		}
		if _, _, err := c.GetTransaction(t.Context(), someID, someFactor, bad+".."); oktaclient.FateOf(err) != oktaclient.NotSent {
			t.Errorf("transaction %q: %v, want not sent", bad, err)
		}
	}
}

// A change whose answer is lost is sent once; a read is sent again.
func TestFactorChangesAreNotSentAgain(t *testing.T) {
	t.Parallel()
	for _, tt := range factorCalls {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			c := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				calls.Add(1)
				panic(http.ErrAbortHandler)
			}), oktaclient.Options{})
			_, err := tt.call(t.Context(), c, someID, someFactor)
			if oktaclient.FateOf(err) != oktaclient.InDoubt || (calls.Load() == 1) == tt.safe {
				t.Errorf("%v after %d calls", err, calls.Load())
			}
		})
	}
}

// Okta's limits on messages and attempts are its answer: waiting for a window to end would make
// the passcode stale, and delay everybody else.
func TestFactorLimitsAreNotWaitedOut(t *testing.T) {
	t.Parallel()
	for _, tt := range factorCalls {
		for _, code := range []string{"E0000109", "E0000047"} {
			if code == "E0000047" && !tt.once {
				continue
			}
			t.Run(tt.name+" "+code, func(t *testing.T) {
				t.Parallel()
				var calls atomic.Int32
				c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					calls.Add(1)
					w.Header().Set("X-Okta-Request-Id", "req")
					w.WriteHeader(http.StatusTooManyRequests)
					_, _ = fmt.Fprintf(w, `{"errorCode":%q,"errorId":"oae"}`, code)
				}), oktaclient.Options{})
				_, err := tt.call(t.Context(), c, someID, someFactor)
				if calls.Load() != 1 || (oktaclient.MessageLimit(err) != "") != (code == "E0000109") {
					t.Errorf("%v (%q) after %d calls", err, oktaclient.MessageLimit(err), calls.Load())
				}
			})
		}
	}
}

// waiting is a push that was enrolled and waits for its user, as Okta answers.
func waiting(id string) oktaclient.Factor {
	var f oktaclient.Factor
	at := "https://acme.okta.com/api/v1/users/u/factors/" + id + "/lifecycle/activate/"
	_ = json.Unmarshal(fmt.Appendf(nil, `{"id":%q,"factorType":"push","provider":"OKTA","status":"PENDING_ACTIVATION","_embedded":{"activation":{"_links":{
		"send":[{"name":"email","href":"%[2]semail"},{"name":"sms","href":"%[2]ssms"}]}}}}`, id, at), &f)
	return f
}

// A link is sent only in a way that Okta's own answer has, to the path that Okta documents.
func TestSendOnlyWhatIsOffered(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"nothing":  `{}`,
		"by email": `{"_links":{"send":[{"name":"email","href":"https://acme.okta.com/lifecycle/activate/email"}]}}`,
		"astray":   `{"_links":{"send":[{"name":"sms","href":"https://evil.example.com/collect"}]}}`,
	} {
		var calls atomic.Int32
		c := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }), oktaclient.Options{})
		f := oktaclient.Factor{ID: someFactor, Raw: json.RawMessage(raw)}
		_, _, err := c.SendActivation(t.Context(), someID, f, oktaclient.SendSMS, "+15551234567", nil)
		if !errors.Is(err, oktaclient.ErrNoSend) || oktaclient.FateOf(err) != oktaclient.NotSent || calls.Load() != 0 {
			t.Errorf("%s: %v after %d calls", name, err, calls.Load())
		}
	}
}

func TestEnrollmentInDoubt(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "{", "<html>", `{"id":7}`} {
		c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Okta-Request-Id", "req")
			_, _ = io.WriteString(w, body)
		}), oktaclient.Options{})
		_, _, err := c.EnrollFactor(t.Context(), someID, oktaclient.Enrollment{Type: "push", Provider: "OKTA"}, nil)
		if oktaclient.FateOf(err) != oktaclient.InDoubt {
			t.Errorf("an enrollment that Okta answered with %q: %v, want in doubt", body, err)
		}
	}
}

func TestDispatchOfFactorChanges(t *testing.T) {
	t.Parallel()
	stop := errors.New("disk full")
	c := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("asked for %s", r.URL) }), oktaclient.Options{})
	no := func() error { return stop }
	_, err1 := c.UnenrollFactor(t.Context(), someID, someFactor, false, no)
	_, _, err2 := c.EnrollFactor(t.Context(), someID, oktaclient.Enrollment{Type: "push", Provider: "OKTA"}, no)
	_, err3 := c.ClearSessions(t.Context(), someID, no)
	for _, err := range []error{err1, err2, err3} {
		if !errors.Is(err, stop) || oktaclient.FateOf(err) != oktaclient.NotSent {
			t.Errorf("%v, want not sent", err)
		}
	}
}

func TestFactorPassesThrough(t *testing.T) {
	t.Parallel()
	const in = `{"id":"abc","factorType":"brand:new","provider":"ACME","profile":{"shoe size":44},"future":[1,2]}`
	var f oktaclient.Factor
	if err := json.Unmarshal([]byte(in), &f); err != nil {
		t.Fatal(err)
	}
	if out, err := json.Marshal(f); string(out) != in || err != nil {
		t.Errorf("written as %s, %v; want what came", out, err)
	}
	if f.String() != "brand:new:ACME" || f.Profile["shoe size"] != 44.0 {
		t.Errorf("%+v", f)
	}
	var list []oktaclient.Factor
	const odd = `[{"id":"a","vendorName":7,"profile":["x"],"lastUpdated":"yesterday","factorResult":{}},{"id":"b","vendorName":"OKTA"}]`
	if err := json.Unmarshal([]byte(odd), &list); err != nil || len(list) != 2 || list[0].ID != "a" || list[1].Vendor != "OKTA" {
		t.Errorf("%+v, %v; an odd factor hides the others", list, err)
	}
}

func TestTakes(t *testing.T) {
	t.Parallel()
	factor := func(s string) oktaclient.Factor {
		i := strings.LastIndexByte(s, ':')
		return oktaclient.Factor{ID: s, Type: s[:i], Provider: s[i+1:]}
	}
	all := []string{"push:OKTA", "signed_nonce:OKTA", "token:software:totp:OKTA", "token:software:totp:GOOGLE", "sms:OKTA", "push:CUSTOM"}
	for _, tt := range []struct{ f, takes string }{
		{"push:OKTA", "signed_nonce:OKTA token:software:totp:OKTA"},
		{"signed_nonce:OKTA", "push:OKTA token:software:totp:OKTA"},
		{"token:software:totp:OKTA", ""},
		{"token:software:totp:GOOGLE", ""},
		{"sms:OKTA", ""},
	} {
		var takes []string
		for _, other := range all {
			if factor(tt.f).Takes(factor(other)) {
				takes = append(takes, other)
			}
		}
		if diff := cmp.Diff(tt.takes, strings.Join(takes, " ")); diff != "" {
			t.Errorf("what %s takes along (-want +got):\n%s", tt.f, diff)
		}
		if event := factor(tt.f).LogName(); oktaclient.TakesVerify(event) != (tt.takes != "") {
			t.Errorf("an event of %s took a whole Okta Verify: %v", event, oktaclient.TakesVerify(event))
		}
	}
}
