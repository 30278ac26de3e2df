package oktaclient_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"oktareset/oktaclient"
)

// block writes a PEM.
func block(name string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: name, Bytes: der})
}

// wrapped breaks a text into lines of 76 characters, as base64(1) does.
func wrapped(s string) string {
	var b strings.Builder
	for len(s) > 76 {
		b.WriteString(s[:76] + "\n")
		s = s[76:]
	}
	return b.String() + s + "\n"
}

func TestParsePrivateKey(t *testing.T) {
	t.Parallel()
	rsaKey, _ := testKeys()["RSA"].(*rsa.PrivateKey)
	ecKey, _ := testKeys()["P-256"].(*ecdsa.PrivateKey)
	sec1, err := x509.MarshalECPrivateKey(ecKey)
	if err != nil {
		t.Fatal(err)
	}
	jwk := jwkOf(t, jose.JSONWebKey{Key: ecKey, KeyID: "k1"})
	tests := []struct {
		name string
		text []byte
		want crypto.PublicKey
		kid  string
	}{
		{"PKCS 8, RSA", pemOf(t, rsaKey), &rsaKey.PublicKey, ""},
		{"PKCS 8, EC", pemOf(t, ecKey), &ecKey.PublicKey, ""},
		{"PKCS 1", block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey)), &rsaKey.PublicKey, ""},
		{"SEC 1", block("EC PRIVATE KEY", sec1), &ecKey.PublicKey, ""},
		{"SEC 1 behind its parameters", append(block("EC PARAMETERS", []byte{6, 1, 1}), block("EC PRIVATE KEY", sec1)...), &ecKey.PublicKey, ""},
		{"in one line", bytes.ReplaceAll(pemOf(t, ecKey), []byte("\n"), []byte(`\n`)), &ecKey.PublicKey, ""},
		{"with spaces for line ends", bytes.ReplaceAll(pemOf(t, ecKey), []byte("\n"), []byte(" ")), &ecKey.PublicKey, ""},
		{"without line ends", bytes.ReplaceAll(pemOf(t, rsaKey), []byte("\n"), nil), &rsaKey.PublicKey, ""},
		{"with both kinds of line ends", bytes.ReplaceAll(pemOf(t, rsaKey), []byte("\n"), []byte(`\n`+"\r\n")), &rsaKey.PublicKey, ""},
		{"indented", bytes.ReplaceAll(pemOf(t, ecKey), []byte("\n"), []byte("\n    ")), &ecKey.PublicKey, ""},
		{"SEC 1 behind its parameters, in one line", bytes.ReplaceAll(append(block("EC PARAMETERS", []byte{6, 1, 1}), block("EC PRIVATE KEY", sec1)...), []byte("\n"), []byte(" ")), &ecKey.PublicKey, ""},
		{"the file in base64", []byte(base64.StdEncoding.EncodeToString(pemOf(t, ecKey))), &ecKey.PublicKey, ""},
		{"the JWK's file in base64, in lines", []byte(wrapped(base64.StdEncoding.EncodeToString(jwk))), &ecKey.PublicKey, "k1"},
		{"with CRLF", bytes.ReplaceAll(pemOf(t, ecKey), []byte("\n"), []byte("\r\n")), &ecKey.PublicKey, ""},
		{"JWK", jwk, &ecKey.PublicKey, "k1"},
		{"JWK of RSA with an algorithm", jwkOf(t, jose.JSONWebKey{Key: rsaKey, Algorithm: "RS512", Use: "sig"}), &rsaKey.PublicKey, ""},
		{"a set of one", fmt.Appendf(nil, ` {"keys":[%s]}`, jwk), &ecKey.PublicKey, "k1"},
	}
	for _, tt := range tests {
		key, err := oktaclient.ParsePrivateKey(tt.text)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !public.Equal(tt.want) || key.ID() != tt.kid || key.IsZero() {
			t.Errorf("%s: another key, kid %q", tt.name, key.ID())
		}
	}
}

