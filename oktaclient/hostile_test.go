package oktaclient_test

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
)

// secret is too long to occur by chance.
const secret = "00hostileSecretTokenOfFortyTwoCharacters_x"

// speak serves raw bytes: answer writes the reply to one request, and the connection is closed
// after it.
func speak(t *testing.T, o oktaclient.Options, answer func(conn net.Conn)) (*oktaclient.Client, *atomic.Int32) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	calls := new(atomic.Int32)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			calls.Add(1)
			go func() {
				defer conn.Close()
				_, _ = conn.Read(make([]byte, 64<<10))
				answer(conn)
			}()
		}
	}()
	url, err := oktaclient.ParseOrgURL("http://" + l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	o.Token = secret
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	return oktaclient.New(url, o), calls
}

const okHead = "HTTP/1.1 200 OK\r\nX-Okta-Request-Id: req\r\nConnection: close\r\n"

// Whatever bytes come back, a reset ends in time, after one request, with a certain fate, and
// with an error that is short and without secrets.
func TestHostileBytes(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 200<<10)
	drip := func(conn net.Conn, head, drop string) {
		_, err := io.WriteString(conn, head)
		for err == nil {
			<-time.After(20 * time.Millisecond)
			_, err = io.WriteString(conn, drop)
		}
	}
	flood := func(conn net.Conn, head, more string) {
		_, err := io.WriteString(conn, head)
		for err == nil {
			_, err = io.WriteString(conn, more)
		}
	}
	say := func(text string) func(net.Conn) {
		return func(conn net.Conn) { _, _ = io.WriteString(conn, text) }
	}
	for name, tt := range map[string]struct {
		answer func(net.Conn)
		want   oktaclient.Fate
	}{
		"nothing":                       {say(""), oktaclient.InDoubt},
		"the token as status line":      {say("SSWS " + secret + "\r\n\r\n"), oktaclient.InDoubt},
		"the token as broken header":    {say("HTTP/1.1 200 OK\r\nSSWS " + secret + " \r\n\r\n"), oktaclient.InDoubt},
		"the token as status code":      {say("HTTP/1.1 " + secret + "\r\n\r\n"), oktaclient.InDoubt},
		"a long status line":            {say("HTTP/1.1 " + long + "\r\n\r\n"), oktaclient.InDoubt},
		"a long broken line":            {say(long + secret + "\r\n\r\n"), oktaclient.InDoubt},
		"a status that no one knows":    {say("HTTP/1.1 999 \x1b[31m\r\nContent-Length: 0\r\n\r\n"), oktaclient.InDoubt},
		"HTTP/2":                        {say("\x00\x00\x12\x04\x00\x00\x00\x00\x00" + strings.Repeat("\x00", 18)), oktaclient.InDoubt},
		"headers without an end":        {func(c net.Conn) { flood(c, okHead, "X-A: "+long[:1000]+"\r\n") }, oktaclient.InDoubt},
		"one header without an end":     {func(c net.Conn) { flood(c, okHead+"X-A: ", long) }, oktaclient.InDoubt},
		"1xx without an end":            {func(c net.Conn) { flood(c, "", "HTTP/1.1 103 Early Hints\r\nX-A: b\r\n\r\n") }, oktaclient.InDoubt},
		"slow headers":                  {func(c net.Conn) { drip(c, "HTTP/1.1 200 OK\r\nX-A: ", "x") }, oktaclient.InDoubt},
		"two lengths":                   {say(okHead + "Content-Length: 1\r\nContent-Length: 9\r\n\r\n{}"), oktaclient.InDoubt},
		"a slow body, after a 200":      {func(c net.Conn) { drip(c, okHead+"\r\n", " ") }, oktaclient.Done},
		"an endless body, after a 200":  {func(c net.Conn) { flood(c, okHead+"\r\n", "["+long) }, oktaclient.Done},
		"endless text, after a 200":     {func(c net.Conn) { flood(c, okHead+"\r\n", long) }, oktaclient.InDoubt},
		"broken chunks, after a 200":    {say(okHead + "Transfer-Encoding: chunked\r\n\r\nzz" + secret), oktaclient.Done},
		"a wrong type, after a 200":     {say(okHead + "Content-Type: image/png\r\n\r\n\x89PNG"), oktaclient.InDoubt},
		"no gzip where gzip is claimed": {say(okHead + "Content-Encoding: gzip\r\n\r\n{}"), oktaclient.Done},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, calls := speak(t, oktaclient.Options{Timeout: time.Second}, tt.answer)
			start := time.Now()
			_, err := c.ResetFactors(t.Context(), someID, nil)
			if got := oktaclient.FateOf(err); got != tt.want || calls.Load() != 1 || time.Since(start) > 5*time.Second {
				t.Errorf("fate %d (%.200v) after %d requests and %v; want %d after one, in time", got, err, calls.Load(), time.Since(start), tt.want)
			}
			if err != nil && (strings.Contains(err.Error(), secret) || len(err.Error()) > 700) {
				t.Errorf("%d bytes, or the token: %.700q", len(err.Error()), err)
			}
		})
	}
}

