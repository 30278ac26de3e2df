package access

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/files"
)

// addApp registers a service app with the stand-in org, with the key in a file, which is created
// if necessary. It returns the settings for a shell to sign in as the app.
func addApp(ctx context.Context, org *standin.Org, o Serving) (string, error) {
	path := o.App
	text, _, err := files.ReadNamed(ctx, path, files.MaxSecret, os.Open)
	switch {
	case ctx.Err() != nil:
		return "", fault.Stopped(context.Cause(ctx))
	case errors.Is(err, fs.ErrNotExist):
		text, err = makeKey(path)
	}
	if err != nil {
		return "", fault.Usage("", "the service app's key: %w", err)
	}
	key, err := oktaclient.ParsePrivateKey(text)
	if err != nil {
		return "", fault.Usage("give the name of a new file", "the service app's key in %s: %w", path, err)
	}
	scopes := o.Scopes
	if len(scopes) == 0 {
		scopes = oktaclient.AllScopes()
	}
	app := org.AddApp(standin.App{ClientID: "0oastandinapp001x5d7", Key: key.Public(), KeyID: key.ID(), DPoP: o.Dpop, Scopes: scopes})
	if path, err = filepath.Abs(path); err != nil {
		return "", err
	}
	return fmt.Sprintf("export OKTA_CLIENT_AUTHORIZATIONMODE=%s\nexport OKTA_CLIENT_CLIENTID=%s\nexport OKTA_CLIENT_PRIVATEKEY=%s\n",
		ModeApp, app.ClientID, console.ShellQuote(path)), nil
}

// makeKey writes a new private key into a new file.
func makeKey(path string) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := pem.Encode(&text, &pem.Block{Type: "PRIVATE KEY", Bytes: der}); err != nil {
		return nil, err
	}
	f, err := files.Create(path)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(text.Bytes())
	return text.Bytes(), errors.Join(err, f.Close())
}
