package standin

import (
	"net/http"
	"strings"
	"time"
)

// pushLifetime is how long a push can be answered.
const pushLifetime = 5 * time.Minute

// push is a push that was sent to verify a factor.
type push struct {
	factor  string
	sent    time.Time
	expires time.Time
	number  int  // that the user has to choose; 0: none
	settled bool // its end is in the log
}

// result is how far the push is.
func (o *Org) result(p push, answer string) string {
	now := o.now()
	switch {
	case answer != "TIMEOUT" && !now.Before(p.sent.Add(o.cfg.PushDelay)) && o.cfg.PushDelay < pushLifetime:
		if answer == "" {
			return "SUCCESS"
		}
		return answer
	case !now.Before(p.expires):
		return "TIMEOUT"
	}
	return "WAITING"
}

// verifyRequest is the body of a verification.
type verifyRequest struct {
	PassCode       string `json:"passCode"`
	Answer         string `json:"answer"`
	ClientData     string `json:"clientData"` // of webauthn and u2f, whose truth nobody here can judge
	SignatureData  string `json:"signatureData"`
	NumberMatching bool   `json:"useNumberMatchingChallenge"`
}

func badVerification(cause string) *failure {
	return &failure{status: 400, code: "E0000001", summary: "Api validation failed: factorVerifyRequest", causes: []string{cause}}
}

// verify sends a challenge, or checks its answer.
func (c *call) verify() {
	var body verifyRequest
	if !c.read(&body) {
		return
	}
	c.onFactor(func(_ User, user string, f Factor) (int, any, *failure) {
		if f.Status != active {
			return 0, nil, badVerification("The factor isn't active.")
		}
		dev := c.o.dir.device(c.pos, f)
		if dev.failures = recent(dev.failures, c.o.now()); len(dev.failures) >= maxAttempts {
			return 0, nil, &tooManyRequests
		}
		if body.PassCode == "" && body.Answer == "" && body.SignatureData == "" {
			return c.challenge(user, f, body.NumberMatching)
		}
		if refused := c.o.checkAnswer(dev, f, body); refused != nil {
			c.o.dir.change(c.pos).deeds.WrongPasscodes++
			dev.failures = append(dev.failures, c.o.now())
			c.o.record(c, 1<<kindOf(f)|failedEvent)
			return 0, nil, refused
		}
		dev.failures = nil
		c.o.dir.change(c.pos).deeds.Verifications++
		c.o.record(c, 1<<kindOf(f)|verifiedEvent)
		return http.StatusOK, map[string]any{"factorResult": "SUCCESS"}, nil
	})
}

// checkAnswer returns what is wrong with the answer to a challenge. The caller holds the mutex.
func (o *Org) checkAnswer(dev *device, f Factor, body verifyRequest) *failure {
	switch {
	case f.Type == "question":
		if !strings.EqualFold(strings.TrimSpace(body.Answer), dev.answer) {
			return &wrongAnswer
		}
	case f.Type == "webauthn", f.Type == "u2f":
		if body.ClientData == "" || body.SignatureData == "" {
			return &wrongPasscode
		}
	case byMessage(f.Type), byClock(f.Type):
		return dev.check(f.Type, body.PassCode, o.now())
	default:
		return badVerification("The factor can't be verified by a passcode.")
	}
	return nil
}

// challenge sends what a factor is verified by. The caller holds the mutex.
func (c *call) challenge(user string, f Factor, numberMatching bool) (int, any, *failure) {
	v := map[string]any{"factorResult": "CHALLENGE", "_links": f.againLinks(user + "/factors/" + f.ID)}
	if f.Type != "email" {
		v["profile"] = f.Profile
	}
	switch f.Type {
	case "sms", "call", "email":
		lifetime, ok := messageLifetime(c.r.URL.Query())
		if !ok {
			return 0, nil, badVerification("tokenLifetimeSeconds: must be from 1 to 86400")
		}
		if refused := c.o.message(c.pos, f, lifetime); refused != nil {
			return 0, nil, refused
		}
		c.o.record(c, 1<<kindOf(f)|sentEvent)
	case "push":
		id, p := c.o.push(c, f, numberMatching)
		v = f.wireTransaction(user, id, p, "WAITING")
		delete(v, "profile") // only the transaction has one
		return http.StatusCreated, v, nil
	case "webauthn", "u2f":
		v["_embedded"] = map[string]any{"challenge": map[string]any{"challenge": base62(c.o.rng.Uint64()), "extensions": map[string]any{}}}
	default:
		return 0, nil, badVerification("passCode: The field cannot be left blank")
	}
	return http.StatusOK, v, nil
}

// push sends a push to the user. The caller holds the mutex.
func (o *Org) push(c *call, f Factor, numberMatching bool) (string, push) {
	st, now := o.dir.change(c.pos), o.now()
	if st.pushes == nil {
		st.pushes = make(map[string]push)
	}
	p := push{factor: f.ID, sent: now, expires: now.Add(pushLifetime)}
	if numberMatching {
		p.number = 10 + int(o.rng.Uint64N(90))
	}
	id := "v2mst." + base62(o.rng.Uint64()) + base62(o.rng.Uint64())
	st.pushes[id] = p
	st.deeds.Messages++
	o.record(c, 1<<kindOf(f)|sentEvent)
	return id, p
}

// getTransaction says how far a push is.
func (c *call) getTransaction() {
	factorID, id, _ := strings.Cut(c.arg, "/")
	c.arg = factorID
	c.onFactor(func(u User, user string, f Factor) (int, any, *failure) {
		st := c.o.dir.change(c.pos)
		p, ok := st.pushes[id]
		if !ok || p.factor != f.ID {
			refused := notFound(id, "Transaction")
			return 0, nil, &refused
		}
		result := c.o.result(p, u.Push)
		if result != "WAITING" && !p.settled {
			p.settled = true
			st.pushes[id] = p
			event := failedEvent
			if result == "SUCCESS" {
				event = verifiedEvent
				st.deeds.Verifications++
			}
			c.o.record(c, 1<<kindOf(f)|event)
		}
		return http.StatusOK, f.wireTransaction(user, id, p, result), nil
	})
}

// came notes that the code or the link of a push has come to the user at pos, who activates it
// later, whether or not anybody asks by then. The caller holds the mutex.
func (o *Org) came(pos int, dev *device) {
	dev.reached = o.now()
	time.AfterFunc(o.cfg.PushDelay, func() { o.answerPushes(pos) })
}

// answerPushes lets the user at pos activate the pushes whose code or link has come to somebody, in
// a browser.
func (o *Org) answerPushes(pos int) {
	if pos < 0 {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.dir.accounts[pos].state == nil && o.dir.accounts[pos].given == nil {
		return
	}
	u := o.dir.user(pos)
	if u.Push != "" && u.Push != "SUCCESS" {
		return
	}
	for _, f := range u.Factors {
		if f.Type != "push" || f.Status != pending {
			continue
		}
		dev := o.dir.device(pos, f)
		if dev.reached.IsZero() { // nobody was shown its code, or sent its link
			continue
		}
		scanned := dev.reached.Add(o.cfg.PushDelay)
		if now := o.now(); !now.Before(scanned) && scanned.Before(f.Updated.Add(activationLifetime)) {
			o.activated(o.inBrowser(uint32(pos), pos, "api/v1/users/{userId}/factors"), u, f)
		}
	}
}
