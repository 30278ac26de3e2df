package standin

import (
	"encoding/hex"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"
)

// change is one entry of the log: all events of one request, in 112 bytes, because an org may
// reset a million users.
type change struct {
	at      int64  // published, in milliseconds since 1970
	pos     uint32 // of the target in the directory
	by      uint32 // position of the user who asked for it; 0 is the token's owner
	events  uint32 // bits: the catalog kinds deactivated, or what else the flags below say of them
	request [16]byte
	route   *route
	arg     string // the path's second variable
	agent   string // the request's User-Agent
	app     *app   // that asked for it; nil: the token's owner
	from    *Place // nil: where whoever asked for it usually is
}

// The events besides the deactivations, and what became of a kind in place of that. The catalog
// stays below them.
const (
	signedInEvent     uint32 = 1 << 24
	adminEvent        uint32 = 1 << 25 // the Admin Console was opened
	activatedEvent    uint32 = 1 << 26
	sentEvent         uint32 = 1 << 27 // a message or a push
	verifiedEvent     uint32 = 1 << 28
	failedEvent       uint32 = 1 << 29 // a verification
	sessionClearEvent uint32 = 1 << 30
	resetAllEvent     uint32 = 1 << 31

	kindEvents = signedInEvent - 1 // the bits of the catalog
)

// record writes the events of a call into the log. The caller holds the mutex, which keeps the
// log in order.
func (o *Org) record(c *call, events uint32) {
	if events == 0 {
		return
	}
	agent := c.r.UserAgent()
	if n := len(o.log); n > 0 && o.log[n-1].agent == agent {
		agent = o.log[n-1].agent // a run's requests share one string
	}
	at := o.now().UnixMilli()
	if n := len(o.log); n > 0 {
		at = max(at, o.log[n-1].at)
	}
	o.log = append(o.log, change{
		at: at, pos: uint32(c.pos), by: c.by, events: events, request: c.request, route: c.route, arg: c.arg, agent: agent, app: c.app, from: c.from,
	})
}

// event is one event of the System Log, with what its wire form is made of.
type event struct {
	dir    *directory
	change *change
	n      int    // among the events of its change
	kind   string // eventType
	legacy string
	text   string // displayMessage
	reason string // outcome.reason
	factor string // debugContext.debugData.factor
	failed bool
}

func (e event) result() string {
	if e.failed {
		return "FAILURE"
	}
	return "SUCCESS"
}

func (e event) target() User { return e.dir.base(int(e.change.pos)) }

// actor is who made the change, as an event names it: a user, or a service app.
func (e event) actor() map[string]any {
	if e.change.app == nil {
		return party(e.dir.base(int(e.change.by)))
	}
	id := e.change.app.ClientID
	return map[string]any{
		"id": id, "type": "PublicClientAppEntity", "alternateId": id, "displayName": "Stand-in service app", "detailEntry": nil,
	}
}

// each returns the events of a change, in order.
func (o *Org) each(ch *change) []event {
	list := make([]event, 0, bits.OnesCount32(ch.events))
	add := func(kind, legacy, text, reason string) {
		list = append(list, event{
			dir: &o.dir, change: ch, n: len(list), kind: kind, legacy: legacy, text: text, reason: reason,
		})
	}
	if ch.events&resetAllEvent != 0 {
		add("user.mfa.factor.reset_all", "core.user.factor.reset_all", "Reset all factors for user", "")
	}
	if ch.events&sessionClearEvent != 0 {
		add("user.session.clear", "core.user_auth.session_clear", "Clear user session", "")
	}
	if ch.events&signedInEvent != 0 {
		add("user.session.start", "core.user_auth.login_success", "User login to Okta", "")
	}
	if ch.events&adminEvent != 0 {
		add("user.session.access_admin_app", "app.admin.sso.login.success", "User accessing Okta admin app", "")
	}
	for set := ch.events & kindEvents; set != 0; set &= set - 1 {
		k := catalog[bits.TrailingZeros32(set)]
		switch {
		case ch.events&activatedEvent != 0:
			add("user.mfa.factor.activate", "core.user.factor.activate", "Activate factor for user", "User set up "+k.event+" factor")
		case ch.events&sentEvent != 0:
			add(sentEvents[k.typ], "core.user.factor.send", "Send a message to verify a factor", "")
		case ch.events&verifiedEvent != 0:
			add("user.authentication.auth_via_mfa", "core.user.factor.attempt_success", "Authentication of user via MFA", "")
			list[len(list)-1].factor = k.event
		case ch.events&failedEvent != 0:
			add("user.authentication.auth_via_mfa", "core.user.factor.attempt_fail", "Authentication of user via MFA", "INVALID_CREDENTIALS")
			list[len(list)-1].failed, list[len(list)-1].factor = true, k.event
		default:
			add("user.mfa.factor.deactivate", "core.user.factor.deactivate", "Reset factor for user", "User reset "+k.event+" factor")
		}
	}
	return list
}

