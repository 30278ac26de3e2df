package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"oktareset/oktaclient"
	"oktareset/oktaclient/oktatest"
)

// serviceApp is the service app that a script signs in as; without a key file there is none.
type serviceApp struct {
	oktatest.App
	keyFile string
}

// clientID is that of every script's app.
const clientID = "0oascriptapp00001x5d7"

// signIn registers the app with the org, with the key in its file, which is made if there is none, and sets the environment as an
// admin would. Without an app that is cleared.
func (a serviceApp) signIn(ts *testscript.TestScript, org *oktatest.Org) {
	for _, name := range []string{"AUTHORIZATIONMODE", "CLIENTID", "PRIVATEKEY", "PRIVATEKEYID", "SCOPES"} {
		ts.Setenv("OKTA_CLIENT_"+name, "")
	}
	if a.keyFile == "" {
		return
	}
	path := ts.MkAbs(a.keyFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		key, keyErr := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		ts.Check(keyErr)
		der, keyErr := x509.MarshalPKCS8PrivateKey(key)
		ts.Check(keyErr)
		text = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
		err = os.WriteFile(path, text, 0o600)
	}
	ts.Check(err)
	key, err := oktaclient.ParsePrivateKey(text)
	ts.Check(err)
	a.ClientID, a.Key = clientID, key.Public()
	if a.Scopes == nil {
		a.Scopes = []string{"okta.users.manage", "okta.users.read", "okta.logs.read"}
	}
	org.AddApp(a.App)
	ts.Setenv("OKTA_CLIENT_TOKEN", "")
	ts.Setenv("OKTA_CLIENT_CLIENTID", clientID)
	ts.Setenv("OKTA_CLIENT_PRIVATEKEY", a.keyFile)
	ts.Setenv("KEYTEXT", string(text))
}

// revoke takes something from the script's app: revoke key or revoke tokens.
func revoke(ts *testscript.TestScript, _ bool, args []string) {
	switch strings.Join(args, " ") {
	case "key":
		theOrg(ts).RevokeKey(clientID)
	case "tokens":
		theOrg(ts).RevokeTokens()
	default:
		ts.Fatalf("usage: revoke key|tokens")
	}
}

// replaceIn replaces a text in a file: replace OLD NEW FILE.
func replaceIn(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: replace OLD NEW FILE")
	}
	text := strings.ReplaceAll(ts.ReadFile(args[2]), args[0], args[1])
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(text), 0o600))
}

// noSecrets asserts that files (or stdout, stderr) hold neither the script's token nor a line of its private key nor a JWT: nosecrets FILE….
func noSecrets(ts *testscript.TestScript, _ bool, args []string) {
	secrets := []string{"scriptsecret"}
	for line := range strings.Lines(ts.Getenv("KEYTEXT")) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "-----") && line != "" {
			secrets = append(secrets, line)
		}
	}
	for _, file := range args {
		text := ts.ReadFile(file)
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				ts.Fatalf("%s holds a secret", file)
			}
		}
		if jwt := regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}`).FindString(text); jwt != "" {
			ts.Fatalf("%s holds a token: %s", file, jwt)
		}
	}
}
