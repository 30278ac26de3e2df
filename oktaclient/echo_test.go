package oktaclient_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf16"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
)

// echo is between a client and the org. It changes the texts of each reply, puts all secrets into
// them that it was sent, and escapes every character.
type echo struct {
	next http.RoundTripper
	text func(member, text string, secrets []string) string

	mu      sync.Mutex
	secrets []string
}

func (e *echo) RoundTrip(r *http.Request) (*http.Response, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok {
		e.learn(token)
	}
	e.learn(r.Header.Get("Dpop"))
	if r.Body != nil {
		sent, _ := io.ReadAll(r.Body)
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(sent))
		if _, assertion, ok := strings.Cut(string(sent), "client_assertion="); ok {
			assertion, _, _ = strings.Cut(assertion, "&")
			e.learn(assertion)
		}
		var doc any
		if json.Unmarshal(sent, &doc) == nil {
			e.learnTyped(doc)
		}
	}
	resp, err := e.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, _ := io.ReadAll(resp.Body)
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var doc any
	if d.Decode(&doc) == nil {
		if answer, ok := doc.(map[string]any); ok {
			token, _ := answer["access_token"].(string)
			e.learn(token)
		}
		body = e.write(nil, "", doc)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	for _, s := range e.secrets {
		resp.Header.Set("X-Okta-Request-Id", "req-"+s)
	}
	return resp, nil
}

func (e *echo) learn(secret string) {
	if secret != "" && !slices.Contains(e.secrets, secret) {
		e.secrets = append(e.secrets, secret)
	}
}

func (e *echo) learnTyped(v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, item := range v {
			if s, ok := item.(string); ok && slices.Contains([]string{"passCode", "nextPassCode", "answer", "sharedSecret"}, name) {
				e.learn(s)
			}
			e.learnTyped(item)
		}
	case []any:
		for _, item := range v {
			e.learnTyped(item)
		}
	}
}

// write appends JSON with the texts changed.
func (e *echo) write(b []byte, member string, v any) []byte {
	switch v := v.(type) {
	case map[string]any:
		b = append(b, '{')
		for i, name := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(escaped(b, name), ':')
			b = e.write(b, name, v[name])
		}
		return append(b, '}')
	case []any:
		b = append(b, '[')
		for i, item := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = e.write(b, member, item)
		}
		return append(b, ']')
	case string:
		if text := e.text(member, v, e.secrets); text != v {
			return escaped(b, text)
		}
	}
	text, _ := json.Marshal(v)
	return append(b, text...)
}

func escaped(b []byte, s string) []byte {
	b = append(b, '"')
	const hex = "0123456789abcdef"
	for _, unit := range utf16.Encode([]rune(s)) {
		b = append(b, '\\', 'u', hex[unit>>12], hex[unit>>8&15], hex[unit>>4&15], hex[unit&15])
	}
	return append(b, '"')
}

// fixed are the members that decide how an exchange continues.
var fixed = []string{
	"id", "uuid", "href", "errorCode", "factorType", "provider", "status", "factorResult", "created", "lastUpdated", "published",
	"activated", "statusChanged", "lastLogin", "passwordChanged",
	"expiresAt", "eventType", "result", "type", "access_token", "token_type",
}

// The texts that come back.
var echoes = map[string]func(member, text string, secrets []string) string{
	"behind each text": func(member, text string, secrets []string) string {
		if slices.Contains(fixed, member) {
			return text
		}
		return text + " " + strings.Join(secrets, " ")
	},
	"in place of each text": func(member, text string, secrets []string) string {
		if slices.Contains(fixed, member) || len(secrets) == 0 {
			return text
		}
		return secrets[len(secrets)-1]
	},
	"in what decides, too": func(member, text string, secrets []string) string {
		if member == "access_token" || member == "token_type" || len(secrets) == 0 {
			return text
		}
		return secrets[0]
	},
}

// scene is an org with one user, and a client.
type scene struct {
	client *oktaclient.Client
	org    *standin.Org
	user   string            // ID
	factor map[string]string // IDs by type
}

// typedAnswer and typedCode are secrets that the calls send.
const (
	typedAnswer = "the cat's maiden name"
	typedCode   = "Rome12"
)

// someoneReset is the ID of somebody who was reset a moment ago.
const someoneReset = "00u9876543210abcdEFG"

