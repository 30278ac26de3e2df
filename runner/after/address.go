package after

import (
	"net/netip"
	"slices"
	"time"

	"oktareset/oktaclient"
)

// history has the places from which somebody signed in before the reset, as far as they were read.
type history struct {
	since     time.Time // everything since then is known
	addresses []string
	countries []string
}

// past returns the history, as far as it was read.
func (p *person) past() *history {
	if p.before == nil {
		return &history{}
	}
	return p.before
}

// from reports whether somebody signed in from an address.
func (h *history) from(address string) bool { return slices.Contains(h.addresses, address) }

// signedIn records a sign-in from before the reset. A later sign-in may be anybody's.
func (p *person) signedIn(e *oktaclient.LogEvent, k *kept) {
	if e.Published.After(p.wasReset()) {
		return
	}
	if p.before == nil {
		p.before = new(history)
	}
	h := p.before
	if key := addressKey(e.Client.IP); key != "" && !h.from(key) {
		h.addresses = append(h.addresses, key)
	}
	if c := e.Client.Place.Country; c != "" && !slices.Contains(h.countries, c) {
		h.countries = append(h.countries, k.text(c))
	}
}

// addressKey returns the same key for all addresses of a connection: with IPv6, a connection has a
// whole network. It returns "" if ip isn't an address.
func addressKey(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return ""
	}
	a = a.Unmap().WithZone("")
	if a.Is6() {
		if net, err := a.Prefix(64); err == nil {
			return net.String()
		}
	}
	return a.String()
}

// address counts the users of an address from which users have enrolled.
type address struct {
	users int // who enrolled from it
	known int // of these, whose sign-ins before the reset are known
	used  int // of these, who had signed in from it
}

type addresses map[string]*address

// share counts the users of each address from which people enrolled.
func share(people []*person, classic bool) addresses {
	all := make(addresses)
	for _, p := range people {
		n := p.fold(classic)
		var mine []string
		for i := range n.given {
			if key := addressKey(n.given[i].from.IP); key != "" && p.own(&n.given[i]) && !slices.Contains(mine, key) {
				mine = append(mine, key)
			}
		}
		for _, key := range mine {
			a := all[key]
			if a == nil {
				a = new(address)
				all[key] = a
			}
			a.users++
			if len(p.past().addresses) > 0 {
				a.known++
			}
			if p.past().from(key) {
				a.used++
			}
		}
	}
	return all
}
