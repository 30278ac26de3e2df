package oktaclient

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// minRSABits is the shortest RSA key that Okta accepts, in bits.
const minRSABits = 2048

// PrivateKey is a service app's private key. It prints as REDACTED in every format, log and
// JSON. The zero value is no key.
type PrivateKey struct {
	jwk hidden[*jose.JSONWebKey]
	alg jose.SignatureAlgorithm
}

// ParsePrivateKey reads an RSA or EC key as PEM (PKCS #1, PKCS #8, SEC 1) or as a JWK, alone or
// as the only one of a set. Build systems may change the white space of a PEM in a variable, or
// keep the file in base64: neither loses anything, so both are read. No error contains anything
// of the key.
func ParsePrivateKey(text []byte) (PrivateKey, error) {
	text = bytes.TrimSpace(text)
	if LooksLikeKey(string(text)) && text[0] != '{' && text[0] != '-' {
		text = bytes.TrimSpace(decodeFile(text))
	}
	var (
		jwk jose.JSONWebKey
		err error
	)
	if bytes.HasPrefix(text, []byte("{")) {
		jwk, err = parseJWK(text)
	} else {
		jwk.Key, err = parsePEM(text)
	}
	if err != nil {
		return PrivateKey{}, err
	}
	alg, err := algorithm(jwk)
	if err != nil {
		return PrivateKey{}, err
	}
	return PrivateKey{jwk: hide(&jwk), alg: alg}, nil
}

// String implements fmt.Stringer.
func (PrivateKey) String() string { return redacted }

// GoString implements fmt.GoStringer, for %#v.
func (PrivateKey) GoString() string { return redacted }

// LogValue implements slog.LogValuer.
func (PrivateKey) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler, which encoding/json uses too.
func (PrivateKey) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// IsZero reports whether k is no key.
func (k PrivateKey) IsZero() bool { return k.jwk == nil }

// ID returns the key's kid, "" if it has none: a PEM has none.
func (k PrivateKey) ID() string { return k.jwk().KeyID }

// Public returns the key that Okta has to know, an [*rsa.PublicKey] or an [*ecdsa.PublicKey].
func (k PrivateKey) Public() crypto.PublicKey { return k.jwk().Public().Key }

// parts returns the secret numbers of the key, as in a JWK.
func (k PrivateKey) parts() []hidden[string] {
	if k.IsZero() {
		return nil
	}
	var jwk map[string]any
	text, err := k.jwk().MarshalJSON()
	if err != nil || json.Unmarshal(text, &jwk) != nil {
		return nil // then it has signed nothing either
	}
	var parts []hidden[string]
	for _, name := range []string{"d", "p", "q", "dp", "dq", "qi"} {
		if s, ok := jwk[name].(string); ok {
			parts = append(parts, hide(s))
		}
	}
	return parts
}

// signer signs with the key and names it by kid, unless that is "".
func (k PrivateKey) signer(kid string) (jose.Signer, error) {
	key := jose.JSONWebKey{Key: k.jwk().Key, KeyID: kid}
	return jose.NewSigner(jose.SigningKey{Algorithm: k.alg, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
}

func parseJWK(text []byte) (jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if json.Unmarshal(text, &set) == nil && set.Keys != nil {
		if len(set.Keys) != 1 {
			return jose.JSONWebKey{}, fmt.Errorf("a JWK set with %d keys: give the one key alone", len(set.Keys))
		}
		text = set.Keys[0]
	}
	var jwk jose.JSONWebKey
	if err := jwk.UnmarshalJSON(text); err != nil {
		return jwk, errors.New("it isn't a JWK with an RSA or EC key")
	}
	switch jwk.Key.(type) {
	case *rsa.PrivateKey, *ecdsa.PrivateKey:
		if !jwk.Valid() {
			return jwk, errors.New("the JWK isn't valid")
		}
		return jwk, nil
	case *rsa.PublicKey, *ecdsa.PublicKey:
		return jwk, errors.New("it is a public key: the private one is needed")
	}
	return jwk, errors.New("it isn't a JWK with an RSA or EC key")
}

// LooksLikeKey reports whether a text is meant as a key, not as the name of a file with one.
func LooksLikeKey(text string) bool {
	return strings.HasPrefix(text, "{") || strings.HasPrefix(text, "-----BEGIN") || decodeFile([]byte(text)) != nil
}

// decodeFile undoes the base64 of a whole key file. It returns nil for any other text.
func decodeFile(text []byte) []byte {
	file, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(text)), ""))
	if file = bytes.TrimSpace(file); err != nil || !bytes.HasPrefix(file, []byte("-----BEGIN")) && !bytes.HasPrefix(file, []byte("{")) {
		return nil
	}
	return file
}