// calls returns, for each exported method of a client except those in silent, what it returns.
var calls = map[string]func(ctx context.Context, s *scene) []any{
	"GetActor": func(ctx context.Context, s *scene) []any { return of(s.client.GetActor(ctx)) },
	"GetMe":    func(ctx context.Context, s *scene) []any { return of3(s.client.GetMe(ctx)) },
	"GetOrg":   func(ctx context.Context, s *scene) []any { return of(s.client.GetOrg(ctx)) },
	"GetUser":  func(ctx context.Context, s *scene) []any { return of3(s.client.GetUser(ctx, s.user)) },
	"Grant": func(_ context.Context, s *scene) []any {
		scopes, _, _ := s.client.Grant()
		return []any{scopes}
	},
	"FindUsers": func(ctx context.Context, s *scene) []any { return of3(s.client.FindUsers(ctx, "alice@example.com")) },
	"ListUsers": func(ctx context.Context, s *scene) []any { return of3(s.client.ListUsers(ctx, "", 0)) },
	"ListUserRecords": func(ctx context.Context, s *scene) []any {
		return all(s.client.ListUserRecords(ctx, oktaclient.UserQuery{}))
	},
	"FindGroups": func(ctx context.Context, s *scene) []any { return of(s.client.FindGroups(ctx, "Staff")) },
	"ListGroupUsers": func(ctx context.Context, s *scene) []any {
		return all(s.client.ListGroupUsers(ctx, "00g1234567890abcdEFG"))
	},
	"ListRoles":    func(ctx context.Context, s *scene) []any { return of3(s.client.ListRoles(ctx, s.user)) },
	"ResetFactors": func(ctx context.Context, s *scene) []any { return of(s.client.ResetFactors(ctx, s.user, nil)) },
	"ResetFactorsAgain": func(ctx context.Context, s *scene) []any {
		return of(s.client.ResetFactorsAgain(ctx, s.user, nil, nil))
	},
	"ClearSessions":  func(ctx context.Context, s *scene) []any { return of(s.client.ClearSessions(ctx, s.user, nil)) },
	"ExpirePassword": func(ctx context.Context, s *scene) []any { return of(s.client.ExpirePassword(ctx, s.user, nil)) },
	"ListFactors":    func(ctx context.Context, s *scene) []any { return of3(s.client.ListFactors(ctx, s.user)) },
	"GetFactor": func(ctx context.Context, s *scene) []any {
		return of3(s.client.GetFactor(ctx, s.user, s.factor["sms"]))
	},
	"SupportedFactors": func(ctx context.Context, s *scene) []any { return of3(s.client.SupportedFactors(ctx, s.user)) },
	"ListQuestions":    func(ctx context.Context, s *scene) []any { return of3(s.client.ListQuestions(ctx, s.user)) },
	"EnrollFactor": func(ctx context.Context, s *scene) []any {
		question := oktaclient.Enrollment{
			Type: "question", Provider: "OKTA", Profile: map[string]any{"question": "disliked_food", "answer": typedAnswer},
		}
		f, rep, err := s.client.EnrollFactor(ctx, s.user, question, nil)
		a, _ := oktaclient.ReadActivation(f)
		return []any{f, a, rep, err}
	},
	"ActivateFactor": func(ctx context.Context, s *scene) []any {
		return of3(s.client.ActivateFactor(ctx, s.user, s.factor["pending"], typedCode))
	},
	"ResendFactor": func(ctx context.Context, s *scene) []any {
		return of3(s.client.ResendFactor(ctx, s.user, oktaclient.Factor{
			ID: s.factor["pending"], Type: "sms", Provider: "OKTA", Profile: map[string]any{"phoneNumber": "+15551234567"},
		}, ""))
	},
	"UnenrollFactor": func(ctx context.Context, s *scene) []any {
		return of(s.client.UnenrollFactor(ctx, s.user, s.factor["sms"], false, nil))
	},
	"VerifyFactor": func(ctx context.Context, s *scene) []any {
		found := of3(s.client.VerifyFactor(ctx, s.user, s.factor["question"], oktaclient.Verify{Answer: typedAnswer}))
		return append(found, of3(s.client.VerifyFactor(ctx, s.user, s.factor["sms"], oktaclient.Verify{PassCode: typedCode}))...)
	},
	"GetTransaction": func(ctx context.Context, s *scene) []any {
		v, _, err := s.client.VerifyFactor(ctx, s.user, s.factor["push"], oktaclient.Verify{})
		if err != nil || v.TransactionID == "" {
			return []any{v, err}
		}
		return of3(s.client.GetTransaction(ctx, s.user, s.factor["push"], v.TransactionID))
	},
	"AwaitPush": func(ctx context.Context, s *scene) []any {
		v, rep, err := s.client.VerifyFactor(ctx, s.user, s.factor["push"], oktaclient.Verify{})
		if err != nil {
			return []any{v, rep, err}
		}
		return append(of(s.client.AwaitPush(ctx, s.user, s.factor["push"], v)), rep)
	},
	"SendActivation": func(ctx context.Context, s *scene) []any {
		f, _ := s.org.Enroll(someoneReset, standin.Factor{Type: "push", Provider: "OKTA", Status: oktaclient.FactorPending})
		return of3(s.client.SendActivation(ctx, someoneReset, waiting(f.ID), oktaclient.SendSMS, "+15551234567", nil))
	},
	"AwaitActivation": func(ctx context.Context, s *scene) []any {
		return of(s.client.AwaitActivation(ctx, s.user, s.factor["sms"], time.Time{}))
	},
	"ListFactorEvents": func(ctx context.Context, s *scene) []any {
		now := s.client.Now()
		return all(s.client.ListFactorEvents(ctx, []string{someoneReset}, now.Add(-time.Hour), now.Add(time.Hour)))
	},
	"FindFactorEvents": func(ctx context.Context, s *scene) []any {
		return of(s.client.FindFactorEvents(ctx, []string{someoneReset}, s.client.Now().Add(-time.Hour)))
	},
	"ReadLog": func(ctx context.Context, s *scene) []any {
		return of3(s.client.ReadLog(ctx, oktaclient.FollowFactorEvents(s.client.Now().Add(-time.Hour))))
	},
	"ListEvents": func(ctx context.Context, s *scene) []any {
		now := s.client.Now()
		return all(s.client.ListEvents(ctx, oktaclient.LogQuery{Types: oktaclient.FactorsTaken, Since: now.Add(-time.Hour), Until: now.Add(time.Hour)}, 0))
	},
}

