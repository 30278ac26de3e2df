package standin_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"oktareset/oktaclient/standin"
)

const tokenURL = orgURL + "/oauth2/v1/token"

// signer is a service app's side, made by hand, so that it can do everything wrong.
type signer struct {
	o     *standin.Org
	id    string
	key   *ecdsa.PrivateKey
	claim map[string]any // of every JWT, in place of the right ones; nil leaves one out
	head  map[jose.HeaderKey]any
	nonce string
}

func newSigner(t *testing.T, a standin.App) *signer {
	t.Helper()
	s := &signer{o: standin.New(standin.Config{})}
	var err error
	if s.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	a.Key, a.KeyID, a.Scopes = &s.key.PublicKey, "kid", []string{"okta.users.read", "okta.users.manage"}
	s.id = s.o.AddApp(a).ClientID
	return s
}

func (s *signer) sign(t *testing.T, key any, typ string, embed bool, claims map[string]any) string {
	t.Helper()
	opts := (&jose.SignerOptions{EmbedJWK: embed}).WithType(jose.ContentType(typ))
	for name, value := range s.head {
		opts = opts.WithHeader(name, value)
	}
	js, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, opts)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range s.claim {
		if value == nil {
			delete(claims, name)
		} else {
			claims[name] = value
		}
	}
	token, err := jwt.Signed(js).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (s *signer) assertion(t *testing.T) string {
	return s.sign(t, jose.JSONWebKey{Key: s.key, KeyID: "kid"}, "JWT", false, map[string]any{
		"iss": s.id, "sub": s.id, "aud": tokenURL, "jti": rand.Text(), "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(),
	})
}

