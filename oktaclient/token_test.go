package oktaclient

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestTokenPrintsRedacted(t *testing.T) {
	t.Parallel()
	const secret = "00secretsecret"
	token := Token(secret)
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "token", token)
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "token", token, "options", Options{Token: token})
	marshaled, err := json.Marshal(map[string]any{"token": token, "options": struct{ T Token }{token}})
	if err != nil {
		t.Fatal(err)
	}
	all := logged.String() + string(marshaled)
	for _, format := range []string{"%s", "%v", "%+v", "%#v", "%q", "%x", "%d"} {
		all += fmt.Sprintf(format, token) + fmt.Sprintf(format, struct{ T Token }{token})
	}
	if strings.Contains(all, secret) {
		t.Errorf("the token shows: %s", all)
	}
	if !strings.Contains(all, redacted) {
		t.Errorf("no %s in %s", redacted, all)
	}
	if got := token.header(); got != "SSWS "+secret {
		t.Errorf("header() = %q, want the real token", got)
	}
}
