package standin_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktareset/oktaclient/standin"
)

// withFactors is a user with a factor of some types, the forgot-password question set.
func withFactors(id string, types ...string) standin.User {
	u := standin.User{ID: id, Login: strings.ToLower(id) + "@example.com", RecoveryQuestion: true}
	for _, s := range types {
		i := strings.LastIndex(s, ":")
		u.Factors = append(u.Factors, standin.Factor{Type: s[:i], Provider: s[i+1:]})
	}
	return u
}

func TestResetByEngine(t *testing.T) {
	t.Parallel()
	tests := []struct {
		engine standin.Engine
		states [][]string // what is listed before, after one and after two resets
	}{
		{standin.Identity, [][]string{
			{"email:OKTA", "push:OKTA", "question:OKTA", "sms:OKTA"}, {"email:OKTA", "question:OKTA"}, {"email:OKTA"},
		}},
		{standin.Classic, [][]string{{"push:OKTA", "sms:OKTA"}, nil, nil}},
	}
	for _, tt := range tests {
		o := standin.New(standin.Config{Engine: tt.engine})
		o.Add(withFactors(bob, "push:OKTA", "sms:OKTA"))
		for n, want := range tt.states {
			if diff := cmp.Diff(want, types(t, o, bob)); diff != "" {
				t.Errorf("engine %v after %d resets (-want +got):\n%s", tt.engine, n, diff)
			}
			if u, _ := o.User(bob); u.RecoveryQuestion != (tt.engine == standin.Classic || n < 2) {
				t.Errorf("engine %v after %d resets: RecoveryQuestion = %v", tt.engine, n, u.RecoveryQuestion)
			}
			if a := call(t, o, "POST", resetPath(bob)); a.status != 200 || a.body != "{}" {
				t.Fatalf("reset = %d %s, want 200 {}", a.status, a.body)
			}
		}
		s := o.Stats()
		if s.ResetsApplied != 3 || s.UsersReset != 1 || s.UsersResetTwice != 1 || o.Did(bob).Resets != 3 || o.Did(bob).ResetCalls != 3 {
			t.Errorf("stats %+v, deeds %+v", s, o.Did(bob))
		}
		quiet(t, o)
	}
}

func TestResetByLoginShortNameAndMe(t *testing.T) {
	t.Parallel()
	o := standin.New(standin.Config{})
	o.Add(standin.User{ID: bob, Login: "bob@example.com"})
	for _, name := range []string{"bob@example.com", "BOB", bob} {
		want(t, call(t, o, "POST", resetPath(name)), 200, "")
	}
	if o.Did(bob).Resets != 3 {
		t.Errorf("resets = %d, want 3", o.Did(bob).Resets)
	}
	quiet(t, o)
	want(t, call(t, o, "POST", resetPath("me")), 200, "")
	if got := o.Did(o.Owner().ID).Resets; got != 1 || len(o.Stats().Surprises) != 1 {
		t.Errorf("reset of me: the owner was reset %d times, surprises %q", got, o.Stats().Surprises)
	}
	want(t, call(t, o, "POST", resetPath("nobody@example.com")), 404, "E0000007")
}

func TestResetByStatus(t *testing.T) {
	t.Parallel()
	o := standin.New(standin.Config{ResetReply: map[string]int{"SUSPENDED": 403, "STAGED": 404}})
	tests := []struct {
		status string
		http   int
		code   string
	}{
		{"ACTIVE", 200, ""},
		{"RECOVERY", 200, ""},
		{"LOCKED_OUT", 200, ""},
		{"PASSWORD_EXPIRED", 200, ""},
		{"PROVISIONED", 200, ""},
		{"SUSPENDED", 403, "E0000038"},
		{"STAGED", 404, "E0000007"},
		{"DEPROVISIONED", 404, "E0000007"},
	}
	for i, tt := range tests {
		id := fmt.Sprintf("00u0000000000000000%d", i)
		o.Add(standin.User{ID: id, Login: id, Status: tt.status})
		a := call(t, o, "POST", resetPath(id))
		if a.status != tt.http || a.code() != tt.code || (o.Did(id).Resets == 1) != (tt.http == 200) {
			t.Errorf("reset of %s = %d %s, %d resets; want %d %s", tt.status, a.status, a.code(), o.Did(id).Resets, tt.http, tt.code)
		}
	}
	want(t, call(t, o, "GET", "/api/v1/users/00u00000000000000007/factors"), 404, "E0000007")
	want(t, call(t, o, "GET", "/api/v1/users/00u00000000000000007"), 200, "")
}

func TestEnrollAndHidden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := standin.New(standin.Config{ClockSkew: time.Hour})
		o.Add(withFactors(bob, "push:OKTA"))
		want(t, call(t, o, "POST", resetPath(bob)), 200, "")
		pause(time.Minute)
		f, ok := o.Enroll(bob, standin.Factor{Type: "sms", Provider: "OKTA"})
		if !ok || !f.Created.Equal(time.Now().Add(time.Hour)) {
			t.Errorf("Enroll = %+v, %v; want created by the server's clock", f, ok)
		}
		o.Enroll(bob, standin.Factor{Type: "webauthn", Provider: "FIDO", Hidden: true})
		if diff := cmp.Diff([]string{"email:OKTA", "question:OKTA", "sms:OKTA"}, types(t, o, bob)); diff != "" {
			t.Errorf("after enrolling (-want +got):\n%s", diff)
		}
		want(t, call(t, o, "GET", "/api/v1/users/"+bob+"/factors/"+f.ID), 200, "")
		want(t, call(t, o, "POST", resetPath(bob)), 200, "")
		if u, _ := o.User(bob); len(u.Factors) != 1 {
			t.Errorf("factors after a second reset: %v, want email only", u.Factors)
		}
		if _, ok := o.Enroll("nobody", f); ok {
			t.Error("Enroll of nobody reports true")
		}
	})
}

