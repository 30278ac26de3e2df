package standin

import (
	"fmt"
	"time"
)

// Place is where a request comes from, and what Okta knows of its address.
type Place struct {
	IP, City, State, Country, PostalCode string
	Lat, Lon                             float64
}

var (
	utrecht = Place{City: "Utrecht", State: "Utrecht", Country: "Netherlands", PostalCode: "3511", Lat: 52.0908, Lon: 5.1222}
	// machine is where all calls of the API come from.
	machine = Place{IP: "192.0.2.10"}
	// office is the one address behind which a quarter of the people work.
	office = utrecht.at("192.0.2.77")
	// elsewhere is where strangers are.
	elsewhere = Place{"203.0.113.66", "Singapore", "Central Singapore", "Singapore", "018956", 1.2868, 103.8545}
)

// at is another address in the same place.
func (p Place) at(ip string) Place {
	p.IP = ip
	return p
}

// home is where a user's browser is, by the position in the directory.
func home(pos uint32) Place {
	if pos%4 == 3 {
		return office
	}
	return utrecht.at(fmt.Sprintf("198.%d.%d.%d", 18+pos>>16&1, pos>>8&255, pos&255))
}

// place is where the event's request came from.
func (e event) place() Place {
	switch ch := e.change; {
	case ch.from != nil:
		return *ch.from
	case ch.agent == browser:
		return home(ch.by)
	}
	return machine
}

// wire is the place as an event has it. Of an address that Okta can't place, it says nothing.
func (p Place) wire() any {
	if p.Country == "" {
		return nil
	}
	return map[string]any{
		"city": p.City, "state": p.State, "country": p.Country, "postalCode": p.PostalCode,
		"geolocation": map[string]any{"lat": p.Lat, "lon": p.Lon},
	}
}

// arrives lets a user sign in who is new to the org, if people there come back after resets: so it
// is known where each of them is at home. The caller holds the mutex.
func (o *Org) arrives(pos int) {
	if o.cfg.Reenroll > 0 {
		o.record(o.inBrowser(uint32(pos), pos, "api/v1/authn"), signedInEvent)
	}
}

// comeBack lets whoever is behind a reset enroll later: the user, a stranger, or nobody. The caller
// holds the mutex.
func (o *Org) comeBack(pos int) {
	if o.cfg.Reenroll <= 0 {
		return
	}
	id := o.dir.id(uint32(pos))
	// Every hundred resets have exactly the shares, spread over them: 37 and 100 share no divisor.
	place := (o.stats.ResetsApplied - 1) * 37 % 100
	var from *Place
	switch {
	case place < o.cfg.Absent:
		return
	case place < o.cfg.Absent+o.cfg.Strangers:
		from = &elsewhere
	}
	time.AfterFunc(o.cfg.Reenroll, func() {
		o.EnrollFrom(id, Factor{Type: "push", Provider: "OKTA"}, from)
		if from != nil {
			o.openAdmin(pos, from)
		}
	})
}

// openAdmin lets a user open the Admin Console from a place, if the user is an admin.
func (o *Org) openAdmin(pos int, from *Place) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if u := o.dir.base(pos); len(u.Roles)+len(u.GroupRoles) > 0 {
		c := o.inBrowser(uint32(pos), pos, "admin/dashboard")
		c.from = from
		o.record(c, adminEvent)
	}
}
