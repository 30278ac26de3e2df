package oktaclient

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The items are those of Okta's own examples: a standard role, one through a group, a custom one.
const roleExamples = `[
{"id":"IFIFAX2BIRGUSTQ","label":"Application administrator","type":"APP_ADMIN","status":"ACTIVE","assignmentType":"USER"},
{"id":"gra25fapn1prGTBKV0g4","label":"API Access Management administrator","type":"API_ACCESS_MANAGEMENT_ADMIN","assignmentType":"GROUP"},
{"id":"irb1q92TFAHzySt3x0g4","role":"cr0Yq6IJxGIr0ouum0g3","label":"UserCreatorRole","type":"CUSTOM","assignmentType":"USER",
 "resource-set":"iamoJDFKaJxGIr0oamd9g"}]`

func TestListRoles(t *testing.T) {
	t.Parallel()
	const id = "00u1234567890abcdEFG"
	const page = `; rel="next"`
	tests := []struct {
		name, body, link string
		status           int
		want             []string
		fate             Fate // unless err is false
		err              bool
	}{
		{name: "of all kinds", body: roleExamples, want: []string{"APP_ADMIN", "API_ACCESS_MANAGEMENT_ADMIN", "UserCreatorRole"}},
		{name: "without a name", body: `[{}]`, want: []string{""}},
		{name: "null among them", body: `[null]`, want: []string{""}},
		{name: "of no known type", body: `[{"type":"NEW_ADMIN","label":"New"}]`, want: []string{"NEW_ADMIN"}},
		{name: "none", body: `[]`},
		{name: "null", body: `null`, err: true, fate: InDoubt},
		{name: "no list", body: `{}`, err: true, fate: InDoubt},
		{name: "half a list", body: `[{"type":`, err: true, fate: InDoubt},
		{name: "an empty page, and another", body: `[]`, link: page, err: true, fate: InDoubt},
		{name: "refused", status: 403, body: `{"errorCode":"E0000006","errorId":"oae"}`, err: true, fate: Forbidden},
		{name: "no such user", status: 404, body: `{"errorCode":"E0000007","errorId":"oae"}`, err: true, fate: Missing},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var path string
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				path = r.Method + " " + r.URL.Path
				w.Header().Set("X-Okta-Request-Id", "req")
				if tt.link != "" {
					w.Header().Set("Link", "<http://"+r.Host+r.URL.Path+"?after=x>"+tt.link)
				}
				if tt.status != 0 {
					w.WriteHeader(tt.status)
				}
				_, _ = w.Write([]byte(tt.body))
			}))
			defer s.Close()
			org, err := ParseOrgURL(s.URL)
			if err != nil {
				t.Fatal(err)
			}
			roles, rep, err := New(org, Options{Token: "t"}).ListRoles(context.Background(), id)
			var got []string
			for _, r := range roles {
				got = append(got, r.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || (err != nil) != tt.err || tt.err && FateOf(err) != tt.fate {
				t.Errorf("%v, fate %v, (-want +got):\n%s", err, FateOf(err), diff)
			}
			if rep.RequestID != "req" || path != "GET /api/v1/users/"+id+"/roles" {
				t.Errorf("reply %+v of %s", rep, path)
			}
		})
	}
	if _, _, err := New(OrgURL{}, Options{}).ListRoles(context.Background(), "alice@example.com"); FateOf(err) != NotSent {
		t.Errorf("a login: %v, want it refused: Okta documents IDs only here", err)
	}
}