// sentEvents are the events of a message, by the type of the factor that it is for.
var sentEvents = map[string]string{
	"sms": "system.sms.send_factor_verify_message", "call": "system.voice.send_mfa_challenge_call",
	"email": "system.email.send_factor_verify_message", "push": "system.push.send_factor_verify_push",
}

// uuid is the event's own ID.
func (e event) uuid() string {
	b := e.change.request
	b[15] += byte(e.n)
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// logQuery is what a request asks of the log.
type logQuery struct {
	since, until int64 // published, in milliseconds, both inclusive
	filter       *filter
	keywords     []string // q, in lower case: an event has them all
	from         int      // the cursor: the place of the first event wanted; -1 for the start
	limit        int
	descending   bool
}

// lets reports whether an event is among those asked for.
func (q logQuery) lets(e event) bool {
	for _, word := range q.keywords {
		has := func(value string) bool { return strings.Contains(strings.ToLower(value), word) }
		if !slices.ContainsFunc(logAttributes, func(name string) bool { return slices.ContainsFunc(e.attribute(name), has) }) {
			return false
		}
	}
	return q.filter.matches(e.attribute)
}

// slots are the places that a cursor has for the events of one change.
const slots = 32

// events returns the events that a query finds, and the cursor behind the last of them. more
// reports whether further events are there already.
func (o *Org) events(q logQuery) (page []map[string]any, next int, more bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	// Times never go back in the log, so what can be read already is a prefix, and what was
	// published in a period is a run.
	readable := o.now().Add(-o.cfg.LogLag).UnixMilli()
	low, high := o.firstAfter(q.since-1), o.firstAfter(min(q.until, readable))
	at, skip, step := low, 0, 1
	if q.descending {
		at, step = high-1, -1
	}
	if q.from >= 0 && q.from/slots*step >= at*step {
		at, skip = q.from/slots, q.from%slots
	}
	page = []map[string]any{}
	for ; at >= low && at < high; at, skip = at+step, 0 {
		list := o.each(&o.log[at])
		if q.descending {
			slices.Reverse(list)
		}
		for n, e := range list {
			if n < skip || !q.lets(e) {
				continue
			}
			if len(page) == q.limit {
				return page, at*slots + n, q.limit > 0
			}
			page = append(page, e.wire())
		}
	}
	return page, max(at, 0)*slots + skip, false
}

// firstAfter is the position of the first change after t.
func (o *Org) firstAfter(t int64) int {
	i, _ := slices.BinarySearchFunc(o.log, t+1, func(ch change, t int64) int { return int(max(-1, min(1, ch.at-t))) })
	return i
}

// logAttributes are what a filter may ask about an event. published isn't among them: Okta
// filters by it with since and until.
var logAttributes = []string{
	"eventType", "legacyEventType", "uuid", "severity", "displayMessage", "actor.id", "actor.type", "actor.alternateId",
	"target.id", "target.type",
	"target.alternateId", "transaction.id", "transaction.type", "outcome.result", "outcome.reason", "client.userAgent.rawUserAgent",
	"debugContext.debugData.requestId", "transaction.detail.requestApiTokenId",
}

// attribute returns the values of an attribute.
func (e event) attribute(name string) []string {
	switch name {
	case "eventType":
		return []string{e.kind}
	case "legacyEventType":
		return []string{e.legacy}
	case "uuid":
		return []string{e.uuid()}
	case "severity":
		return []string{"INFO"}
	case "displayMessage":
		return []string{e.text}
	case "actor.id":
		return []string{fmt.Sprint(e.actor()["id"])}
	case "actor.alternateId":
		return []string{fmt.Sprint(e.actor()["alternateId"])}
	case "target.id":
		return []string{e.target().ID}
	case "target.alternateId":
		return []string{e.target().Login}
	case "actor.type":
		return []string{fmt.Sprint(e.actor()["type"])}
	case "target.type":
		return []string{"User"}
	case "transaction.type":
		return []string{"WEB"}
	case "outcome.result":
		return []string{e.result()}
	case "outcome.reason":
		return []string{e.reason}
	case "client.userAgent.rawUserAgent":
		return []string{e.change.agent}
	case "transaction.detail.requestApiTokenId":
		return []string{e.token()}
	}
	return []string{hex.EncodeToString(e.change.request[:])} // transaction.id and requestId
}

// tokenID is the ID, not the secret, of the org's API token.
const tokenID = "00Tstandintoken01x5d7"

// token is the ID of the API token that the change was made with, "" if it was made in the
// Admin Console or by a service app.
func (e event) token() string {
	if e.change.by != owner || e.change.app != nil {
		return ""
	}
	return tokenID
}

// wire returns e as the API shows it.
func (e event) wire() map[string]any {
	from := e.place()
	request := hex.EncodeToString(e.change.request[:])
	id := e.target().ID
	uri := "/" + strings.NewReplacer("{id}", id, "{userId}", id, "{factorId}", e.change.arg, "/{transactionId}", "").Replace(e.change.route.path)
	outcome := map[string]any{"result": e.result(), "reason": nil}
	if e.reason != "" {
		outcome["reason"] = e.reason
	}
	detail := map[string]any{}
	if id := e.token(); id != "" {
		detail["requestApiTokenId"] = id
	}
	debug := map[string]any{"requestId": request, "requestUri": uri, "url": uri + "?"}
	if e.factor != "" {
		debug["factor"] = e.factor
	}
	return map[string]any{
		"uuid": e.uuid(), "published": time.UnixMilli(e.change.at).UTC().Format("2006-01-02T15:04:05.000Z"), "eventType": e.kind, "legacyEventType": e.legacy,
		"version": "0", "severity": "INFO", "displayMessage": e.text, "outcome": outcome,
		"actor": e.actor(), "target": []any{party(e.target())},
		"client": map[string]any{
			"userAgent": map[string]any{"rawUserAgent": e.change.agent, "os": "Unknown", "browser": "UNKNOWN"},
			"zone":      "null", "device": "Unknown", "id": nil, "ipAddress": from.IP, "geographicalContext": from.wire(),
		},
		"authenticationContext": map[string]any{
			"authenticationProvider": nil, "credentialProvider": nil, "credentialType": nil, "issuer": nil, "interface": nil, "authenticationStep": 0,
			"rootSessionId": "trs" + request[:20], "externalSessionId": "trs" + request[:20],
		},
		"securityContext": map[string]any{"asNumber": nil, "asOrg": nil, "isp": nil, "domain": nil, "isProxy": nil},
		"request":         map[string]any{"ipChain": []any{map[string]any{"ip": from.IP, "geographicalContext": from.wire(), "version": "V4", "source": nil}}},
		"transaction":     map[string]any{"type": "WEB", "id": request, "detail": detail},
		"debugContext":    map[string]any{"debugData": debug},
	}
}

// party is a user as an event names it.
func party(u User) map[string]any {
	return map[string]any{
		"id": u.ID, "type": "User", "alternateId": u.Login, "displayName": u.FirstName + " " + u.LastName, "detailEntry": nil,
	}
}
