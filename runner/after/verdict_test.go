package after

import (
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner/evidence"
	"oktareset/runner/results"
)

const (
	alice = "00u0000000000000000a"
	admin = "00uadmin000000000000"
	home  = "198.51.100.7"
	vpn   = "203.0.113.66"
	runID = "20261127T040000Z-aaaaaa"
)

var began = time.Date(2026, 11, 27, 4, 0, 0, 0, time.UTC)

// happening is an event of the log about a user, by default one that the user did at home.
type happening struct {
	typ, factor, by, ip, country, request, run string
	after                                      time.Duration
	failed                                     bool
}

const (
	all  = oktaclient.EventResetAll
	off  = oktaclient.EventDeactivate
	on   = oktaclient.EventActivate
	edit = oktaclient.EventUpdate
)

func (h happening) event(t testing.TB, user string, n int) *oktaclient.LogEvent {
	t.Helper()
	or := func(s, other string) string {
		if s == "" {
			return other
		}
		return s
	}
	actor, result, agent, reason := or(h.by, user), "SUCCESS", "Mozilla/5.0", ""
	if h.failed {
		result = "FAILURE"
	}
	if h.run != "" {
		agent = "oktareset/1.0 run/" + h.run
	}
	if h.factor != "" {
		reason = "User " + map[string]string{on: "set up", off: "reset"}[or(h.typ, on)] + " " + h.factor + " factor"
	}
	kind := "User"
	if actor == "system" {
		kind = systemActor
	}
	e := new(oktaclient.LogEvent)
	text := fmt.Sprintf(`{"uuid":"%s-%d","published":%q,"eventType":%q,"actor":{"id":%q,"type":%q,"alternateId":"%[5]s@x"},`+
		`"target":[{"id":%[7]q,"type":"User","alternateId":"%[7]s@x"}],"outcome":{"result":%q,"reason":%q},`+
		`"client":{"userAgent":{"rawUserAgent":%q},"ipAddress":%q,"geographicalContext":{"country":%q}},"transaction":{"id":%q}}`,
		user, n, began.Add(h.after).Format(time.RFC3339Nano), or(h.typ, on), actor, kind, user, result, reason, agent, or(h.ip, home), or(h.country, "Norway"),
		or(h.request, fmt.Sprint("r", n)))
	if err := json.Unmarshal([]byte(text), e); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return e
}

// someone returns a user who was reset, and about whom the log has these events.
func someone(t *testing.T, id string, log ...happening) *person {
	t.Helper()
	p := &person{row: 1, id: id, since: began, request: "req1"}
	for n, h := range log {
		e := h.event(t, id, n)
		if f, ok := evidence.FactOf(e); ok && f.Done {
			ours := evidence.Runs{runID: {admin}}.Made(f.By)
			p.take(e, &f, ours, newKept())
			p.take(e, &f, ours, newKept()) // a later reading has it again
		}
	}
	return p
}

// from adds sign-ins, and marks the history as read.
func (p *person) from(t *testing.T, from ...happening) *person {
	p.before = &history{since: began.Add(-historyTime)}
	for n, h := range from {
		h.typ = oktaclient.EventSignIn
		p.signedIn(h.event(t, p.id, 100+n), newKept())
	}
	return p
}

// wiped is the event of the reset itself.
var wiped = happening{typ: all, by: admin, run: runID, request: "req1"}

func at(d time.Duration, factor string) happening { return happening{after: d, factor: factor} }

const push, totp, nonce, key = "OKTA_VERIFY_PUSH", "OKTA_SOFT_TOKEN", "SIGNED_NONCE", "FIDO_WEBAUTHN"

