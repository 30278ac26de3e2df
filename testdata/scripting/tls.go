package scripting

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// ServeTLS serves a handler over TLS with a certificate of an authority whose own certificate is
// put into ca.pem. The kind says what is wrong with it: "good", "other" (of another host),
// "expired", "stranger" (of an authority that isn't in ca.pem), or a version of TLS that is too
// old. The certificate of "proxied" is that of org.example.com, which only a proxy finds: see
// ServeProxy.
func ServeTLS(ts *testscript.TestScript, h http.Handler, kind string) *httptest.Server {
	authority, authorityKey := authorityFor(ts, "ours")
	ts.Check(os.WriteFile(ts.MkAbs("ca.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.Raw}), 0o600))
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "org"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	config := &tls.Config{}
	switch kind {
	case "good":
	case "other", "proxied":
		cert.IPAddresses, cert.DNSNames = nil, []string{"org.example.com"}
	case "expired":
		cert.NotAfter = time.Now().Add(-24 * time.Hour)
	case "stranger":
		authority, authorityKey = authorityFor(ts, "a stranger's")
	case "1.1":
		config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	default:
		ts.Fatalf("org: tls=%s", kind)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	der, err := x509.CreateCertificate(rand.Reader, cert, authority, &key.PublicKey, authorityKey)
	ts.Check(err)
	config.Certificates = []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}
	server := httptest.NewUnstartedServer(h)
	server.TLS, server.Config.ErrorLog = config, log.New(io.Discard, "", 0)
	server.StartTLS()
	return server
}

func authorityFor(ts *testscript.TestScript, name string) (*x509.Certificate, *ecdsa.PrivateKey) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-72 * time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	ts.Check(err)
	cert, err := x509.ParseCertificate(der)
	ts.Check(err)
	return cert, key
}

// ServeProxy serves a proxy that connects requests for org.example.com to a server. It writes the
// requested addresses into connects.txt.
func ServeProxy(ts *testscript.TestScript, server *httptest.Server) {
	log, err := os.OpenFile(ts.MkAbs("connects.txt"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	ts.Check(err)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(log, r.Method+" "+r.Host+"\n")
		if r.Method != http.MethodConnect || r.Host != "org.example.com:443" {
			http.Error(w, "not here", http.StatusForbidden)
			return
		}
		to, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", server.Listener.Addr().String())
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer to.Close()
		from, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer from.Close()
		_, _ = io.WriteString(from, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { _, _ = io.Copy(to, from) }()
		_, _ = io.Copy(from, to)
	}))
	ts.Defer(func() { proxy.Close(); log.Close() })
	ts.Setenv("HTTPS_PROXY", proxy.URL)
	ts.Setenv("OKTA_CLIENT_ORGURL", "https://org.example.com")
	ts.Setenv("HOST", "org.example.com")
}