// JSON that is hard to read.
func TestHostileJSON(t *testing.T) {
	t.Parallel()
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	zeros := make([]byte, 1<<20)
	for range 200 {
		_, _ = z.Write(zeros)
	}
	_ = z.Close()
	big := strings.Repeat("7", 400<<10)
	for name, body := range map[string]string{
		"depth":            strings.Repeat("[", 500<<10),
		"depth of objects": `[{"profile":` + strings.Repeat(`{"a":`, 100<<10),
		"a long time":      `[{"created":"` + secret + big + `"}]`,
		"a long number":    `[{"id":` + big + `}]`,
		"a long key":       `[{"` + big + `":1,"id":3}]`,
		"no array":         `{"id":"` + secret + `"}`,
		"NUL":              "\x00\x00",
		"gzip bomb":        bomb.String(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Okta-Request-Id", "req")
				if name == "gzip bomb" {
					w.Header().Set("Content-Encoding", "gzip")
				}
				_, _ = io.WriteString(w, body)
			}), oktaclient.Options{Token: secret, Timeout: 5 * time.Second, Rate: 1000})
			list, _, err := c.ListFactors(t.Context(), someID)
			if err == nil || len(err.Error()) > 700 || strings.Contains(err.Error(), secret) {
				t.Errorf("%d factors, %.800v", len(list), err)
			}
		})
	}
}

// A small reply takes little memory, whatever its list contains.
func TestHostileLists(t *testing.T) {
	body := "[" + strings.Repeat("{},", 300<<10) + "{}]"
	c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Okta-Request-Id", "req")
		_, _ = io.WriteString(w, body)
	}), oktaclient.Options{Token: secret})
	for name, list := range map[string]func() error{
		"factors": func() error { _, _, err := c.ListFactors(t.Context(), someID); return err },
		"users":   func() error { _, _, err := c.FindUsers(t.Context(), "x"); return err },
		"roles":   func() error { _, _, err := c.ListRoles(t.Context(), someID); return err },
		"events":  func() error { _, err := eventIDs(t, c); return err },
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := list()
		runtime.ReadMemStats(&after)
		if used := (after.TotalAlloc - before.TotalAlloc) >> 20; err == nil || !strings.Contains(err.Error(), "longer than any") || used > 50 {
			t.Errorf("%s: %v, %d MB allocated; want an error and few", name, err, used)
		}
	}
}

