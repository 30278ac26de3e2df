package doubt

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner"
)

// The lines of this package that "nobody is reset twice" rests on, each with the test that fails
// without it:
//
//	look.go    absent needs a log read to its end        TestLogBreaksOff
//	           absent needs a witness                    TestProof ("nobody shows that the log keeps up")
//	           absent needs an untouched user            TestProofIsOurs
//	           incomplete is never absent                TestIncompleteStays
//	           a part is a part                          TestPartOfAReset
//	evidence   events from before the taking             TestProofIsOfThisTaking
//	           the account of a run                      TestProofNeedsTheAccount, TestSentBy
//	           the witness is this run's, and later      TestWitness, TestWitnessComesAfter
//	           whole, part, and what is from before      TestPartOfAReset, TestLeftBy
//	again.go   the look comes before                     TestProofEnds
//	           an hour, the margin, the times            TestProofByFactors, TestFromBefore
//	           what stays listed                         TestProofByFactors
//	           enrolled or changed since                 TestProofByFactors, TestFromBefore
//	           Okta's windows vouch, now and then        TestProof ("a proxy's"), TestProofOfAnEarlierRun, TestOneVouchedReply
//	           what was recorded is still there          TestMissing
//	           five seconds, from when it was asked      TestProofEnds
//	prover.go  a minute, from the beginning of this run  TestProof, TestProofOfAnEarlierRun
//	           a new loss ends an old look               TestProofEnds
//
// Those outside this package are in command/guards_test.go.

var taken = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// listed is a factor with these ages when the row was taken.
func listed(name string, created, updated time.Duration) oktaclient.Factor {
	f := oktaclient.ParseFactor(name)
	f.Created, f.LastUpdated = taken.Add(-created), taken.Add(-updated)
	return f
}

func TestFromBefore(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	old := listed("sms:OKTA", day, day)
	unborn, unchanged := listed("call:OKTA", day, day), listed("call:OKTA", day, day)
	unborn.Created, unchanged.LastUpdated = time.Time{}, time.Time{}
	for _, tt := range []struct {
		name  string
		list  []oktaclient.Factor
		proof bool
	}{
		{"none", nil, false},
		{"one", []oktaclient.Factor{old}, true},
		{"just old enough", []oktaclient.Factor{listed("sms:OKTA", time.Hour, time.Hour)}, true},
		{"a second too young", []oktaclient.Factor{listed("sms:OKTA", time.Hour-time.Second, time.Hour-time.Second)}, false},
		{"changed a second too late", []oktaclient.Factor{listed("sms:OKTA", day, time.Hour-time.Second)}, false},
		{"another without a time of its making", []oktaclient.Factor{old, unborn}, false},
		{"another without a time of its change", []oktaclient.Factor{old, unchanged}, false},
		{"another within the margin", []oktaclient.Factor{old, listed("call:OKTA", 9*time.Second, 9*time.Second)}, false},
		{"another changed within the margin", []oktaclient.Factor{old, listed("call:OKTA", day, 9*time.Second)}, false},
		{"another beyond the margin", []oktaclient.Factor{old, listed("call:OKTA", 11*time.Second, 11*time.Second)}, true},
		{"another that was made since", []oktaclient.Factor{old, listed("call:OKTA", -day, -day)}, false},
		{"one that a reset may leave", []oktaclient.Factor{listed("email:OKTA", day, day)}, false},
		{"one of a type that nobody knows", []oktaclient.Factor{listed("mind:OKTA", day, day)}, false},
		{"a push", []oktaclient.Factor{listed("push:OKTA", day, day)}, false},
		{"a push and Google's passcodes", []oktaclient.Factor{listed("push:OKTA", day, day), listed("token:software:totp:GOOGLE", day, day)}, true},
		{"a push and young passcodes", []oktaclient.Factor{listed("push:OKTA", day, day), listed("token:software:totp:OKTA", time.Minute, time.Minute)}, false},
	} {
		if err := fromBefore(tt.list, taken); (err == nil) != tt.proof {
			t.Errorf("%s: %v, want a proof: %v", tt.name, err, tt.proof)
		}
	}
}

