package standin

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// question is a security question that users may choose.
type question struct {
	Key  string `json:"question"`
	Text string `json:"questionText"`
}

// questions are some of Okta's.
var questions = []question{
	{"disliked_food", "What is the food you least liked as a child?"},
	{"name_of_first_plush_toy", "What is the name of your first stuffed animal?"},
	{"first_award", "What did you earn your first medal or award for?"},
	{"favorite_art_piece", "What is your favorite piece of art?"},
	{"first_computer_game", "What was the first computer game you played?"},
}

// read decodes the request's body, which may be empty, or answers 400.
func (c *call) read(v any) bool {
	if len(bytes.TrimSpace(c.body)) == 0 {
		return true
	}
	if err := json.Unmarshal(c.body, v); err != nil {
		c.fail(badBody)
		return false
	}
	return true
}

// answer writes a status and JSON.
func (c *call) answer(status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		c.fail(internalError)
		return
	}
	c.head(status, jsonType)
	_, _ = c.w.Write(b)
}

// onFactor calls do with the factor that the path names, under the mutex, and answers with the
// result.
func (c *call) onFactor(do func(u User, user string, f Factor) (status int, v any, refused *failure)) {
	_, user, ok := c.enrolled()
	if !ok {
		return
	}
	c.o.mu.Lock()
	u := c.o.dir.user(c.pos)
	i := slices.IndexFunc(u.Factors, func(f Factor) bool { return f.ID == c.arg && !f.Hidden })
	refused, status, v := &failure{}, 0, any(nil)
	if i < 0 {
		*refused = notFound(c.arg, "UserFactor")
	} else {
		status, v, refused = do(u, user, u.Factors[i])
	}
	c.o.mu.Unlock()
	if refused != nil {
		c.fail(*refused)
		return
	}
	c.answer(status, v)
}

// listSupported answers with what the user may enroll.
func (c *call) listSupported() {
	list, user, ok := c.enrolled()
	if !ok {
		return
	}
	u, _ := c.found()
	page := []map[string]any{}
	for _, k := range catalog[:len(catalog)-1] {
		if !u.mayEnroll(k.typ, k.provider) {
			continue
		}
		links := map[string]any{"enroll": link{Href: user + "/factors", Hints: &hints{Allow: []string{"POST"}}}}
		if k.typ == "question" {
			links["questions"] = link{Href: user + "/factors/questions", Hints: &hints{Allow: []string{"GET"}}}
		}
		status := "NOT_SETUP"
		if hasFactor(list, k.typ, k.provider) {
			status = active
		}
		page = append(page, map[string]any{
			"factorType": k.typ, "provider": k.provider, "vendorName": k.provider, "status": status, "enrollment": "OPTIONAL", "_links": links,
		})
	}
	c.json(page)
}

// mayEnroll reports whether the user's policy allows a kind of factor.
func (u *User) mayEnroll(typ, provider string) bool {
	return u.Policy == nil || slices.Contains(u.Policy, typ+":"+provider)
}

func (c *call) listQuestions() {
	if _, _, ok := c.enrolled(); ok {
		c.json(questions)
	}
}

// enroll enrolls a factor.
func (c *call) enroll() {
	_, user, ok := c.enrolled()
	var e enrollment
	if !ok || !c.read(&e) {
		return
	}
	c.o.mu.Lock()
	f, refused := c.o.enroll(c, c.o.dir.user(c.pos), e, c.r.URL.Query())
	c.o.mu.Unlock()
	if refused != nil {
		c.fail(*refused)
		return
	}
	c.json(f.wire(user))
}

// activate activates a factor by its passcode, or says how far its push is.
func (c *call) activate() {
	var body struct {
		PassCode    string `json:"passCode"`
		Attestation string `json:"attestation"` // of webauthn, and of u2f, which the org can't check
		Signed      string `json:"registrationData"`
	}
	if !c.read(&body) {
		return
	}
	c.onFactor(func(u User, user string, f Factor) (int, any, *failure) {
		if f.Status != pending {
			return 0, nil, badActivation("The factor is active already.")
		}
		now, dev := c.o.now(), c.o.dir.device(c.pos, f)
		if f.Type == "push" {
			if !now.Before(f.Updated.Add(activationLifetime)) {
				f.Updated, dev.reached = now, time.Time{}
				c.o.dir.replace(c.pos, f)
			}
			return http.StatusOK, f.wirePush(user, now), nil
		}
		if dev.attempts = recent(dev.attempts, now); len(dev.attempts) >= maxAttempts {
			return 0, nil, &tooManyRequests
		}
		dev.attempts = append(dev.attempts, now)
		switch {
		case body.Attestation+body.Signed != "" && (f.Type == "webauthn" || f.Type == "u2f"):
		case body.PassCode == "":
			return 0, nil, badActivation("passCode: The field cannot be left blank")
		default:
			if refused := dev.check(f.Type, body.PassCode, now); refused != nil {
				c.o.dir.change(c.pos).deeds.WrongPasscodes++
				return 0, nil, refused
			}
		}
		return http.StatusOK, c.o.activated(c, u, f).wire(user), nil
	})
}

func badActivation(cause string) *failure {
	return &failure{status: 400, code: "E0000001", summary: "Api validation failed: factorActivateRequest", causes: []string{cause}}
}

// pollActivation says how far the activation of a push is, without restarting it.
func (c *call) pollActivation() {
	c.onFactor(func(_ User, user string, f Factor) (int, any, *failure) {
		if f.Status != pending {
			return http.StatusOK, f.wire(user), nil
		}
		return http.StatusOK, f.wirePush(user, c.o.now()), nil
	})
}

// activated makes a factor active. The caller must hold the mutex.
func (o *Org) activated(c *call, u User, f Factor) Factor {
	f.Status, f.Updated = active, o.now()
	if f.Type == "push" || f.Type == "webauthn" || f.Type == "u2f" {
		f.Profile = catalog[kindOf(f)].profile(u.Login, hash(f.ID))
	}
	o.dir.replace(c.pos, f)
	o.dir.change(c.pos).deeds.Activations++
	o.record(c, 1<<kindOf(f)|activatedEvent)
	if f.Type == "push" {
		o.withOktaVerify(c, o.dir.user(c.pos))
	}
	return f
}

// resend sends the passcode of an enrollment again.
func (c *call) resend() {
	var body enrollment
	if !c.read(&body) {
		return
	}
	c.onFactor(func(_ User, user string, f Factor) (int, any, *failure) {
		dev := c.o.dir.device(c.pos, f)
		dev.attempts = recent(dev.attempts, c.o.now())
		switch {
		case !byMessage(f.Type) || f.Status != pending || body.Type != f.Type:
			return 0, nil, badEnroll("Nothing can be sent again for this factor.")
		case len(dev.attempts) >= maxAttempts:
			return 0, nil, &tooManyRequests
		}
		if refused := c.o.message(c.pos, f, defaultLifetime); refused != nil {
			return 0, nil, refused
		}
		return http.StatusOK, f.wire(user), nil
	})
}