func TestJudge(t *testing.T) {
	t.Parallel()
	sms := happening{after: time.Minute, factor: "SMS_FACTOR"}
	// a stranger's key and the user's own: one of the two is removed
	lostOne := []happening{wiped, {factor: key, by: "00uother", after: time.Minute}, at(30*time.Minute, key), {typ: off, factor: key, after: time.Hour}}
	listed := func(factor string) func(*person) { return func(p *person) { p.listed = &listing{factor: factor} } }
	tests := []struct {
		name    string
		log     []happening
		change  func(p *person)
		classic bool
		want    string // status, reasons, factor
		detail  string
	}{
		{"nothing since", []happening{wiped}, nil, false, "not_yet", ""},
		{"back", []happening{wiped, sms}, nil, false, "back sms:OKTA", ""},
		{"back, as the log is read backwards", []happening{sms, wiped}, nil, false, "back sms:OKTA", ""},
		{"an Okta Verify is one", []happening{wiped, {factor: push, after: time.Minute, request: "x"}, {factor: totp, after: time.Minute, request: "x"}}, nil, false, "back push:OKTA token:software:totp:OKTA", ""},
		{"a factor that nobody knows", []happening{wiped, at(time.Minute, "PALM_READER")}, nil, false, "back PALM_READER", ""},
		{"in vain", []happening{wiped, {factor: push, after: time.Minute, failed: true}}, nil, false, "not_yet", ""},
		{"before the reset", []happening{at(time.Second, push), {typ: all, by: admin, run: runID, after: 2 * time.Second}}, nil, false, "not_yet", ""},
		{"an email enrolls itself", []happening{wiped, at(time.Minute, "EMAIL_FACTOR")}, nil, false, "not_yet", ""},
		{"an email of Classic", []happening{wiped, at(time.Minute, "EMAIL_FACTOR")}, nil, true, "back email:OKTA", ""},
		{"a question may be the one for a forgotten password", []happening{wiped, at(time.Minute, "SECURITY_QUESTION")}, nil, false, "not_yet", ""},
		{"reset by the request of the row, whoever the log says it was", []happening{{typ: all, by: "00uother", request: "req1"}, sms}, nil, false, "back sms:OKTA", ""},
		{"reset again by another", []happening{wiped, sms, {typ: all, by: "00uother", after: time.Hour}}, nil, false, "not_yet", "reset again by 00uother@x at 2026-11-27T05:00:00Z"},
		{"and back once more", []happening{wiped, sms, {typ: all, by: "00uother", after: time.Hour}, at(2*time.Hour, key)}, nil, false, "back webauthn:FIDO", ""},
		{"sent again by a later run", []happening{wiped, sms, {typ: all, by: admin, run: runID, after: time.Hour, request: "req2"}}, nil, false, "not_yet", ""},
		{"one factor lost, one left", []happening{wiped, sms, at(2*time.Minute, key), {typ: off, factor: "SMS_FACTOR", after: time.Hour}}, nil, false, "back webauthn:FIDO", ""},
		{"all of an Okta Verify lost", []happening{wiped, {factor: push, after: time.Minute, request: "x"}, {factor: totp, after: time.Minute, request: "x"}, {typ: off, factor: nonce, after: time.Hour}, {typ: off, factor: totp, after: time.Hour}}, nil, false, "not_yet", ""},
		{"one of two keys lost", lostOne, nil, false, "look_at enrolled_by_another webauthn:FIDO", "enrolled by 00uother@x"},
		{"one of two keys lost, and the list has one", lostOne, listed("webauthn:FIDO"), false, "look_at enrolled_by_another webauthn:FIDO", "enrolled by 00uother@x"},
		{"both keys lost, as the list proves", slices.Concat(lostOne, []happening{{typ: off, factor: key, after: 2 * time.Hour}}), listed(""), false, "not_yet", ""},
		{"one of two keys lost, and the list says nothing", lostOne, func(p *person) { p.listed = &listing{why: "gone"} }, false, "look_at enrolled_by_another webauthn:FIDO", ""},
		{"one of two plain keys lost", []happening{wiped, at(time.Minute, key), at(time.Hour, key), {typ: off, factor: key, after: 2 * time.Hour}}, nil, false, "unknown", "the list of factors wasn't asked"},
		{"one of two Okta Verify lost", []happening{wiped, {factor: push, by: "00uother", after: time.Minute}, at(time.Hour, push), {typ: off, factor: push, after: 2 * time.Hour}}, listed("push:OKTA"), false, "look_at enrolled_by_another push:OKTA", ""},
		{"one of two keys lost, and reset again", slices.Concat(lostOne, []happening{{typ: all, by: "00uother", after: 2 * time.Hour}}), nil, false, "not_yet", "reset again by 00uother@x"},
		{"who knows what was lost", []happening{wiped, sms, {typ: off, after: time.Hour}}, nil, false, "unknown", "the list of factors wasn't asked"},
		{"the list knows", []happening{wiped, sms, {typ: off, after: time.Hour}}, func(p *person) { p.listed = &listing{factor: "sms:OKTA", at: began} }, false, "back sms:OKTA", ""},
		{"the list has nothing any more", []happening{wiped, sms, {typ: off, after: time.Hour}}, func(p *person) { p.listed = new(listing) }, false, "not_yet", ""},
		{"a change alone shows a factor, since nobody knows when", []happening{wiped, {typ: edit, after: time.Minute}}, nil, false, "unknown", "the list of factors wasn't asked"},
		{"without the reset, the log can't say that nothing came after it", nil, nil, false, "unknown", "the list of factors wasn't asked"},
		{"without the reset, an enrollment is one", []happening{sms}, nil, false, "back sms:OKTA", ""},
		{"the list has a factor", nil, func(p *person) { p.listed = &listing{factor: "push:OKTA", at: began} }, false, "back push:OKTA", "by the list of factors"},
		{"the list has none", nil, func(p *person) { p.listed = new(listing) }, false, "not_yet", "the System Log doesn't show the reset; the list shows no factor"},
		{"the list says nothing", nil, func(p *person) { p.listed = &listing{why: "gone"} }, false, "unknown", "gone"},
		{"in doubt", nil, func(p *person) { p.doubt, p.listed = true, new(listing) }, false, "unknown", "nothing proves that this user was reset"},
		{"in doubt, and the log has it", []happening{wiped}, func(p *person) { p.doubt = true }, false, "not_yet", ""},
		{"in doubt, and enrolled", nil, func(p *person) { p.doubt, p.listed = true, &listing{factor: "sms:OKTA", at: began} }, false, "back sms:OKTA", "by the list of factors"},

		{"enrolled by another", []happening{wiped, {factor: push, by: "00uother", after: time.Minute}}, nil, false, "look_at enrolled_by_another push:OKTA", "enrolled by 00uother@x"},
		{"and one's own besides", []happening{wiped, sms, {factor: push, by: "00uother", after: time.Hour}}, nil, false, "look_at enrolled_by_another sms:OKTA", "enrolled by 00uother@x"},
		{"enrolled by Okta", []happening{wiped, {factor: push, by: "system", after: time.Minute}}, nil, false, "back push:OKTA", ""},
		{"enrolled by the run", []happening{wiped, {factor: "SMS_FACTOR", by: admin, run: runID, after: time.Second}}, nil, false, "back sms:OKTA", "enrolled by the run itself"},
		{"enrolled in the name of the run", []happening{wiped, {factor: push, by: "00uother", run: runID, after: time.Second}}, nil, false, "look_at enrolled_by_another push:OKTA", ""},
		{"from a new country", []happening{wiped, {factor: push, after: time.Minute, country: "Chile"}}, func(p *person) { p.from(t, happening{}, happening{country: "Peru"}) }, false, "look_at new_country push:OKTA", "Chile is a new country: since 2026-10-28 the user had signed in from Norway, Peru only"},
		{"from a country of before", []happening{wiped, {factor: push, after: time.Minute, country: "Peru"}}, func(p *person) { p.from(t, happening{}, happening{country: "Peru"}) }, false, "back push:OKTA", ""},
		{"from a country of after", []happening{wiped, {factor: push, after: time.Minute, country: "Peru"}}, func(p *person) { p.from(t, happening{}, happening{country: "Peru", after: time.Second}) }, false, "look_at new_country push:OKTA", "Peru is a new country"},
		{"nobody knows the countries of before", []happening{wiped, {factor: push, after: time.Minute, country: "Chile"}}, func(p *person) { p.from(t) }, false, "back push:OKTA", ""},
		{"two phones in one sitting", []happening{wiped, at(time.Minute, push), at(2*time.Minute, push)}, nil, false, "look_at several_devices push:OKTA", "2 times push:OKTA within 1m0s"},
		{"two phones a day apart", []happening{wiped, at(time.Minute, push), at(24*time.Hour, push)}, nil, false, "back push:OKTA", ""},
		{"a phone and a key", []happening{wiped, at(time.Minute, push), at(2*time.Minute, key)}, nil, false, "back push:OKTA", ""},
		{"a key and its spare", []happening{wiped, at(time.Minute, key), at(2*time.Minute, key)}, nil, false, "back webauthn:FIDO", ""},
		{"three keys", []happening{wiped, at(time.Minute, key), at(2*time.Minute, key), at(3*time.Minute, key)}, nil, false, "look_at several_devices webauthn:FIDO", "3 times webauthn:FIDO within 2m0s"},
		{"the Admin Console at once", []happening{wiped, sms, {typ: oktaclient.EventAdmin, after: 2 * time.Minute}}, nil, false, "look_at admin_console sms:OKTA", "opened 1m0s later"},
		{"the Admin Console the next day", []happening{wiped, sms, {typ: oktaclient.EventAdmin, after: 24 * time.Hour}}, nil, false, "back sms:OKTA", ""},
		{"the Admin Console before", []happening{wiped, {typ: oktaclient.EventAdmin, after: time.Second}, sms}, nil, false, "back sms:OKTA", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := someone(t, alice, tt.log...)
			if tt.change != nil {
				tt.change(p)
			}
			f := p.judge(tt.classic, share([]*person{p}, tt.classic))
			got := string(f.Status)
			for _, reason := range f.Reasons {
				got += " " + string(reason)
			}
			if f.Factor != "" {
				got += " " + f.Factor
			}
			if got != tt.want || !strings.Contains(f.Detail, tt.detail) || tt.detail == "" && f.Detail != "" && f.Status == Back {
				t.Errorf("%s (%s), want %s (%s)", got, f.Detail, tt.want, tt.detail)
			}
			if len(p.marks) > len(tt.log) {
				t.Errorf("%d marks of %d events", len(p.marks), len(tt.log))
			}
			n := p.fold(tt.classic)
			if open := p.open(&n); open != (f.Status == Unknown || p.listed != nil || n.unsure) {
				t.Errorf("the list of factors is needed: %v", open)
			}
		})
	}
}