// event is an event of the System Log.
func event(kind, user, reason, actor, agent string, at time.Time) oktaclient.LogEvent {
	var e oktaclient.LogEvent
	e.EventType, e.Published, e.Actor.ID = kind, at, actor
	e.Target = []oktaclient.LogParty{{ID: user, Type: "User"}}
	e.Outcome.Result = oktaclient.OutcomeSuccess
	if reason != "" {
		e.Outcome.Reason = fmt.Sprintf("User reset %s factor", reason)
	}
	e.Client.UserAgent.Raw = agent
	return e
}

func TestLeftBy(t *testing.T) {
	t.Parallel()
	const age = time.Hour
	list := func(names ...string) (all []oktaclient.Factor) {
		for _, n := range names {
			all = append(all, listed(n, age, age))
		}
		return all
	}
	timeless := oktaclient.ParseFactor("call:OKTA")
	for _, tt := range []struct {
		gone string // in the log's words
		list []oktaclient.Factor
		left string
	}{
		{"SMS_FACTOR", list("sms:OKTA"), ""},
		{"SMS_FACTOR", list("call:OKTA"), "call:OKTA"},
		{"SMS_FACTOR", []oktaclient.Factor{timeless}, "call:OKTA"},
		{"SMS_FACTOR", []oktaclient.Factor{listed("call:OKTA", -2*time.Minute, -2*time.Minute)}, ""}, // enrolled since
		{"SMS_FACTOR", []oktaclient.Factor{listed("call:OKTA", -30*time.Second, 0)}, "call:OKTA"},    // while the request was under way
		{"SMS_FACTOR", list("email:OKTA", "question:OKTA"), ""},
		{"OKTA_SOFT_TOKEN", list("push:OKTA", "signed_nonce:OKTA"), ""},
		{"OKTA_SOFT_TOKEN", list("push:OKTA", "token:software:totp:OKTA"), "push:OKTA"},
		{"SIGNED_NONCE", list("push:OKTA"), ""},
		{"SIGNED_NONCE", list("push:OKTA", "token:software:totp:OKTA"), "push:OKTA token:software:totp:OKTA"},
		{"GOOGLE_AUTHENTICATOR", list("push:OKTA", "token:software:totp:GOOGLE"), "push:OKTA"},
		{"GOOGLE_AUTHENTICATOR", list("token:software:totp:OKTA"), "token:software:totp:OKTA"},
		{"", list("webauthn:FIDO"), "webauthn:FIDO"},
		{"", list("token:DEL_OATH"), "token:DEL_OATH"}, // it has no known name in the log
	} {
		parts := []oktaclient.LogEvent{event(oktaclient.EventDeactivate, "u", tt.gone, "", "", taken.Add(time.Minute))}
		left := ""
		for _, f := range leftBy(parts, tt.list) {
			left += " " + f.String()
		}
		if left != "" {
			left = left[1:]
		}
		if left != tt.left {
			t.Errorf("%s of %v leaves %q, want %q", tt.gone, tt.list, left, tt.left)
		}
	}
}

func TestSentBy(t *testing.T) {
	t.Parallel()
	const a, b, c = "20260102T120000Z-aaaaaa", "20260102T120000Z-bbbbbb", "20260102T120000Z-cccccc"
	p := &Prover{opts: Options{Runs: map[string]Run{a: {Actor: "me"}, b: {}}}}
	for _, tt := range []struct {
		actor, agent, run string
		want              bool
	}{
		{"me", "oktareset/1 run/" + a, a, true},
		{"me", "oktareset/1 run/" + a, c, false},
		{"me", "oktareset/1 run/" + a + "2", a, false},
		{"me", "Mozilla/5.0 run/" + a, a, false},
		{"me", "Mozilla/5.0 oktareset/1 run/" + a, a, false},
		{"me", "", "", false},
		{"you", "oktareset/1 run/" + a, a, false},
		{"", "oktareset/1 run/" + b, b, false},
		{"", "oktareset/1 run/" + c, c, false},
	} {
		e := event(oktaclient.EventResetAll, "u", "", tt.actor, tt.agent, taken)
		if got := p.sentBy(&e, tt.run); got != tt.want {
			t.Errorf("%+v: %v", tt, got)
		}
	}
}