func (s *signer) proof(t *testing.T, method, uri, token string) string {
	claims := map[string]any{"jti": rand.Text(), "htm": method, "htu": uri, "iat": time.Now().Unix(), "nonce": s.nonce}
	if token != "" {
		sum := sha256.Sum256([]byte(token))
		claims["ath"] = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return s.sign(t, s.key, "dpop+jwt", true, claims)
}

// ask asks for a token.
func (s *signer) ask(t *testing.T, assertion, proof string, change url.Values) answer {
	t.Helper()
	form := url.Values{
		"grant_type": {"client_credentials"}, "scope": {"okta.users.read okta.users.manage"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion},
	}
	maps.Copy(form, change)
	req, _ := http.NewRequestWithContext(t.Context(), "POST", tokenURL, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if proof != "" {
		req.Header.Set("DPoP", proof)
	}
	a, err := roundTrip(s.o, req)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

type tokenAnswer struct {
	Type  string `json:"token_type"`
	Token string `json:"access_token"`
	Error string `json:"error"`
	Text  string `json:"error_description"`
}

// get calls the API with an access token.
func (s *signer) get(t *testing.T, path, scheme, token, proof string) answer {
	t.Helper()
	req, _ := http.NewRequestWithContext(t.Context(), "GET", orgURL+path, nil)
	req.Header.Set("Authorization", scheme+" "+token)
	if proof != "" {
		req.Header.Set("DPoP", proof)
	}
	a, err := roundTrip(s.o, req)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAssertionIsChecked(t *testing.T) {
	t.Parallel()
	now := time.Now()
	other, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	tests := []struct {
		name   string
		claim  map[string]any
		change url.Values
		key    *ecdsa.PrivateKey
		head   map[jose.HeaderKey]any
		error  string
	}{
		{name: "right"},
		{name: "no kid", head: map[jose.HeaderKey]any{"kid": ""}},
		{name: "another kid", head: map[jose.HeaderKey]any{"kid": "x"}, error: "invalid_client: The client_assertion JWT kid is invalid."},
		{name: "another key", key: other, error: "invalid_client: The client_assertion signature is invalid."},
		{name: "unknown client", claim: map[string]any{"iss": "x", "sub": "x"}, error: "invalid_client: Invalid value for 'client_id' parameter."},
		{name: "another subject", claim: map[string]any{"sub": "x"}, error: "invalid_client: The issuer and subject"},
		{name: "another audience", claim: map[string]any{"aud": orgURL}, error: "invalid_client: The audience claim"},
		{name: "expired", claim: map[string]any{"exp": now.Add(-time.Second).Unix()}, error: "invalid_client: The client_assertion token is expired."},
		{name: "no end", claim: map[string]any{"exp": nil}, error: "invalid_client: The client_assertion token is expired."},
		{name: "too long", claim: map[string]any{"exp": now.Add(61 * time.Minute).Unix()}, error: "invalid_client: The client_assertion token has an expiration"},
		{name: "from the future", claim: map[string]any{"iat": now.Add(2 * time.Minute).Unix()}, error: "invalid_client: The client_assertion token is issued"},
		{name: "no jti", claim: map[string]any{"jti": nil}, error: "invalid_client: The client_assertion token has already been used"},
		{name: "no JWT", change: url.Values{"client_assertion": {"x"}}, error: "invalid_client: The client_assertion is not a valid JWT."},
		{name: "secret", change: url.Values{"client_assertion_type": {""}}, error: "invalid_client: The client_assertion_type"},
		{name: "another grant", change: url.Values{"grant_type": {"password"}}, error: "unsupported_grant_type"},
		{name: "one scope of two granted", change: url.Values{"scope": {"okta.users.read okta.apps.read"}}},
		{name: "no scope granted", change: url.Values{"scope": {"okta.apps.read"}}, error: "consent_required: You are not allowed any of the requested scopes."},
		{name: "no such scope", change: url.Values{"scope": {"okta.users.read okta.factors.read"}}, error: "invalid_scope: One or more scopes"},
		{name: "no scope", change: url.Values{"scope": {""}}, error: "invalid_scope"},
	}
	for _, tt := range tests {
		s := newSigner(t, standin.App{})
		s.claim, s.head = tt.claim, tt.head
		if tt.key != nil {
			s.key = tt.key
		}
		a := s.ask(t, s.assertion(t), "", tt.change)
		got := decode[tokenAnswer](t, a)
		if text := got.Error + ": " + got.Text; tt.error == "" && (a.status != 200 || got.Type != "Bearer") || !strings.HasPrefix(text, tt.error) {
			t.Errorf("%s: %d %s, want %q", tt.name, a.status, a.body, tt.error)
		}
		if wantStatus := map[bool]int{true: 401, false: 400}[got.Error == "invalid_client"]; tt.error != "" && a.status != wantStatus {
			t.Errorf("%s: %d, want %d", tt.name, a.status, wantStatus)
		}
		if a.header.Get("X-Okta-Request-Id") == "" || a.header.Get("X-Rate-Limit-Limit") != "1000" {
			t.Errorf("%s: headers %v", tt.name, a.header)
		}
	}
}

// Okta grants the scopes that were asked for and granted, and says which these are.
func TestScopesAreTheIntersection(t *testing.T) {
	t.Parallel()
	s := newSigner(t, standin.App{})
	a := s.ask(t, s.assertion(t), "", url.Values{"scope": {"okta.groups.read okta.users.read okta.apps.manage"}})
	if !strings.Contains(a.body, `"scope":"okta.users.read"`) {
		t.Errorf("token: %d %s", a.status, a.body)
	}
}

func TestAssertionIsUsedOnce(t *testing.T) {
	t.Parallel()
	s := newSigner(t, standin.App{})
	assertion := s.assertion(t)
	if a := s.ask(t, assertion, "", nil); a.status != 200 {
		t.Fatal(a.body)
	}
	if a := s.ask(t, assertion, "", nil); a.status != 401 || !strings.Contains(a.body, "already been used") {
		t.Errorf("a second time: %d %s", a.status, a.body)
	}
}

// bound gets a token that is bound to the signer's key, as Okta's sequence has it.
func (s *signer) bound(t *testing.T) string {
	t.Helper()
	a := s.ask(t, s.assertion(t), "", nil)
	if a.status != 400 || a.body != `{"error":"invalid_dpop_proof","error_description":"The DPoP proof JWT header is missing."}` {
		t.Fatalf("without a proof: %d %s", a.status, a.body)
	}
	a = s.ask(t, s.assertion(t), s.proof(t, "POST", tokenURL, ""), nil)
	if a.status != 400 || a.body != `{"error":"use_dpop_nonce","error_description":"Authorization server requires nonce in DPoP proof."}` {
		t.Fatalf("without a nonce: %d %s", a.status, a.body)
	}
	s.nonce = a.header.Get("Dpop-Nonce")
	got := decode[tokenAnswer](t, s.ask(t, s.assertion(t), s.proof(t, "POST", tokenURL, ""), nil))
	if got.Type != "DPoP" || got.Token == "" {
		t.Fatalf("%+v", got)
	}
	s.nonce = ""
	return got.Token
}

func TestProofIsChecked(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := newSigner(t, standin.App{DPoP: true})
	token := s.bound(t)
	u := s.o.Add(standin.User{Login: "al+ice'x@example.com"})
	uri := orgURL + "/api/v1/users/" + u.ID
	tests := []struct {
		name  string
		claim map[string]any
		head  map[jose.HeaderKey]any
		error string
	}{
		{name: "right"},
		{name: "another method", claim: map[string]any{"htm": "POST"}, error: "'htm' claim"},
		{name: "another path", claim: map[string]any{"htu": uri + "/"}, error: "'htu' claim"},
		{name: "with the query", claim: map[string]any{"htu": uri + "?x=1"}, error: "'htu' claim"},
		{name: "another host", claim: map[string]any{"htu": strings.Replace(uri, "acme", "evil", 1)}, error: "'htu' claim"},
		{name: "no token", claim: map[string]any{"ath": nil}, error: "'ath' claim"},
		{name: "another token", claim: map[string]any{"ath": "x"}, error: "'ath' claim"},
		{name: "old", claim: map[string]any{"iat": now.Add(-time.Hour).Unix()}, error: "'iat' claim"},
		{name: "from the future", claim: map[string]any{"iat": now.Add(time.Hour).Unix()}, error: "'iat' claim"},
		{name: "no time", claim: map[string]any{"iat": nil}, error: "'iat' claim"},
		{name: "no jti", claim: map[string]any{"jti": nil}, error: "'jti' claim"},
		{name: "another type", head: map[jose.HeaderKey]any{"typ": "JWT"}, error: "'typ'"},
		{name: "no key", head: map[jose.HeaderKey]any{"jwk": nil}, error: "'jwk'"},
	}
	for _, tt := range tests {
		s.claim, s.head = tt.claim, tt.head
		a := s.get(t, "/api/v1/users/"+u.ID+"?x=1", "DPoP", token, s.proof(t, "GET", uri, token))
		challenge := a.header.Get("Www-Authenticate")
		if tt.error == "" && a.status != 200 || tt.error != "" && (a.status != 400 || !strings.Contains(challenge, `error="invalid_dpop_proof"`) ||
			!strings.Contains(challenge, tt.error)) {
			t.Errorf("%s: %d %s, want %q", tt.name, a.status, challenge, tt.error)
		}
	}
	s.claim, s.head = nil, nil
	// The path is compared as it is decoded, and a plus sign may be read as a space.
	for path, htu := range map[string]string{"/api/v1/users/al%2Bice%27x%40example.com": "/api/v1/users/al+ice'x@example.com"} {
		if a := s.get(t, path, "DPoP", token, s.proof(t, "GET", orgURL+htu, token)); a.status != 200 {
			t.Errorf("htu %q for %q: %d %s", htu, path, a.status, a.header.Get("Www-Authenticate"))
		}
		if a := s.get(t, path, "DPoP", token, s.proof(t, "GET", orgURL+path, token)); a.status != 400 {
			t.Errorf("htu as sent, %q: %d", path, a.status)
		}
	}
}

func TestProofIsUsedOnceAndByItsHolder(t *testing.T) {
	t.Parallel()
	s := newSigner(t, standin.App{DPoP: true})
	token := s.bound(t)
	path := "/api/v1/users/" + s.o.Owner().ID
	proof := s.proof(t, "GET", orgURL+path, token)
	if a := s.get(t, path, "DPoP", token, proof); a.status != 200 {
		t.Fatalf("%d %v", a.status, a.header)
	}
	if a := s.get(t, path, "DPoP", token, proof); a.status != 400 || !strings.Contains(a.header.Get("Www-Authenticate"), "already been used") {
		t.Errorf("a second time: %d %v", a.status, a.header)
	}
	if a := s.get(t, path, "Bearer", token, ""); a.status != 401 {
		t.Errorf("as a bearer token: %d", a.status)
	}
	if a := s.get(t, path, "DPoP", token, ""); a.status != 400 {
		t.Errorf("without a proof: %d", a.status)
	}
	s.key, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if a := s.get(t, path, "DPoP", token, s.proof(t, "GET", orgURL+path, token)); a.status != 400 {
		t.Errorf("by another key: %d", a.status)
	}
}

func TestAccessTokenIsChecked(t *testing.T) {
	t.Parallel()
	s := newSigner(t, standin.App{TokenLife: time.Hour})
	token := decode[tokenAnswer](t, s.ask(t, s.assertion(t), "", nil)).Token
	user := "/api/v1/users/" + s.o.Owner().ID
	if a := s.get(t, user, "Bearer", token, ""); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	a := s.get(t, "/api/v1/logs", "Bearer", token, "")
	if c := a.header.Get("Www-Authenticate"); a.status != 403 || a.body != "" || !strings.Contains(c, `scope="okta.logs.read", error="insufficient_scope"`) {
		t.Errorf("the log: %d %q %s", a.status, a.body, c)
	}
	want(t, s.get(t, "/api/v1/users/me", "Bearer", token, ""), 404, "E0000007") // an app is nobody
	want(t, s.get(t, user, "Bearer", "x", ""), 401, "E0000011")
	want(t, s.get(t, user, "SSWS", token, ""), 401, "E0000011")
	s.o.RevokeTokens()
	want(t, s.get(t, user, "Bearer", token, ""), 401, "E0000011")
	s.o.RevokeKey(s.id)
	if a := s.ask(t, s.assertion(t), "", nil); a.status != 401 {
		t.Errorf("a revoked key: %d %s", a.status, a.body)
	}
}

// authorizations are who is let in where, as Okta's description of its API has it: an API token
// everywhere, a service app with one scope, or not at all.
var authorizations = map[string]struct{ method, path, scope string }{
	standin.OpMe:             {"GET", "/api/v1/users/me", "okta.users.read"},
	standin.OpGetUser:        {"GET", "/api/v1/users/" + bob, "okta.users.read"},
	standin.OpListUsers:      {"GET", "/api/v1/users", "okta.users.read"},
	standin.OpResetFactors:   {"POST", "/api/v1/users/" + bob + "/lifecycle/reset_factors", "okta.users.manage"},
	standin.OpListFactors:    {"GET", factorsPath(bob), "okta.users.read"},
	standin.OpCatalog:        {"GET", factorsPath(bob) + "/catalog", "okta.users.read"},
	standin.OpQuestions:      {"GET", factorsPath(bob) + "/questions", ""},
	standin.OpEnroll:         {"POST", factorsPath(bob), "okta.users.manage"},
	standin.OpActivate:       {"POST", factorsPath(bob) + "/opf1/lifecycle/activate", "okta.users.manage"},
	standin.OpResend:         {"POST", factorsPath(bob) + "/opf1/resend", "okta.users.manage"},
	standin.OpSendLink:       {"POST", factorsPath(bob) + "/opf1/lifecycle/activate/email", "okta.users.manage"},
	standin.OpVerify:         {"POST", factorsPath(bob) + "/opf1/verify", "okta.users.manage"},
	standin.OpTransaction:    {"GET", factorsPath(bob) + "/opf1/transactions/v2mst.1", "okta.users.read"},
	standin.OpGetFactor:      {"GET", factorsPath(bob) + "/opf1", "okta.users.read"},
	standin.OpUnenroll:       {"DELETE", factorsPath(bob) + "/opf1", "okta.users.manage"},
	standin.OpUserGroups:     {"GET", "/api/v1/users/" + bob + "/groups", "okta.users.read"},
	standin.OpListRoles:      {"GET", "/api/v1/users/" + bob + "/roles", "okta.roles.read"},
	standin.OpClearSessions:  {"DELETE", "/api/v1/users/" + bob + "/sessions", "okta.users.manage"},
	standin.OpExpirePassword: {"POST", "/api/v1/users/" + bob + "/lifecycle/expire_password", "okta.users.manage"},
	standin.OpListAdmins:     {"GET", "/api/v1/iam/assignees/users", "okta.roles.read"},
	standin.OpListGroups:     {"GET", "/api/v1/groups", "okta.groups.read"},
	standin.OpGetGroup:       {"GET", "/api/v1/groups/00g1", "okta.groups.read"},
	standin.OpListMembers:    {"GET", "/api/v1/groups/00g1/users", "okta.groups.read"},
	standin.OpLogs:           {"GET", "/api/v1/logs", "okta.logs.read"},
	standin.OpOrg:            {"GET", "/api/v1/org", "okta.orgs.read"},
}

// A service app is let in with the one scope of an endpoint, and with no other; where Okta takes an
// API token alone, with none.
func TestAuthorizations(t *testing.T) {
	t.Parallel()
	_, err := standin.ParseFault("500:none")
	public := []string{standin.OpOrganization, standin.OpToken, standin.OpQRCode}
	for op := range strings.SplitSeq(strings.SplitAfter(err.Error(), "operations are ")[1], ", ") {
		if _, ok := authorizations[op]; !ok && !slices.Contains(public, op) {
			t.Errorf("%s: who is let in?", op)
		}
	}
	s := newSigner(t, standin.App{})
	s.o.Add(standin.User{ID: bob, Login: "bob@example.com"})
	var scopes []string
	for _, a := range authorizations {
		if a.scope != "" && !slices.Contains(scopes, a.scope) {
			scopes = append(scopes, a.scope)
		}
	}
	with := func(granted ...string) string {
		s.o.AddApp(standin.App{ClientID: s.id, Key: &s.key.PublicKey, KeyID: "kid", Scopes: granted})
		return "Bearer " + decode[tokenAnswer](t, s.ask(t, s.assertion(t), "", url.Values{"scope": {strings.Join(scopes, " ")}})).Token
	}
	status := func(op, authorization string) answer {
		req, _ := http.NewRequestWithContext(t.Context(), authorizations[op].method, orgURL+authorizations[op].path, nil)
		req.Header.Set("Authorization", authorization)
		a, err := roundTrip(s.o, req)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	for op, a := range authorizations {
		others := slices.DeleteFunc(slices.Clone(scopes), func(scope string) bool { return scope == a.scope })
		if got := status(op, with(others...)); got.status != 403 || strings.Contains(got.header.Get("Www-Authenticate"), `scope="`+a.scope+`"`) != (a.scope != "") {
			t.Errorf("%s with every scope but %q: %d, %q", op, a.scope, got.status, got.header.Get("Www-Authenticate"))
		}
		if got := status(op, "SSWS "+s.o.Token()); got.status == 401 || got.status == 403 {
			t.Errorf("%s with the API token: %d", op, got.status)
		}
		if a.scope == "" {
			continue
		}
		if got := status(op, with(a.scope)); got.status == 401 || got.status == 403 {
			t.Errorf("%s with %s: %d", op, a.scope, got.status)
		}
	}
}