// The list of factors counts only until the log has something new.
func TestOlderList(t *testing.T) {
	t.Parallel()
	asOf := began.Add(time.Hour)
	for name, c := range map[string]struct {
		news happening
		want Status
	}{
		"reset again":          {happening{typ: all, by: "00uother", after: 2 * time.Hour}, NotYet},
		"reset by a later run": {happening{typ: all, by: admin, run: runID, after: 2 * time.Hour}, NotYet},
		"lost":                 {happening{typ: off, factor: key, after: 2 * time.Hour}, Unknown},
	} {
		p := someone(t, alice)
		p.listed = &listing{factor: "webauthn:FIDO", at: began, asOf: asOf}
		if f := p.judge(false, nil); f.Status != Back || !f.AsOf.Equal(asOf) {
			t.Errorf("before %s: %+v, want %s as of the list", name, f, Back)
		}
		e := c.news.event(t, alice, 1)
		f, _ := evidence.FactOf(e)
		p.take(e, &f, evidence.Runs{runID: {admin}}.Made(f.By), newKept())
		if f := p.judge(false, nil); f.Status != c.want || !f.AsOf.IsZero() {
			t.Errorf("%s: %+v, want %s as of the log", name, f, c.want)
		}
	}
}

// Several users who enroll from one address need a look, unless people work there.
func TestSharedAddress(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		from  []string // the users enroll from there
		known []string // they have signed in from there; "": nobody knows
		want  []string // rows to look at
		text  string
	}{
		{"two", []string{vpn, vpn}, []string{home, home}, nil, ""},
		{"three", []string{vpn, vpn, vpn, home}, []string{home, home, home, home}, []string{"0", "1", "2"}, "3 of these users enrolled from this address, which is new to all of them"},
		{"an office", []string{vpn, vpn, vpn, vpn}, []string{vpn, vpn, home, home}, nil, ""},
		{"an office, and somebody new", []string{vpn, vpn, vpn}, []string{vpn, "", ""}, nil, ""},
		{"one of them works there", []string{vpn, vpn, vpn, vpn}, []string{vpn, home, home, home}, []string{"1", "2", "3"}, "and only 1 of them"},
		{"half of the others work there", []string{vpn, vpn, vpn}, []string{vpn, home, home}, nil, ""},
		{"nobody knows from where they signed in", []string{vpn, vpn, vpn}, []string{"", "", ""}, []string{"0", "1", "2"}, "nothing is known of their earlier ones"},
		{"one network of IPv6", []string{"2001:db8:1:1::1", "2001:db8:1:1::2", "2001:db8:1:1:ffff::1"}, []string{home, home, home}, []string{"0", "1", "2"}, "3 of these users"},
		{"networks of IPv6", []string{"2001:db8:1:1::1", "2001:db8:1:2::2", "2001:db8:1:3::1"}, []string{home, home, home}, nil, ""},
		{"one address, in two forms", []string{vpn, vpn, "::ffff:" + vpn}, []string{home, home, home}, []string{"0", "1", "2"}, "3 of these users"},
		{"no address", []string{"?", "?", "?"}, []string{home, home, home}, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var people []*person
			for i, ip := range tt.from {
				p := someone(t, fmt.Sprintf("00u%017d", i), wiped, happening{factor: push, after: time.Minute, ip: ip})
				if p.row = i; tt.known[i] != "" {
					p.from(t, happening{ip: tt.known[i]})
				}
				people = append(people, p)
			}
			shared := share(people, false)
			var got []string
			for _, p := range people {
				f := p.judge(false, shared)
				if f.Status == LookAt {
					got = append(got, fmt.Sprint(p.row))
					if !strings.Contains(f.Detail, tt.text) || f.Reasons[0] != results.SharedAddress {
						t.Errorf("row %d: %v, %s", p.row, f.Reasons, f.Detail)
					}
				}
			}
			if fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("looked at %v, want %v", got, tt.want)
			}
		})
	}
}

// A user's reset and enrollment write some eight events. The log is read far enough for all of them.
func TestPages(t *testing.T) {
	t.Parallel()
	for users, want := range map[int]int{1: 200, 5000: 250, 100_000: 1200} {
		if got := pagesFor(users); got != want || got*oktaclient.LogPage < 8*users {
			t.Errorf("%d pages for %d users, want %d", got, users, want)
		}
	}
}

// BenchmarkMemory shows how much is kept of a user who is back.
func BenchmarkMemory(b *testing.B) {
	const users = 10_000
	for b.Loop() {
		var before, now runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		k, people := newKept(), make([]*person, users)
		for i := range people {
			people[i] = &person{id: fmt.Sprintf("00u%017d", i), since: began, request: fmt.Sprintf("%032d", i)}
			for n, factor := range []string{push, totp, nonce} {
				e := happening{factor: factor, after: time.Minute, request: "x", ip: fmt.Sprintf("198.51.%d.%d", i/250, i%250)}.event(b, people[i].id, n)
				f, _ := evidence.FactOf(e)
				people[i].take(e, &f, false, k)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&now)
		b.ReportMetric(float64(now.HeapAlloc-before.HeapAlloc)/users, "B/user")
		runtime.KeepAlive(people)
	}
}
