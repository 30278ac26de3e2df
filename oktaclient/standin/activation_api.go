package standin

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"slices"
	"strings"
)

var pngType = []string{"image/png"}

// mailLink and textLink send the link that activates a push, in place of its QR code.
func (c *call) mailLink() { c.sendLink("email") }

func (c *call) textLink() { c.sendLink("sms") }

// sendLink begins the activation anew: the answer has no QR code any more. By SMS the link goes to
// the number that the request names, by email to the user's address.
func (c *call) sendLink(by string) {
	var body enrollment
	if !c.read(&body) {
		return
	}
	c.onFactor(func(u User, user string, f Factor) (int, any, *failure) {
		to := u.Email
		if by == "sms" {
			to = body.text("phoneNumber")
		}
		switch {
		case f.Type != "push" || f.Status != pending:
			return 0, nil, badActivation("No link can be sent for this factor.")
		case by == "sms" && !phone.MatchString(to):
			return 0, nil, &badPhone
		}
		if refused := c.o.reach(c.pos, by, to); refused != nil {
			return 0, nil, refused
		}
		f.Updated = c.o.now()
		c.o.dir.replace(c.pos, f)
		c.o.came(c.pos, c.o.dir.device(c.pos, f))
		c.o.dir.change(c.pos).deeds.Links++
		j := f.wire(user)
		activation := j.Embedded["activation"].(map[string]any) //nolint:forcetypeassert,errcheck // as wirePending makes it
		delete(activation["_links"].(map[string]any), "qrcode") //nolint:forcetypeassert,errcheck // as pushLinks makes it
		return http.StatusOK, j, nil
	})
}

// showCode answers with the picture of a QR code. Whoever asks for it shows it to the user: its
// address has a secret in place of credentials.
func (c *call) showCode() {
	factorID, code, _ := strings.Cut(c.arg, "/")
	c.o.mu.Lock()
	shown := c.o.show(c.pos, factorID, code)
	c.o.mu.Unlock()
	if !shown {
		c.fail(notFound(code, "QRCode"))
		return
	}
	c.head(http.StatusOK, pngType)
	_, _ = c.w.Write(picture(code))
}

// show notes that the code of a factor came to somebody. It reports false for a code that isn't
// one, or not any more. The caller holds the mutex.
func (o *Org) show(pos int, factorID, code string) bool {
	if pos < 0 {
		return false
	}
	list := o.dir.user(pos).Factors
	i := slices.IndexFunc(list, func(f Factor) bool { return f.ID == factorID && f.Status == pending && qrSecret(f.ID) == code })
	if i < 0 || list[i].Type == "push" && !o.now().Before(list[i].Updated.Add(activationLifetime)) {
		return false
	}
	if dev := o.dir.device(pos, list[i]); dev.reached.IsZero() {
		o.came(pos, dev)
	}
	return true
}

// picture is a pattern in place of a QR code: the people of the stand-in need none.
func picture(code string) []byte {
	const size, wide = 8, 8
	img := image.NewGray(image.Rect(0, 0, size*wide, size*wide))
	bits := hash(code)
	for y := range size * wide {
		for x := range size * wide {
			if bits>>(y/wide*size+x/wide)&1 == 0 {
				img.SetGray(x, y, color.Gray{Y: 0xff})
			}
		}
	}
	var b bytes.Buffer
	_ = png.Encode(&b, img) // into memory, of a picture that it can
	return b.Bytes()
}
