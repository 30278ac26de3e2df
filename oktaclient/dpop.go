package oktaclient

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// dpop proves that the sender of an access token is the one it was issued to (RFC 9449). Its key
// lives as long as the client.
type dpop struct{ signer hidden[jose.Signer] }

func newDPoP() (*dpop, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	opts := (&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt")
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, opts)
	return &dpop{hide(signer)}, err
}

// proofClaims are the claims of one proof.
type proofClaims struct {
	ID       string          `json:"jti"`
	Method   string          `json:"htm"`
	URI      string          `json:"htu"`
	IssuedAt jwt.NumericDate `json:"iat"`
	Token    string          `json:"ath,omitempty"` // SHA-256 of the access token
	Nonce    string          `json:"nonce,omitempty"`
}

// proof makes the proof for one attempt: Okta would refuse a second use as a replay. token is ""
// for a request that carries no token yet.
func (d *dpop) proof(method string, u *url.URL, now time.Time, token, nonce string) (string, error) {
	claims := proofClaims{ID: rand.Text(), Method: method, URI: proofURI(u), IssuedAt: *jwt.NewNumericDate(now), Nonce: nonce}
	if token != "" {
		sum := sha256.Sum256([]byte(token))
		claims.Token = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return jwt.Signed(d.signer()).Claims(claims).Serialize()
}

// proofURI returns the URL as Okta's servers compare it: without query and fragment, with a
// decoded path except for these four characters. Okta's own SDKs leave the path as it is sent,
// and are refused if it has a %40.
func proofURI(u *url.URL) string {
	return u.Scheme + "://" + u.Host + strings.NewReplacer("%", "%25", " ", "%20", `"`, "%22", "#", "%23").Replace(u.Path)
}