// longTexts are the limits of methods with longer texts, in bytes; the others' is 2 KB.
var longTexts = map[string]int{
	"ListUserRecords": 32 << 10, "ListGroupUsers": 32 << 10, "ListFactorEvents": 8 << 10, "FindFactorEvents": 8 << 10,
	"ReadLog": 8 << 10, "ListEvents": 8 << 10, "ListRoles": 500, "Grant": 100,
}

// silent are the methods that return nothing from a server.
var silent = []string{
	"Accepted", "Allowance", "ChangeUserAgent", "CloseIdle", "Earliest", "Expect", "Hold", "IsApp", "LostBefore", "MetOkta", "NeededScopes", "NewSeries", "Now",
	"Org", "Stats", "Succeed", "Trustworthy", "Vouched",
}

func of[T any](v T, err error) []any { return []any{v, err} }

func of3[T, U any](v T, w U, err error) []any { return []any{v, w, err} }

func all[T any](list iter.Seq2[T, error]) []any {
	var found []any
	for v, err := range list {
		found = append(found, v, err)
	}
	return found
}

// play makes an org of one user, with events in its log, and runs f with a client of it.
func play(t *testing.T, app *standin.App, e *echo, log io.Writer, f func(ctx context.Context, s *scene)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		org, key := signedIn(t, standin.Config{Token: secret, PushDelay: time.Second}, *cmpApp(app))
		user := org.Add(standin.User{
			ID: someID, Login: "alice@example.com", Roles: []string{"HELP_DESK_ADMIN", "A role of our own"}, RecoveryQuestion: true,
			Profile: map[string]any{"department": "R&D", "tags": []string{"a", "b"}},
			Factors: []standin.Factor{
				{Type: "sms", Provider: "OKTA"},
				{Type: "push", Provider: "OKTA"},
				{Type: "question", Provider: "OKTA"},
				{Type: "token:software:totp", Provider: "GOOGLE", Status: "PENDING_ACTIVATION"},
			},
		})
		org.Add(standin.User{ID: someoneReset, Login: "bob@example.com", Factors: []standin.Factor{{Type: "sms", Provider: "OKTA"}}})
		org.AddGroup(standin.Group{ID: "00g1234567890abcdEFG", Name: "Staff", Members: []string{"alice@example.com"}})
		org.Enroll(someID, standin.Factor{Type: "email", Provider: "OKTA"})
		org.ResetBy(org.Owner().ID, someoneReset)
		s := &scene{org: org, user: user.ID, factor: make(map[string]string)}
		for _, f := range user.Factors {
			s.factor[f.Type] = f.ID
		}
		s.factor["pending"] = s.factor["token:software:totp"]
		e.next = org.Transport()
		o := oktaclient.Options{Token: secret, Transport: e, Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
		if app != nil {
			o.Token, o.App = "", &key
		}
		url, err := oktaclient.ParseOrgURL("https://acme.okta.com")
		if err != nil {
			t.Fatal(err)
		}
		s.client = oktaclient.New(url, o)
		f(t.Context(), s)
	})
}

func cmpApp(app *standin.App) *standin.App {
	if app == nil {
		return new(standin.App)
	}
	return app
}

