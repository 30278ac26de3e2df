package standin_test

import (
	"testing"
	"testing/synctest"
	"time"

	"oktareset/oktaclient/standin"
)

// A verified number outlives its factor: another one is refused unless it is to be replaced, and the
// same one needs no passcode. It goes with removeRecoveryEnrollment alone.
func TestVerifiedPhoneStays(t *testing.T) {
	t.Parallel()
	body := func(typ, number string) string {
		return `{"factorType":"` + typ + `","provider":"OKTA","profile":{"phoneNumber":"` + number + `"}}`
	}
	const one, two = "+15550001111", "+15550002222"
	for _, forgets := range []bool{false, true} {
		for typ, text := range map[string]string{"sms": "There is an existing verified phone number.", "call": "A factor of this type is already set up."} {
			for _, by := range []string{"reset", "part of a reset", "unenrollment", "unenrollment with recovery"} {
				synctest.Test(t, func(t *testing.T) {
					o := newBob(standin.Config{ForgetPhones: forgets}, standin.User{Factors: []standin.Factor{
						{ID: "mbl00000000000000001", Type: typ, Provider: "OKTA", Profile: map[string]string{"phoneNumber": one}},
					}})
					switch by {
					case "reset":
						want(t, call(t, o, "POST", resetPath(bob)), 200, "")
					case "part of a reset":
						script(t, o, "500_after:reset_factors:part=1:times=1")
						want(t, call(t, o, "POST", resetPath(bob)), 500, "E0000009")
					case "unenrollment":
						want(t, call(t, o, "DELETE", factorsPath(bob)+"/mbl00000000000000001"), 204, "")
					default:
						want(t, call(t, o, "DELETE", factorsPath(bob)+"/mbl00000000000000001?removeRecoveryEnrollment=true"), 204, "")
					}
					if forgets || by == "unenrollment with recovery" {
						want(t, post(t, o, factorsPath(bob), `{"factorType":"`+typ+`","provider":"OKTA"}`), 400, "E0000098")
						if f := enrolled(t, o, bob, body(typ, two)); f.Status != "PENDING_ACTIVATION" {
							t.Errorf("%s: another number after %s: %+v", typ, by, f)
						}
						return
					}
					for _, activate := range []string{"", "?activate=true"} {
						a := post(t, o, factorsPath(bob)+activate, body(typ, two))
						want(t, a, 400, "E0000001")
						if causes := decode[struct {
							ErrorCauses []struct{ ErrorSummary string }
						}](t, a).ErrorCauses; len(causes) != 1 || causes[0].ErrorSummary != text {
							t.Errorf("%s: another number after %s: %s", typ, by, a.body)
						}
					}
					f := decode[wireFactor](t, post(t, o, factorsPath(bob)+"?updatePhone=true", body(typ, two)))
					if f.Status != "PENDING_ACTIVATION" || o.Did(bob).Messages != 1 {
						t.Errorf("%s: a replaced number after %s: %+v", typ, by, f)
					}
					want(t, call(t, o, "DELETE", factorsPath(bob)+"/"+f.ID), 204, "") // it was never verified
					pause(time.Minute)
					if f := enrolled(t, o, bob, body(typ, one)); f.Status != "ACTIVE" || o.Did(bob).Messages != 1 {
						t.Errorf("%s: the same number after %s: %+v", typ, by, f)
					}
					want(t, call(t, o, "POST", resetPath(bob)), 200, "")
					if f := enrolled(t, o, bob, `{"factorType":"`+typ+`","provider":"OKTA"}`); f.Status != "ACTIVE" || f.Profile["phoneNumber"] != one {
						t.Errorf("%s: no number after %s: %+v", typ, by, f)
					}
				})
			}
		}
	}
}