// A credential that comes back, perhaps from a debugging proxy, isn't passed on: not in errors,
// not in data, not in the log.
func TestEchoesAreRedacted(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	status := 200
	c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		echo := r.Header.Get("Authorization") + strings.NewReplacer(`"`, "", "{", "", "}", "").Replace(string(body))
		w.Header().Set("X-Okta-Request-Id", secret)
		w.Header().Set("X-Rate-Limit-Remaining", secret)
		w.Header().Set("Www-Authenticate", `Bearer error="`+echo+`", error_description="`+echo+`"`)
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"id":"%s","errorCode":"E0000001","errorId":"oae","status":%q,"errorSummary":%q,"profile":{"login":%q,"name":%q}}`, someID, echo, echo, echo, echo)
	}), oktaclient.Options{Token: secret, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	me, rep, err := c.GetMe(t.Context())
	if err != nil || !strings.Contains(me.Profile.Login, "REDACTED") {
		t.Errorf("%+v, %v; want a login with REDACTED", me, err)
	}
	all := fmt.Sprint(me, rep.RequestID)
	for _, status = range []int{200, 400} {
		f, _, err := c.EnrollFactor(t.Context(), someID, oktaclient.Enrollment{
			Type: "question", Provider: "OKTA", Profile: map[string]any{"question": "x", "answer": "maiden name of the cat"},
		}, nil)
		all += fmt.Sprintf("%s %v", f.Raw, err)
		v, _, err := c.VerifyFactor(t.Context(), someID, someID, oktaclient.Verify{PassCode: "735164"})
		all += fmt.Sprint(v.Result, err)
	}
	for _, hidden := range []string{secret, "maiden name", "735164"} {
		if strings.Contains(all+log.String(), hidden) {
			t.Errorf("%q came out:\n%s\n%s", hidden, all, log.String())
		}
	}
	if !strings.Contains(all, "REDACTED") {
		t.Errorf("nothing was redacted:\n%s", all)
	}
}

// No request, and so no token, follows a reply elsewhere: neither a redirect, for any request,
// nor a link.
func TestNothingGoesElsewhere(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	t.Cleanup(other.Close)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(other.URL, "http://"))
	var link string
	pages := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Okta-Request-Id", "req")
		w.Header().Set("Link", "<"+strings.ReplaceAll(link, "HOST", r.Host)+`>; rel="next"`)
		_, _ = io.WriteString(w, "[]")
	}), oktaclient.Options{Token: secret})
	for _, link = range []string{
		other.URL + "/api/v1/users", "http://127.0.0.1:" + port, "//127.0.0.1:" + port + "/", "http://HOST@127.0.0.1:" + port + "/",
		"https://HOST/", "ftp://HOST/", "http:HOST/", "http://HOST\\@127.0.0.1:" + port, "http://HOST.evil.example/", "http://HO\tST/",
		"javascript:alert(1)", "http://%31%32%37.0.0.1:" + port + "/",
	} {
		for _, err := range pages.ListUserRecords(t.Context(), oktaclient.UserQuery{}) {
			if err == nil || !strings.Contains(err.Error(), "another address") {
				t.Errorf("%q: %v, want it refused", link, err)
			}
		}
	}
	var reads sync.WaitGroup
	for _, status := range []int{300, 301, 302, 303, 307, 308} {
		reads.Go(func() {
			c := serve(t, http.RedirectHandler(other.URL, status), oktaclient.Options{Token: secret})
			if _, _, err := c.GetMe(t.Context()); err == nil {
				t.Errorf("%d: GetMe succeeded", status)
			}
		})
	}
	reads.Wait()
	if elsewhere.Load() > 0 {
		t.Errorf("%d requests went elsewhere", elsewhere.Load())
	}
}

// A chain of pages that returns to an earlier one.
func TestPagesInACircle(t *testing.T) {
	t.Parallel()
	calls := 0
	c := logPages(t, threePages, func(host string, n int) []string {
		if calls++; calls > 20 {
			t.Error("it goes round and round")
			return nil
		}
		return []string{fmt.Sprintf(`<http://%s/api/v1/logs?after=p%%2B%d%%3D>; rel="next"`, host, n%2+1)}
	})
	if ids, err := eventIDs(t, c); err == nil || !strings.Contains(err.Error(), "or one before it") {
		t.Errorf("%q, %v; want an error", ids, err)
	}
}

// A peer without a good certificate gets nothing but a handshake.
func TestBadTLS(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*httptest.Server){
		"unknown authority": func(*httptest.Server) {},
		"TLS 1.1": func(s *httptest.Server) {
			s.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
		},
		"HTTP/2 only": func(s *httptest.Server) { s.TLS = &tls.Config{NextProtos: []string{"h2"}} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int32
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
			server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
			prepare(server)
			server.StartTLS()
			t.Cleanup(server.Close)
			url, err := oktaclient.ParseOrgURL(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			_, err = oktaclient.New(url, oktaclient.Options{Token: secret}).ResetFactors(t.Context(), someID, nil)
			if oktaclient.FateOf(err) != oktaclient.NotSent || requests.Load() > 0 {
				t.Errorf("%v, %d requests; want nothing sent", err, requests.Load())
			}
		})
	}
}