// pemBlock matches a PEM whose white space may be changed or gone. It doesn't match a PEM with
// header lines, because those have a colon; such a PEM stays as it is.
var pemBlock = regexp.MustCompile(`(-----BEGIN [A-Z0-9 ]+-----)((?:[A-Za-z0-9+/=\s]|\\n|\\r)+)(-----END [A-Z0-9 ]+-----)`)

// mendPEM restores the line breaks of a PEM. Where its base64 breaks doesn't matter.
func mendPEM(text []byte) []byte {
	return pemBlock.ReplaceAllFunc(text, func(block []byte) []byte {
		parts := pemBlock.FindSubmatch(block)
		body := strings.NewReplacer(`\n`, "", `\r`, "").Replace(strings.Join(strings.Fields(string(parts[2])), ""))
		return slices.Concat([]byte("\n"), parts[1], []byte("\n"+body+"\n"), parts[3], []byte("\n"))
	})
}

func parsePEM(text []byte) (any, error) {
	text = mendPEM(text)
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			return nil, errors.New("it is neither a PEM nor a JWK")
		}
		text = rest
		if block.Type == "EC PARAMETERS" { // openssl writes them before a key
			continue
		}
		return parseBlock(block)
	}
}

func parseBlock(block *pem.Block) (any, error) {
	var (
		key any
		err error
	)
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case "ENCRYPTED PRIVATE KEY":
		return nil, errors.New("the key is encrypted: decrypt it, as with openssl pkey, and keep the file to yourself")
	case "PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE":
		return nil, errors.New("it is a public key: the private one is needed")
	default:
		return nil, fmt.Errorf("a PEM of %q, not of a private key", cut(block.Type, 40))
	}
	if block.Headers["DEK-Info"] != "" {
		return nil, errors.New("the key is encrypted: decrypt it, as with openssl pkey, and keep the file to yourself")
	}
	if err != nil {
		return nil, errors.New("the PEM's content isn't a private key")
	}
	return key, nil
}

// algorithms are those that Okta accepts, the default for each kind of key first.
var algorithms = map[string][]jose.SignatureAlgorithm{
	"RSA":   {jose.RS256, jose.RS384, jose.RS512},
	"P-256": {jose.ES256},
	"P-384": {jose.ES384},
	"P-521": {jose.ES512},
}

// algorithm returns the algorithm that the JWK names, or the default for its kind.
func algorithm(jwk jose.JSONWebKey) (jose.SignatureAlgorithm, error) {
	var kind string
	switch key := jwk.Key.(type) {
	case *rsa.PrivateKey:
		if bits := key.N.BitLen(); bits < minRSABits {
			return "", fmt.Errorf("an RSA key of %d bits: Okta asks for %d", bits, minRSABits)
		}
		kind = "RSA"
	case *ecdsa.PrivateKey:
		kind = key.Curve.Params().Name
	}
	possible := algorithms[kind]
	if len(possible) == 0 {
		return "", errors.New("neither an RSA key nor an EC key on P-256, P-384 or P-521")
	}
	if jwk.Algorithm == "" {
		return possible[0], nil
	}
	if alg := jose.SignatureAlgorithm(jwk.Algorithm); slices.Contains(possible, alg) {
		return alg, nil
	}
	return "", fmt.Errorf("the JWK's algorithm %q isn't one that Okta accepts for its key", cut(jwk.Algorithm, 40))
}
