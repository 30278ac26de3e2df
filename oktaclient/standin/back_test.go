package standin_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"oktareset/oktaclient/standin"
)

// Of a hundred resets, people come back to as many as the shares say: from home, as they have signed
// in before; strangers from one address elsewhere, who open the Admin Console where they can.
func TestWhoComesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := standin.New(standin.Config{Reenroll: time.Minute, Absent: 20, Strangers: 5, Unlimited: true})
		homes := make(map[string]string)
		for i := range 100 {
			u := o.Add(standin.User{Login: fmt.Sprintf("user%d@example.com", i), Roles: []string{"HELP_DESK_ADMIN"}, Factors: []standin.Factor{{Type: "sms", Provider: "OKTA"}}})
			o.ResetBy("okta.admin@example.com", u.ID)
		}
		<-time.After(2 * time.Minute)
		type happened struct {
			EventType string `json:"eventType"`
			Actor     struct{ ID string }
			Client    struct {
				IP    string `json:"ipAddress"`
				Where *struct {
					City, State, Country, PostalCode string
					Geolocation                      struct{ Lat, Lon float64 }
				} `json:"geographicalContext"`
			}
		}
		events := decode[[]happened](t, call(t, o, "GET", "/api/v1/logs?limit=1000"))
		got := make(map[string]int)
		for _, e := range events {
			switch where := e.Client.Where; {
			case where == nil || where.State == "" || where.PostalCode == "" || where.Geolocation.Lat == 0:
				t.Errorf("%+v has no place", e)
			case e.EventType == "user.session.start":
				homes[e.Actor.ID] = e.Client.IP
			case e.EventType == "user.mfa.factor.activate" && e.Client.IP == homes[e.Actor.ID]:
				got["back"]++
			case e.EventType == "user.mfa.factor.activate":
				got["stranger from "+e.Client.IP+" "+where.Country]++
			case e.EventType == "user.session.access_admin_app":
				got["admin from "+e.Client.IP]++
			}
		}
		want := map[string]int{"back": 75, "stranger from 203.0.113.66 Singapore": 5, "admin from 203.0.113.66": 5}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
}
