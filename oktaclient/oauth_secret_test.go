package oktaclient_test

import (
	"crypto/ecdsa"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/http/httputil"
	"regexp"
	"strings"
	"testing"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
)

// A service app signs with its private key. Its requests contain no part of the key, in any
// encoding, and no part of the key for proofs.
func TestPrivateKeysStayHere(t *testing.T) {
	t.Parallel()
	org, app := signedIn(t, standin.Config{}, standin.App{DPoP: true})
	var sent strings.Builder
	c := clientOf(t, org, oktaclient.Options{App: &app, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		b, err := httputil.DumpRequestOut(r, true)
		if err != nil {
			return nil, err
		}
		sent.Write(b)
		return org.Transport().RoundTrip(r)
	})})
	u := org.Add(standin.User{Login: "alice@example.com"})
	if _, err := c.ResetFactors(t.Context(), u.ID, nil); err != nil {
		t.Fatal(err)
	}
	all := sent.String()
	tokens := regexp.MustCompile(`eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+`).FindAllString(all, -1)
	if len(tokens) < 3 {
		t.Fatalf("%d assertions and proofs were sent", len(tokens))
	}
	for _, token := range tokens {
		for part := range strings.SplitSeq(token, ".") {
			if b, err := base64.RawURLEncoding.DecodeString(part); err == nil {
				all += "\n" + string(b)
			}
		}
	}
	ecKey, _ := testKeys()["P-256"].(*ecdsa.PrivateKey)
	key, err := ecKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	for _, private := range []string{
		`"d":`, base64.RawURLEncoding.EncodeToString(key), base64.StdEncoding.EncodeToString(key), hex.EncodeToString(key), string(key), "PRIVATE KEY",
	} {
		if strings.Contains(all, private) {
			t.Errorf("a request holds a part of a private key: %.5q…", private)
		}
	}
}
