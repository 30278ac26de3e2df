package oktaclient

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// FuzzClean cleans any bytes. JSON stays JSON of the same shape; no decoded string in it contains
// a secret or is too long; and JSON without either is unchanged.
func FuzzClean(f *testing.F) {
	const token, code = "00abcdefghijklmnopqrstuvwxyz", "123456"
	for _, s := range []string{
		"", "{}", "[]", `{"a":"b"}`, `"` + token + `"`, `{"` + token + `":1}`, `{"a":"\u0030\u0030abcdefghijklmnopqrstuvwxyz"}`, `["%30` + token[1:] + `"]`,
		`{"a":[123456,"123456",{"123456":-1.5e3}]}`, `"\ud800\\\""`, `{"a":"` + strings.Repeat("x", 3000) + `"}`, "[[[[", `{"a" : "\"` + token + `\""}`,
		"\"\xff" + token + "\xff\"", `{"access_token":"` + token + `"}`, `"eyJhbGciOiJI.eyJzdWIiOiIx.c2ln"`, `"\u0065yJhbGciOiJI.eyJzdWIiOiIx.c2ln"`, `"` + token,
		strings.Repeat("[1,", 20), `{"a":1,"a":"` + token + `","b" 	:"x"}`, `{"href":"` + strings.Repeat("x", 3000) + `"}`,
	} {
		f.Add([]byte(s))
	}
	c := New(OrgURL{}, Options{Token: token})
	f.Fuzz(func(t *testing.T, in []byte) {
		before := bytes.Clone(in)
		out, err := c.filter(&request{secrets: []Passcode{code}}, 200).body(in)
		if !bytes.Equal(before, in) {
			t.Fatal("it changed its input")
		}
		var was, is any
		if err != nil || json.Unmarshal(in, &was) != nil {
			if bytes.Contains(out, []byte(token)) {
				t.Errorf("the token is in %q", out)
			}
			return
		}
		if err := json.Unmarshal(out, &is); err != nil {
			t.Fatalf("%q became %q: %v", in, out, err)
		}
		dirty := false
		for _, s := range stringsIn(is) {
			// the rest of a character, and the ellipsis
			if strings.Contains(s, token) || s == code || len(s) > maxText+6 {
				t.Errorf("%.100q is in what %.100q became", s, in)
			}
		}
		for _, s := range stringsIn(was) {
			dirty = dirty || strings.Contains(s, token[:tellTale]) || s == code || strings.Contains(s, jwtBegins) || strings.Contains(s, "%") || len(s) > maxText
		}
		if !dirty && !bytes.Contains(in, []byte(code)) && !bytes.ContainsAny(in, ".eE") && !bytes.Equal(in, out) {
			t.Errorf("%q became %q", in, out)
		}
	})
}

// stringsIn returns the strings of a decoded value, including names of members and the texts of
// numbers.
func stringsIn(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var all []string
		for _, item := range v {
			all = append(all, stringsIn(item)...)
		}
		return all
	case map[string]any:
		var all []string
		for name, item := range v {
			all = append(append(all, name), stringsIn(item)...)
		}
		return all
	}
	return nil
}

// BenchmarkClean compares the cost of the filter with the cost of decoding.
func BenchmarkClean(b *testing.B) {
	token := strings.Repeat("0aB-", 10) + "xy"
	user := func(i int) string {
		return fmt.Sprintf(`{"id":"00u%017d","status":"ACTIVE","created":"2026-01-02T03:04:05.000Z","profile":{"login":"user%d@example.com",`+
			`"firstName":"Jos\u00e9","lastName":"Muster","department":"R&D","employeeNumber":%d,"manager":null%s},"_links":{"self":{"href":`+
			`"https://acme.okta.com/api/v1/users/00u%017d?x=a%%40b"}}}`, i, i, i, strings.Repeat(`,"costCenter":"a text of usual length"`, 20), i)
	}
	var page []string
	for i := range 200 {
		page = append(page, user(i))
	}
	for name, body := range map[string]string{"user": user(1), "page": "[" + strings.Join(page, ",") + "]"} {
		b.Run(name, func(b *testing.B) {
			c := New(OrgURL{}, Options{Token: Token(token)})
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if got, err := c.filter(&request{texts: MaxAttribute}, 200).body([]byte(body)); err != nil || len(got) != len(body) {
					b.Fatal(err, len(got))
				}
			}
		})
		b.Run(name+"/decode", func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				var v any
				if err := json.Unmarshal([]byte(body), &v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