// lying changes each reply of the org.
type lying struct {
	next http.RoundTripper
	lie  func(h http.Header)
}

func (l lying) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.next.RoundTrip(r)
	if err == nil {
		l.lie(resp.Header)
	}
	return resp, err
}

// Nonsense about limits and clocks loses no row, resets nobody twice, and delays nothing longer
// than a limit of 60 a minute would.
func TestLiesAboutLimits(t *testing.T) {
	t.Parallel()
	const far = "4102444800" // 2100
	headers := func(limit, remaining, reset, date string) map[string]string {
		return map[string]string{"X-Rate-Limit-Limit": limit, "X-Rate-Limit-Remaining": remaining, "X-Rate-Limit-Reset": reset, "Date": date}
	}
	const max64 = "9223372036854775807"
	for name, lie := range map[string]map[string]string{
		"limit 0, reset far":       headers("0", "0", far, ""),
		"nothing left until far":   headers("600", "0", far, ""),
		"negative":                 headers("-600", "-1", "-1", ""),
		"largest":                  headers(max64, max64, max64, ""),
		"largest, open window":     {"X-Rate-Limit-Limit": max64, "X-Rate-Limit-Remaining": max64},
		"a million millions":       {"X-Rate-Limit-Limit": "600", "X-Rate-Limit-Remaining": "1000000000000000000"},
		"too large to be a number": headers("1e99", strings.Repeat("9", 1000), strings.Repeat("9", 1000), strings.Repeat("9", 1000)),
		"long ago":                 {"Date": "Thu, 01 Jan 1970 00:00:00 GMT"},
		"years ahead":              {"Date": "Fri, 31 Dec 9999 23:59:59 GMT"},
		"years ahead, all of it":   headers("600", "600", "253402300799", "Fri, 31 Dec 9999 23:59:59 GMT"),
		"year 0":                   {"Date": "Sat, 01 Jan 0000 00:00:00 GMT"},
	} {
		virtually(t, name, func(t *testing.T) {
			w := newWorld(t, 60, standin.Config{Latency: 100 * time.Millisecond}, oktaclient.Options{})
			url, err := oktaclient.ParseOrgURL("http://127.0.0.1")
			if err != nil {
				t.Fatal(err)
			}
			w.client = oktaclient.New(url, oktaclient.Options{
				Token: oktaclient.Token(w.org.Token()),
				Transport: lying{w.org.Transport(), func(h http.Header) {
					for name, value := range lie {
						h.Set(name, value)
					}
				}},
			})
			start := time.Now()
			if failed := w.resetAll(t.Context(), 16); len(failed) > 0 {
				t.Errorf("%d rows lost: %v", len(failed), failed)
			}
			w.onceEach(t)
			if took := time.Since(start); took > 2*time.Minute {
				t.Errorf("took %v", took)
			}
		})
	}
}

// Endless refusals, whatever they say, end the run after a while: nobody waits for the year 2100.
func TestRefusedForEver(t *testing.T) {
	t.Parallel()
	for name, head := range map[string][2]string{"concurrency": {"0", "0"}, "window": {"600", "0"}, "nothing said": {"", ""}} {
		virtually(t, name, func(t *testing.T) {
			w := newWorld(t, 40, standin.Config{}, oktaclient.Options{})
			url, err := oktaclient.ParseOrgURL("http://127.0.0.1")
			if err != nil {
				t.Fatal(err)
			}
			w.client = oktaclient.New(url, oktaclient.Options{Token: secret, Transport: lying{roundTrip(func(*http.Request) (*http.Response, error) {
				rec := httptest.NewRecorder()
				rec.Header().Set("X-Okta-Request-Id", "req")
				rec.WriteHeader(http.StatusTooManyRequests)
				_, _ = rec.WriteString(`{"errorCode":"E0000047","errorId":"oae"}`)
				return rec.Result(), nil
			}), func(h http.Header) {
				h.Set("X-Rate-Limit-Limit", head[0])
				h.Set("X-Rate-Limit-Remaining", head[1])
				h.Set("X-Rate-Limit-Reset", "4102444800")
			}}})
			start := time.Now()
			failed := w.resetAll(t.Context(), 16)
			if took := time.Since(start); len(failed) != 40 || took > 10*time.Minute {
				t.Errorf("%d rows given up after %v", len(failed), took)
			}
			for _, err := range failed {
				if !errors.Is(err, oktaclient.ErrLimited) {
					t.Errorf("%v, want %v", err, oktaclient.ErrLimited)
				}
			}
		})
	}
}

