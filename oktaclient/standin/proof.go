package standin

import (
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// proofLife is how old a DPoP proof may be.
const proofLife = 5 * time.Minute

// proof contains what a request's DPoP header proves.
type proof struct {
	id, nonce string
	holder    string // thumbprint of the key that signed it
}

func invalidProof(description string) *oauthError {
	return &oauthError{"invalid_dpop_proof", description}
}

// proof checks the request's DPoP header, except its nonce and whether it was used before.
// accessToken is "" at the token endpoint.
func (c *call) proof(accessToken string) (proof, *oauthError) {
	headers := c.r.Header.Values("DPoP")
	if len(headers) == 0 {
		return proof{}, invalidProof("The DPoP proof JWT header is missing.")
	}
	token, err := jwt.ParseSigned(headers[0], asymmetric)
	if err != nil || len(headers) > 1 {
		return proof{}, invalidProof("The DPoP proof JWT is not valid.")
	}
	key := token.Headers[0].JSONWebKey
	if typ, _ := token.Headers[0].ExtraHeaders[jose.HeaderType].(string); typ != "dpop+jwt" {
		return proof{}, invalidProof("'typ' of the DPoP proof JWT is invalid.")
	}
	if key == nil || !key.IsPublic() || !key.Valid() {
		return proof{}, invalidProof("'jwk' of the DPoP proof JWT is invalid.")
	}
	var claims struct {
		ID       string           `json:"jti"`
		Method   string           `json:"htm"`
		URI      string           `json:"htu"`
		IssuedAt *jwt.NumericDate `json:"iat"`
		Token    string           `json:"ath"`
		Nonce    string           `json:"nonce"`
	}
	if token.Claims(key, &claims) != nil {
		return proof{}, invalidProof("The DPoP proof JWT signature is invalid.")
	}
	wrong := ""
	now := c.o.now()
	switch {
	case claims.ID == "":
		wrong = "jti"
	case claims.Method != c.r.Method:
		wrong = "htm"
	case claims.URI != c.proofURI():
		wrong = "htu"
	case claims.IssuedAt == nil, claims.IssuedAt.Time().After(now.Add(c.o.cfg.ClockLeeway)), claims.IssuedAt.Time().Before(now.Add(-proofLife)):
		wrong = "iat"
	case claims.Token != tokenHash(accessToken):
		wrong = "ath"
	}
	if wrong != "" {
		return proof{}, invalidProof("'" + wrong + "' claim in the DPoP proof JWT is invalid.")
	}
	thumbprint, _ := key.Thumbprint(crypto.SHA256) // never fails for a valid key
	return proof{id: claims.ID, nonce: claims.Nonce, holder: string(thumbprint)}, nil
}

// proofURI returns the htu that a proof must have. Okta compares the decoded path, in which it
// escapes these four characters again.
func (c *call) proofURI() string {
	path, _ := url.QueryUnescape(c.r.URL.EscapedPath())
	if c.o.cfg.PlusIsPlus {
		path = c.r.URL.Path
	}
	return c.base() + strings.NewReplacer("%", "%25", " ", "%20", `"`, "%22", "#", "%23").Replace(path)
}

// tokenHash returns the ath of an access token.
func tokenHash(token string) string {
	if token == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
