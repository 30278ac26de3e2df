// Org serves a stand-in org for the machine that tries the recipes: over TLS, under the name and
// with the service app that the recipes have, so that they run as they are. It runs outside of the
// machine. So its counts outlive a reboot.
//
//	org FOLDER CLOCK FILE…
//
// FOLDER gets what a client needs: address, token, ca.pem, okta.pem (the app's key) and other.pem
// (a key that the org doesn't know). CLOCK is the time of the org, as 2026-11-22T01:58:00Z. The
// users are those in the first column of each FILE.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
	"oktareset/testdata/certificate"
)

const (
	host     = "acme.okta.com"
	clientID = "0oa1b2c3d4e5f6g7h8i9"
)

func main() {
	if len(os.Args) < 4 {
		log.Fatal("usage: org FOLDER CLOCK FILE…")
	}
	if err := serve(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		log.Fatal(err)
	}
}

func serve(folder, clock string, files []string) error {
	now, err := time.Parse(time.RFC3339, clock)
	if err != nil {
		return err
	}
	// Slow, and few calls at a time: there must be time to kill a run in the middle.
	org := standin.New(standin.Config{ClockSkew: time.Until(now), Latency: time.Second, Concurrency: 4})
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		// If a kill leaves it open whether a user was reset, this factor tells. Okta's push doesn't: Okta
		// may go on listing it.
		for _, login := range strings.Fields(string(text))[1:] {
			org.Add(standin.User{Login: login, Factors: []standin.Factor{{Type: "sms", Provider: "OKTA"}}})
		}
	}
	key, keyErr := newKey(filepath.Join(folder, "okta.pem"))
	_, otherErr := newKey(filepath.Join(folder, "other.pem"))
	cert, authority, certErr := certificate.New(host)
	listener, listenErr := net.Listen("tcp", "127.0.0.1:0")
	if err := errors.Join(keyErr, otherErr, certErr, listenErr); err != nil {
		return err
	}
	org.AddApp(standin.App{ClientID: clientID, Key: &key.PublicKey, Scopes: oktaclient.AllScopes()})
	err = errors.Join(write(filepath.Join(folder, "ca.pem"), string(authority)), write(filepath.Join(folder, "token"), org.Token()+"\n"),
		write(filepath.Join(folder, "address"), listener.Addr().String()+"\n"))
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: org, ReadHeaderTimeout: time.Minute,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12},
	}
	return server.ServeTLS(listener, "", "")
}

// newKey makes a private key and writes it into a new file.
func newKey(path string) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, write(path, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
}

// write puts a text into a new file.
func write(path, text string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