// textsOf collects every text in the return values of a call, including those in JSON.
func textsOf(v any) []string {
	var texts []string
	var gather func(v reflect.Value)
	gather = func(v reflect.Value) {
		if v.CanInterface() {
			if err, ok := v.Interface().(error); ok {
				if v.Kind() != reflect.Pointer || !v.IsNil() {
					texts = append(texts, err.Error())
				}
				return
			}
		}
		switch v.Kind() {
		case reflect.String:
			texts = append(texts, v.String())
		case reflect.Pointer, reflect.Interface:
			if !v.IsNil() {
				gather(v.Elem())
			}
		case reflect.Struct:
			for i := range v.NumField() {
				if v.Type() != reflect.TypeFor[oktaclient.Reply]() || v.Type().Field(i).IsExported() {
					gather(v.Field(i))
				}
			}
		case reflect.Map:
			for it := v.MapRange(); it.Next(); {
				gather(it.Key())
				gather(it.Value())
			}
		case reflect.Slice, reflect.Array:
			if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 {
				var doc any
				if json.Unmarshal(v.Bytes(), &doc) != nil {
					doc = string(v.Bytes())
				}
				gather(reflect.ValueOf(&doc))
				return
			}
			for i := range v.Len() {
				gather(v.Index(i))
			}
		}
	}
	gather(reflect.ValueOf(&v))
	return texts
}

// No return value and no log line of a client has a secret that a server sent back: for each
// method.
func TestEchoesOfEveryCall(t *testing.T) {
	t.Parallel()
	methods := reflect.TypeFor[*oktaclient.Client]()
	for i := range methods.NumMethod() {
		name := methods.Method(i).Name
		if _, ok := calls[name]; ok == slices.Contains(silent, name) {
			t.Errorf("%s is to be in one of the two lists of this test", name)
		}
	}
	for who, app := range map[string]*standin.App{"token": nil, "app": {}, "DPoP": {DPoP: true, APINonce: true}} {
		for name, call := range calls {
			for kind, text := range echoes {
				for _, fault := range []standin.Kind{"", standin.WrongStatus} {
					t.Run(fmt.Sprintf("%s/%s/%s/%s", who, name, kind, fault), func(t *testing.T) {
						e := &echo{text: text}
						var log bytes.Buffer
						play(t, app, e, &log, func(ctx context.Context, s *scene) {
							_, _, _ = s.client.GetUser(ctx, s.user) // signs in
							if fault != "" {
								s.org.Script(standin.Fault{Kind: fault})
							}
							found := call(ctx, s)
							texts := append(textsOf(found), log.String())
							for _, secret := range e.secrets {
								for _, text := range texts {
									if strings.Contains(text, secret) {
										t.Errorf("%q came out in %.300q", secret, text)
									}
								}
							}
							if strings.HasPrefix(kind, "behind") && !strings.Contains(strings.Join(texts, " "), "REDACTED") || len(e.secrets) == 0 {
								t.Errorf("nothing was taken out of %.2000q", texts)
							}
						})
					})
				}
			}
		}
	}
}

// Every text of every call has a limit; an ID or an address beyond it isn't used.
func TestTextsOfEveryCallAreBounded(t *testing.T) {
	t.Parallel()
	for name, call := range calls {
		for _, everything := range []bool{false, true} {
			for _, fault := range []standin.Kind{"", standin.WrongStatus} {
				t.Run(fmt.Sprintf("%s/%v/%s", name, everything, fault), func(t *testing.T) {
					bound, ok := longTexts[name]
					if !ok {
						bound = 2 << 10
					}
					var mu sync.Mutex
					var some map[string]int // of each member a few are made long, once the call begins
					begin := func() {
						mu.Lock()
						defer mu.Unlock()
						some = map[string]int{"access_token": 3, "token_type": 3} // not these
					}
					e := &echo{text: func(member, text string, _ []string) string {
						mu.Lock()
						defer mu.Unlock()
						if some == nil || some[member] >= 3 || !everything && slices.Contains(fixed, member) {
							return text
						}
						some[member]++
						return text + strings.Repeat("x", 1000+bound)
					}}
					var app *standin.App
					if name == "Grant" {
						app = &standin.App{}
					}
					play(t, app, e, io.Discard, func(ctx context.Context, s *scene) {
						if name == "Grant" { // that is signing in
							begin()
						}
						_, _, _ = s.client.GetUser(ctx, s.user) // signs in
						begin()
						if fault != "" {
							s.org.Script(standin.Fault{Kind: fault})
						}
						long, limit := false, 0
						if fault != "" || everything {
							limit = 3500 // an error has a summary and five causes
						}
						for _, text := range textsOf(call(ctx, s)) {
							if len(text) > max(bound, limit)+len("…") {
								t.Errorf("%d bytes: %.100q", len(text), text)
							}
							long = long || strings.HasSuffix(text, "…")
						}
						if list, ok := longTexts[name]; ok && fault == "" && !everything && !long {
							t.Errorf("nothing was cut to %d bytes", list)
						}
					})
				})
			}
		}
	}
}
