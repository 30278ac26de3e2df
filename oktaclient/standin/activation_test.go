package standin_test

import (
	"bytes"
	"image/png"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"oktareset/oktaclient/standin"
)

const (
	aPush   = `{"factorType":"push","provider":"OKTA"}`
	toPhone = `{"profile":{"phoneNumber":"+15554151337"}}`
)

// codeOf returns the address of a factor's QR code, or "".
func codeOf(t *testing.T, a answer) string {
	t.Helper()
	_, after, ok := strings.Cut(a.body, `"qrcode":{"href":"`+orgURL)
	if !ok {
		return ""
	}
	at, _, _ := strings.Cut(after, `"`)
	return at
}

// A push becomes active once its user has something to activate it by, and no sooner.
func TestPushNeedsItsCode(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		reach  func(t *testing.T, o *standin.Org, at, code string)
		active bool
		links  int
	}{
		"to nobody":      {func(*testing.T, *standin.Org, string, string) {}, false, 0},
		"only asked for": {func(t *testing.T, o *standin.Org, at, _ string) { post(t, o, at, ""); post(t, o, at+"/poll", "") }, false, 0},
		"by email":       {func(t *testing.T, o *standin.Org, at, _ string) { want(t, post(t, o, at+"/email", ""), 200, "") }, true, 1},
		"by SMS":         {func(t *testing.T, o *standin.Org, at, _ string) { want(t, post(t, o, at+"/sms", toPhone), 200, "") }, true, 1},
		"to no number":   {func(t *testing.T, o *standin.Org, at, _ string) { want(t, post(t, o, at+"/sms", ""), 400, "E0000098") }, false, 0},
		"by its code":    {func(t *testing.T, o *standin.Org, _, code string) { want(t, call(t, o, "GET", code), 200, "") }, true, 0},
		"another's code": {func(t *testing.T, o *standin.Org, _, code string) {
			want(t, call(t, o, "GET", code+"x"), 404, "E0000007")
		}, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newBob(standin.Config{PushDelay: time.Minute}, standin.User{})
				a := post(t, o, factorsPath(bob), aPush)
				f := decode[wireFactor](t, a)
				at := factorsPath(bob) + "/" + f.ID
				pause(2 * time.Minute)
				tt.reach(t, o, at+"/lifecycle/activate", codeOf(t, a))
				pause(59 * time.Second)
				if f := decode[wireFactor](t, call(t, o, "GET", at)); f.Status != "PENDING_ACTIVATION" {
					t.Errorf("%s before anybody could", f.Status)
				}
				pause(time.Minute)
				if f := decode[wireFactor](t, call(t, o, "GET", at)); (f.Status == "ACTIVE") != tt.active {
					t.Errorf("the factor is %s", f.Status)
				}
				if d := o.Did(bob); d.Links != tt.links || d.Messages != 0 {
					t.Errorf("deeds %+v", d)
				}
			})
		})
	}
}

// Whoever activates a push does so from a browser and unasked: the log has the user, not whoever
// asks for the factors later.
func TestPushIsActivatedByItsUser(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newBob(standin.Config{PushDelay: time.Minute}, standin.User{})
		f := decode[wireFactor](t, post(t, o, factorsPath(bob), aPush))
		want(t, post(t, o, factorsPath(bob)+"/"+f.ID+"/lifecycle/activate/email", ""), 200, "")
		pause(2 * time.Minute)
		var given int
		for _, e := range decode[[]struct {
			EventType string `json:"eventType"`
			Actor     struct{ ID string }
			Client    struct{ IPAddress string }
		}](t, call(t, o, "GET", "/api/v1/logs?since=2000-01-01T00:00:00Z")) {
			if e.EventType != "user.mfa.factor.activate" {
				continue
			}
			given++
			if e.Actor.ID != bob || e.Client.IPAddress == "192.0.2.10" {
				t.Errorf("activated by %s from %s", e.Actor.ID, e.Client.IPAddress)
			}
		}
		if given == 0 {
			t.Error("nothing was activated")
		}
	})
}

// A link begins the activation anew, and takes the QR code's place. Two to one address or number
// need a time between them.
func TestSendLink(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newBob(standin.Config{PushDelay: time.Hour}, standin.User{})
		first := post(t, o, factorsPath(bob), aPush)
		f := decode[wireFactor](t, first)
		at := factorsPath(bob) + "/" + f.ID + "/lifecycle/activate"
		pause(25 * time.Minute)
		want(t, call(t, o, "GET", codeOf(t, first)), 404, "E0000007") // too late
		a := post(t, o, at+"/email", "")
		want(t, a, 200, "")
		if sent := decode[wireFactor](t, a); sent.ID != f.ID || sent.Embedded.Activation.ExpiresAt <= f.Embedded.Activation.ExpiresAt || codeOf(t, a) != "" {
			t.Errorf("sent: %s", a.body)
		}
		want(t, post(t, o, at+"/email", ""), 429, "E0000118")
		want(t, post(t, o, at+"/sms", toPhone), 200, "")
		pause(29 * time.Second)
		want(t, post(t, o, at+"/sms", toPhone), 429, "E0000109")
		want(t, post(t, o, at+"/email", ""), 200, "")
		pause(time.Second)
		want(t, post(t, o, at+"/sms", toPhone), 200, "")
		if d := o.Did(bob); d.Links != 4 {
			t.Errorf("deeds %+v", d)
		}
		pause(2 * time.Minute)
		totp := enrolled(t, o, bob, `{"factorType":"token:software:totp","provider":"GOOGLE"}`)
		want(t, post(t, o, factorsPath(bob)+"/"+totp.ID+"/lifecycle/activate/email", ""), 400, "E0000001")
		quiet(t, o)
	})
}

// The picture needs no credentials: whoever opens its address shows it to the user.
func TestCodeIsAPicture(t *testing.T) {
	t.Parallel()
	o := newBob(standin.Config{}, standin.User{})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, orgURL+codeOf(t, post(t, o, factorsPath(bob), aPush)), nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := roundTrip(o, req)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(bytes.NewReader([]byte(a.body))); err != nil || a.header.Get("Content-Type") != "image/png" {
		t.Errorf("%d %q: %v", a.status, a.header.Get("Content-Type"), err)
	}
}

// The catalog has what the user's policy has, and nothing else can be enrolled.
func TestPolicy(t *testing.T) {
	t.Parallel()
	o := newBob(standin.Config{}, standin.User{Policy: []string{"sms:OKTA"}})
	list := decode[[]struct{ FactorType, Provider string }](t, call(t, o, "GET", factorsPath(bob)+"/catalog"))
	if len(list) != 1 || list[0].FactorType != "sms" {
		t.Errorf("catalog %v", list)
	}
	want(t, post(t, o, factorsPath(bob), aPush), 400, "E0000001")
	want(t, post(t, o, factorsPath(bob), `{"factorType":"sms","provider":"OKTA","profile":{"phoneNumber":"+15550000001"}}`), 200, "")
}