func TestWitness(t *testing.T) {
	t.Parallel()
	const a, b = "20260102T120000Z-aaaaaa", "20260102T120000Z-bbbbbb"
	p := &Prover{opts: Options{RunID: a, Runs: map[string]Run{a: {Actor: "me"}, b: {Actor: "me"}}}}
	w := answer{userID: "u", at: taken}
	for _, tt := range []struct {
		user, run string
		at        time.Time
		want      bool
	}{
		{"u", a, taken.Add(time.Second), true},
		{"u", a, taken.Add(-time.Minute), false},
		{"u", b, taken.Add(time.Second), false},
		{"x", a, taken.Add(time.Second), false},
	} {
		e := event(oktaclient.EventResetAll, tt.user, "", "me", "oktareset/1 run/"+tt.run, tt.at)
		if got := p.sawWitness(&e, w); got != tt.want {
			t.Errorf("%+v: %v", tt, got)
		}
	}
}

// Only a few witnesses are kept: the newest, and others spread over the run, so that a row lost
// at any time has one soon after it.
func TestWitnessesAreFew(t *testing.T) {
	t.Parallel()
	p := New(nil, Options{})
	start := time.Now()
	const all = 10_000
	for i := range all {
		p.Answered(fmt.Sprint(i), start.Add(time.Duration(i)*time.Second), taken)
	}
	n := len(p.answered)
	if n != keptWitnesses || p.answered[n-1].userID != fmt.Sprint(all-1) || p.answered[n-newestWitnesses].userID != fmt.Sprint(all-newestWitnesses) {
		t.Errorf("%d witnesses, the newest are %+v", n, p.answered[n-newestWitnesses:])
	}
	for lost := range all / 1000 {
		after := start.Add(time.Duration(lost) * 1000 * time.Second)
		if first, ok := p.witness(after); !ok || first.Sub(after) > all/4*time.Second {
			t.Errorf("a row that was lost at %v has a witness %v later, %v", after.Sub(start), first.Sub(after), ok)
		}
	}
	if oktaclient.LogTargets-keptWitnesses < 10 {
		t.Error("a query of the log has no room for rows")
	}
	with, without := p.Witnessed([]runner.Result{{Row: runner.Row{N: 1}}})
	p.Lost(2)
	if len(with) != 1 || len(without) != 0 {
		t.Errorf("%d rows with a witness, %d without", len(with), len(without))
	}
}

// Nothing waits for a request that wasn't sent, or was refused; an enrollment waits as long as a
// reset.
func TestRipeIn(t *testing.T) {
	t.Parallel()
	p := New(nil, Options{})
	for open, want := range map[runner.Sent]map[runner.Reason]time.Duration{
		runner.Lost: {
			runner.StepReset: settleTime, runner.ReasonEnroll: settleTime, runner.ReasonUnenroll: againTime, runner.ReasonSessions: againTime,
		},
		runner.Refused:   {runner.ReasonEnroll: 0, runner.ReasonSessions: 0},
		runner.SentNever: {runner.ReasonEnroll: 0, runner.ReasonUnenroll: 0},
	} {
		for step, pause := range want {
			got := p.ripeIn(runner.Result{Open: runner.Open{Step: step, Sent: open}, HTTPStatus: 200})
			if got > pause || got < pause-30*time.Second && pause > 0 {
				t.Errorf("%s %q waits %v, want %v", open, step, got, pause)
			}
		}
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	there := []oktaclient.Factor{listed("sms:OKTA", time.Hour, time.Hour)}
	for recorded, want := range map[string]bool{"sms:OKTA": false, "sms:OKTA call:OKTA": true, "email:OKTA sms:OKTA": false, "": false} {
		if err := missing(there, strings.Fields(recorded)); (err != nil) != want {
			t.Errorf("%q were recorded: %v", recorded, err)
		}
	}
}