func TestUnenroll(t *testing.T) {
	t.Parallel()
	verify := []string{"push:OKTA", "signed_nonce:OKTA", "token:software:totp:OKTA", "token:software:totp:GOOGLE", "sms:OKTA"}
	tests := []struct {
		remove string
		left   []string
	}{
		{"sms:OKTA", []string{"push:OKTA", "signed_nonce:OKTA", "token:software:totp:GOOGLE", "token:software:totp:OKTA"}},
		{"push:OKTA", []string{"sms:OKTA", "token:software:totp:GOOGLE"}},
		{"signed_nonce:OKTA", []string{"sms:OKTA", "token:software:totp:GOOGLE"}},
		{"token:software:totp:OKTA", []string{"push:OKTA", "signed_nonce:OKTA", "sms:OKTA", "token:software:totp:GOOGLE"}},
	}
	for _, tt := range tests {
		o := standin.New(standin.Config{Engine: standin.Classic})
		u := o.Add(withFactors(bob, verify...))
		id := ""
		for _, f := range u.Factors {
			if f.Type+":"+f.Provider == tt.remove {
				id = f.ID
			}
		}
		path := "/api/v1/users/" + bob + "/factors/" + id + "?removeRecoveryEnrollment=true"
		if a := call(t, o, "DELETE", path); a.status != 204 || a.body != "" {
			t.Errorf("DELETE of %s = %d %q, want 204", tt.remove, a.status, a.body)
		}
		if diff := cmp.Diff(tt.left, types(t, o, bob)); diff != "" {
			t.Errorf("after DELETE of %s (-want +got):\n%s", tt.remove, diff)
		}
		want(t, call(t, o, "DELETE", path), 404, "E0000007")
		if d := o.Did(bob); d.Unenrolls != 1 || d.RecoveryRemoved != 1 {
			t.Errorf("deeds %+v, want one unenroll with recovery", d)
		}
		list, _ := events(t, o, url.Values{"until": {"2100-01-01T00:00:00Z"}})
		if wantURI, _, _ := strings.Cut(path, "?"); len(list) == 0 || list[0].DebugContext.DebugData.RequestURI != wantURI {
			t.Errorf("events %+v, want request %s", list, wantURI)
		}
		quiet(t, o)
	}
}

// Whether clearing sessions forgets devices, too, depends on the engine, unless it is asked for.
func TestClearSessions(t *testing.T) {
	t.Parallel()
	for engine, byDefault := range map[standin.Engine]int{standin.Identity: 1, standin.Classic: 0} {
		for query, forgotten := range map[string]int{"": byDefault, "?forgetDevices=true&oauthTokens=true": 1, "?forgetDevices=false": 0} {
			o := standin.New(standin.Config{Engine: engine})
			o.Add(standin.User{ID: bob, Login: "bob@example.com"})
			want(t, call(t, o, "DELETE", "/api/v1/users/"+bob+"/sessions"+query), 204, "")
			want(t, call(t, o, "DELETE", "/api/v1/users/00u0000000000000none/sessions"), 404, "E0000007")
			if d := o.Did(bob); d.SessionsCleared != 1 || d.DevicesForgotten != forgotten {
				t.Errorf("engine %d, %q: deeds = %+v, want one clearing, devices forgotten %d times", engine, query, d, forgotten)
			}
		}
	}
}

func TestReenroll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := standin.New(standin.Config{Reenroll: 50 * time.Millisecond, Engine: standin.Classic})
		u := o.Add(standin.User{Login: "alice@example.com", Factors: []standin.Factor{{Type: "sms", Provider: "OKTA"}}})
		req := httptest.NewRequest(http.MethodPost, "/api/v1/users/"+u.ID+"/lifecycle/reset_factors", nil)
		req.Header.Set("Authorization", "SSWS "+o.Token())
		o.ServeHTTP(httptest.NewRecorder(), req)
		for _, want := range []int{0, 1} {
			if got, _ := o.User(u.ID); len(got.Factors) != want {
				t.Errorf("%d factors, want %d: %v", len(got.Factors), want, got.Factors)
			}
			<-time.After(60 * time.Millisecond)
		}
		a := call(t, o, "GET", "/api/v1/logs?q=activate")
		if events := decode[[]event](t, a); len(events) != 1 || events[0].EventType != "user.mfa.factor.activate" || events[0].Actor.ID != u.ID || events[0].Target[0].ID != u.ID {
			t.Errorf("the log says of it: %s", a.body)
		}
	})
}

// A factor that somebody has had for long was enrolled by nobody now.
func TestEnrollOfOldFactorIsNoEvent(t *testing.T) {
	t.Parallel()
	o := standin.New(standin.Config{})
	u := o.Add(standin.User{Login: "alice@example.com"})
	if _, ok := o.Enroll(u.ID, standin.Factor{Type: "sms", Provider: "OKTA", Created: time.Now().Add(-time.Hour)}); !ok {
		t.Fatal("nobody there")
	}
	if a := call(t, o, "GET", "/api/v1/logs"); a.body != "[]" {
		t.Errorf("events: %s", a.body)
	}
}
