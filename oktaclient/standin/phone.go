package standin

import "slices"

// phones are a user's verified numbers that no factor uses: one for texts, one for calls. Okta keeps
// them as a way of recovery.
type phones struct{ sms, call string }

// of is the place of the number for factors of a type, nil for those without one.
func (p *phones) of(typ string) *string {
	switch typ {
	case "sms":
		return &p.sms
	case "call":
		return &p.call
	}
	return nil
}

// keepPhones notes which verified numbers stay when these factors of the user at pos go.
func (d *directory) keepPhones(pos int, gone []Factor) {
	if d.forgets {
		return
	}
	for _, f := range gone {
		if kept := d.change(pos).phones.of(f.Type); kept != nil && f.Status == active {
			*kept = f.Profile["phoneNumber"]
		}
	}
}

// verified is the number of the user at pos that Okta takes for verified, for factors of a type; ""
// for none.
func (d *directory) verified(pos int, typ string) string {
	list, _ := d.factors(pos, d.base(pos))
	if i := slices.IndexFunc(list, func(f Factor) bool { return f.Type == typ && f.Status == active }); i >= 0 {
		return list[i].Profile["phoneNumber"]
	}
	if kept := d.change(pos).phones.of(typ); kept != nil {
		return *kept
	}
	return ""
}

// usePhone puts the number that Okta keeps into an enrollment that names none.
func (e *enrollment) usePhone(kept string) {
	if kept != "" && e.text("phoneNumber") == "" {
		e.Profile = map[string]any{"phoneNumber": kept}
	}
}

// otherPhone refuses another number than the one that Okta keeps.
func otherPhone(typ string) *failure {
	if typ == "call" {
		return badEnroll("A factor of this type is already set up.")
	}
	return badEnroll("There is an existing verified phone number.")
}
