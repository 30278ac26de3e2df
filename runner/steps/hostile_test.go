package steps_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"oktareset/oktaclient"
	"oktareset/oktaclient/standin"
	"oktareset/runner"
	"oktareset/runner/steps"
)

// However much a server sends in a name, a row stays short enough to be read again, and keeps its
// essential parts.
func TestHostileTextsAreCut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		long := strings.Repeat("\u202e\x1b", 100<<10)
		w := newWorld(t, standin.Config{}, oktaclient.Options{}, steps.Options{DryRun: true, RecordFactors: true})
		w.canned = func(r *http.Request) *http.Response {
			if strings.HasSuffix(r.URL.Path, "/factors") {
				return reply(r, 200, "["+strings.Repeat(`{"factorType":"sms","provider":"OKTA"},`, 4000)+`{"factorType":"x"}]`)
			}
			b, _ := json.Marshal(map[string]any{"id": aliceID, "status": "ACTIVE", "profile": map[string]string{"login": long}})
			return reply(r, 200, string(b))
		}
		res, err := w.do(t.Context(), 1, aliceID)
		size := len(res.Login) + len(res.Error) + len(strings.Join(res.Factors, " "))
		if err != nil || res.Status != runner.StatusWouldReset || size > 20_000 || len(res.Factors) < 100 {
			t.Errorf("%s, %v, %d bytes, %d factors", res.Status, err, size, len(res.Factors))
		}
		res, err = w.do(t.Context(), 2, "bob@example.com")
		if err != nil || res.Status != runner.StatusInvalid || res.Reason != runner.ReasonMismatch || len(res.Error) > 6000 {
			t.Errorf("%s/%s, %v, %d bytes of error", res.Status, res.Reason, err, len(res.Error))
		}
	})
}

// An answer about another user decides nothing about this one.
func TestAnswerAboutAnotherUser(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, standin.Config{}, oktaclient.Options{}, steps.Options{})
		w.canned = func(r *http.Request) *http.Response {
			if r.Method == http.MethodPost {
				return reply(r, 404, `{"errorCode":"E0000007","errorSummary":"Not found","errorId":"oae"}`)
			}
			return reply(r, 200, `{"id":"00uSomebodyElse00000","status":"DEPROVISIONED","profile":{"login":"else@example.com"}}`)
		}
		res, err := w.do(t.Context(), 1, aliceID)
		if err != nil || res.Status != runner.StatusFailed || res.Login != "" || !strings.Contains(res.Error, "another user") {
			t.Errorf("%+v, %v; want failed, and nothing of the other user", res, err)
		}
	})
}