// An answer about somebody or something else.
func TestAnotherFactorsAnswer(t *testing.T) {
	t.Parallel()
	c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Okta-Request-Id", "req")
		_, _ = io.WriteString(w, `{"id":"opfAnotherFactor00000"}`)
	}), oktaclient.Options{})
	if f, _, err := c.GetFactor(t.Context(), someID, "opfTheFactorAskedFor0"); err == nil || f.ID != "" {
		t.Errorf("%+v, %v; want an error", f, err)
	}
}

// A login is the attribute with exactly that name.
func TestLoginToTheLetter(t *testing.T) {
	t.Parallel()
	c := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Okta-Request-Id", "req")
		_, _ = io.WriteString(w, `{"id":"`+someID+`","profile":{"login":"mallory@x.com","Login":"ceo@x.com","LOGIN":"ceo@x.com","email":null}}`)
	}), oktaclient.Options{})
	if u, _, err := c.GetUser(t.Context(), someID); err != nil || u.Profile.Login != "mallory@x.com" {
		t.Errorf("%+v, %v; want mallory", u, err)
	}
}

// A secret in place of the org URL isn't shown.
func TestOrgURLShowsNoSecret(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		secret, " " + secret + "\n", "admin:" + secret + "@acme.okta.com", "https://admin:" + secret + "/x@acme.okta.com", "https://a:" + secret + "#x@acme.okta.com",
		"https://acme.okta.com/?token=" + secret, "-----BEGIN PRIVATE KEY-----\n" + secret + "\n-----END PRIVATE KEY-----",
	} {
		_, err := oktaclient.ParseOrgURL(in)
		var uerr *oktaclient.OrgURLError
		if !errors.As(err, &uerr) || strings.Contains(err.Error()+uerr.Hint, secret) {
			t.Errorf("%q: %v (%+v)", in, err, uerr)
		}
	}
	for _, in := range []string{"https://acme$(id).okta.com", "https://acme;id.okta.com", "https://acme'.okta.com", "https://b\u0430d.okta.com", "https://acme.okta.com%0a"} {
		if u, err := oktaclient.ParseOrgURL(in); err == nil {
			t.Errorf("%q passed as %s", in, u)
		}
	}
}

// Nobody waits for a token endpoint that leads elsewhere, and no assertion is sent there.
func TestTokenEndpointElsewhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		url, err := oktaclient.ParseOrgURL("https://acme.okta.com")
		if err != nil {
			t.Fatal(err)
		}
		hosts := make(map[string]int)
		c := oktaclient.New(url, oktaclient.Options{
			App: &oktaclient.App{ClientID: "0oa1", Key: parseKey(t, pemOf(t, testKeys()["P-256"]))},
			Transport: lying{roundTrip(func(r *http.Request) (*http.Response, error) {
				hosts[r.URL.Host]++
				rec := httptest.NewRecorder()
				http.Redirect(rec, r, "https://evil.example/oauth2/v1/token", http.StatusTemporaryRedirect)
				return rec.Result(), nil
			}), func(http.Header) {}},
		})
		if _, err := c.ResetFactors(t.Context(), someID, nil); err == nil || hosts["evil.example"] > 0 || len(hosts) != 1 {
			t.Errorf("%v, asked %v", err, hosts)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
