package results

import (
	"testing"

	"oktareset/runner/table"
)

func TestPlain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		rec  table.Record
		want string
	}{
		{table.Record{Status: "not_found", ErrorCode: "E0000007", Error: "404 Not Found E0000007: Not found: Resource not found: ghost@example.com (User)"}, "no such user"},
		{table.Record{Status: "not_found", Error: "no user has this login"}, "no such user"},
		{table.Record{Status: "not_found", Error: `no login is "alice"; Okta found "alice@example.com"`}, `no login is "alice"; Okta found "alice@example.com"`},
		{table.Record{Status: "invalid", Reason: "empty", Error: "the cell is empty"}, "the cell is empty"},
		{table.Record{Status: "failed", ErrorCode: "E0000001", Error: "400 Bad Request E0000001: Api validation failed: user"}, "Api validation failed: user"},
		{table.Record{Status: "failed", Error: "look up: 500 Internal Server Error E0000009: Internal Server Error"}, "look up: Internal Server Error"},
		{table.Record{Status: "failed", Error: "405 Method Not Allowed"}, "405 Method Not Allowed"},
		{table.Record{Status: "failed"}, "failed"},
		{
			table.Record{Status: "forbidden", Error: "403 Forbidden E0000006: You do not have permission"},
			"these credentials may not reset this user: You do not have permission",
		},
		{table.Record{Status: "forbidden", Error: "403 Forbidden E0000006: " + noPermission}, "these credentials may not reset this user"},
		{table.Record{Status: "forbidden"}, "these credentials may not reset this user"},
		{table.Record{Status: "unknown", Reason: "unverified", Error: "the answer was lost: EOF"}, "in doubt: sent, and the answer was lost"},
		{table.Record{Status: "unknown", Reason: "incomplete", Error: "left: sms"}, "Okta did a part of the reset"},
		{table.Record{Status: "partial", Reason: "enroll", Error: "enroll: 400 Bad Request E0000001: Api validation failed"}, "half done (open: enroll): enroll: Api validation failed"},
		{table.Record{Status: "not_attempted", Error: ""}, "not attempted"},
	}
	for _, tt := range tests {
		if got := Plain(&tt.rec); got != tt.want {
			t.Errorf("Plain(%+v) = %q, want %q", tt.rec, got, tt.want)
		}
	}
}