func TestParsePrivateKeyRefuses(t *testing.T) {
	t.Parallel()
	ecKey, _ := testKeys()["P-256"].(*ecdsa.PrivateKey)
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	_, edwards, _ := ed25519.GenerateKey(rand.Reader)
	p224, _ := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	public, err := x509.MarshalPKIXPublicKey(&ecKey.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	jwk := jwkOf(t, jose.JSONWebKey{Key: ecKey})
	legacy := pem.EncodeToMemory(&pem.Block{
		Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-128-CBC,00"}, Bytes: []byte("secretsecret"),
	})
	tests := []struct {
		text []byte
		want string
	}{
		{nil, "neither a PEM nor a JWK"},
		{[]byte("secretsecret"), "neither a PEM nor a JWK"},
		{[]byte("{secretsecret"), "isn't a JWK"},
		{[]byte(`{"kty":"oct","k":"c2VjcmV0"}`), "isn't a JWK with an RSA or EC key"},
		{[]byte(`{"keys":[]}`), "a JWK set with 0 keys"},
		{fmt.Appendf(nil, `{"keys":[%s,%s]}`, jwk, jwk), "a JWK set with 2 keys"},
		{jwkOf(t, jose.JSONWebKey{Key: &ecKey.PublicKey}), "public key"},
		{jwkOf(t, jose.JSONWebKey{Key: ecKey, Algorithm: "RS256"}), `algorithm "RS256" isn't one`},
		{block("PUBLIC KEY", public), "public key"},
		{block("CERTIFICATE", public), "public key"},
		{block("PRIVATE KEY", []byte("secretsecret")), "isn't a private key"},
		{block("ENCRYPTED PRIVATE KEY", []byte("secretsecret")), "encrypted"},
		{legacy, "encrypted"},
		{block("SECRETSECRET", nil), "not of a private key"},
		{block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(small)), "RSA key of 1024 bits: Okta asks for 2048"},
		{pemOf(t, edwards), "neither an RSA key nor an EC key"},
		{pemOf(t, p224), "neither an RSA key nor an EC key"},
	}
	for _, tt := range tests {
		key, err := oktaclient.ParsePrivateKey(tt.text)
		if err == nil || !key.IsZero() || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secretsecret") {
			t.Errorf("ParsePrivateKey(%.40q) = %v, want %q", tt.text, err, tt.want)
		}
	}
}

func FuzzParsePrivateKey(f *testing.F) {
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"))
	f.Add([]byte(`{"kty":"EC","crv":"P-256","x":"AA","y":"AA","d":"AA"}`))
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"AQ","e":"AQAB","d":"AQ","p":"AQ","q":"AQ"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if key, err := oktaclient.ParsePrivateKey(text); err == nil && key.Public() == nil {
			t.Error("a key without a public one")
		}
	})
}

// No way to print a key, an app, options or a client shows a secret.
func TestSecretsPrintRedacted(t *testing.T) {
	t.Parallel()
	ecKey, _ := testKeys()["P-256"].(*ecdsa.PrivateKey)
	key := parseKey(t, pemOf(t, ecKey))
	app := oktaclient.App{ClientID: "0oaclient", Key: key}
	url, err := oktaclient.ParseOrgURL("https://acme.okta.com")
	if err != nil {
		t.Fatal(err)
	}
	byToken := oktaclient.New(url, oktaclient.Options{Token: "00secretsecret"})
	byApp := oktaclient.New(url, oktaclient.Options{App: &app})
	var all bytes.Buffer
	for _, v := range []any{key, app, &app, oktaclient.Options{App: &app, Token: "00secretsecret"}, byApp, byToken} {
		for _, format := range []string{"%s", "%v", "%+v", "%#v", "%q", "%d"} {
			fmt.Fprintf(&all, format, v)
		}
		slog.New(slog.NewTextHandler(&all, nil)).Info("x", "v", v)
		if b, err := json.Marshal(v); err == nil {
			all.Write(b)
		}
	}
	d, _ := ecKey.Bytes()
	for _, secret := range []string{
		"00secretsecret", new(big.Int).SetBytes(d).String(), hex.EncodeToString(d), fmt.Sprint(new(big.Int).SetBytes(d).Bits()), fmt.Sprint(d), string(d),
		base64.RawURLEncoding.EncodeToString(d), base64.StdEncoding.EncodeToString(d), strings.Split(string(pemOf(t, ecKey)), "\n")[1],
	} {
		if strings.Contains(all.String(), secret) {
			i := strings.Index(all.String(), secret)
			t.Errorf("%.10s… shows: %s", secret, all.String()[max(0, i-60):i])
		}
	}
	if !strings.Contains(all.String(), "REDACTED") {
		t.Error("nothing printed as REDACTED")
	}
}
