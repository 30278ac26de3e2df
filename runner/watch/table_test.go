package watch

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktareset/oktaclient"
	"oktareset/runner/console"
	"oktareset/runner/evidence"
	"oktareset/testdata/logevent"
)

// resetsOf folds events into resets.
func resetsOf(t *testing.T, events ...happening) []Reset {
	t.Helper()
	var records []oktaclient.LogRecord
	for _, e := range events {
		records = append(records, e.Record(t))
	}
	var f Fold
	return append(f.Add(records), f.End()...)
}

// On a terminal a reset is a line that fits, and the header comes once.
func TestTable(t *testing.T) {
	t.Parallel()
	at := logevent.Began.Local().Format(time.Stamp)
	some := resetsOf(t,
		happening{ID: "e1", User: alice, Actor: admin, Request: "r1", Run: "20261122T040000Z-aaaaaa"},
		happening{ID: "e2", User: "\u202e日本の電話の人\u2066", Actor: "x", Request: "r2", Factor: "SIGNED_NONCE", Type: oktaclient.EventDeactivate},
		happening{ID: "e3", User: "\u202e日本の電話の人\u2066", Actor: "x", Request: "r2", Factor: "OKTA_VERIFY_PUSH", Type: oktaclient.EventDeactivate},
		happening{ID: "e4", User: bob, Actor: admin, Request: "r3", Factor: "SMS_FACTOR", Type: oktaclient.EventDeactivate},
		happening{ID: "e5", User: bob, Actor: admin, Request: "r3", Run: "20261122T040000Z-bbbbbb"},
		happening{ID: "e6", User: bob, Actor: admin, Request: "r4", Factor: "NEW_FACTOR", Type: oktaclient.EventDeactivate},
	)
	for columns, want := range map[int]string{
		100: "LOCAL TIME       WHO                          WHOM                         YOURS  FACTORS\n" +
			at + "  00uadmin000000000000@x       00u0000000000000000a@x       yes    all\n" +
			at + "  x@x                          \\u202e日本の電話の人\\u2066…  no     okta verify\n" +
			at + "  00uadmin000000000000@x       00u0000000000000000b@x       no     all (sms)\n" +
			at + "  00uadmin000000000000@x       00u0000000000000000b@x       no     new_factor\n",
		60: "LOCAL TIME       WHO           WHOM          YOURS  FACTORS\n" +
			at + "  00uadmin000…  00u00000000…  yes    all\n" +
			at + "  x@x           \\u202e日本…   no     okta ve…\n" +
			at + "  00uadmin000…  00u00000000…  no     all (sm…\n" +
			at + "  00uadmin000…  00u00000000…  no     new_fac…\n",
		44: "LOCAL TIME       WHO       WHOM      YOURS\n" +
			at + "  00uadmi…  00u0000…  yes\n" +
			at + "  x@x       \\u202e…   no\n" +
			at + "  00uadmi…  00u0000…  no\n" +
			at + "  00uadmi…  00u0000…  no\n",
	} {
		p := printer{columns: func() int { return columns }, ours: ownRuns{
			paths: []string{t.TempDir()}, runs: evidence.Runs{"20261122T040000Z-aaaaaa": {admin}, "20261122T040000Z-bbbbbb": {"somebody else"}},
		}}
		var b strings.Builder
		for i := range some { // as they come
			if err := p.writeTo(&b, oktaclient.OrgURL{}, some[i:i+1]); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(want, b.String()); diff != "" {
			t.Errorf("%d columns (-want +got):\n%s", columns, diff)
		}
		for line := range strings.Lines(b.String()) {
			if n := console.Columns(strings.TrimSpace(line)); n > columns {
				t.Errorf("%d columns: a line takes %d: %q", columns, n, line)
			}
		}
	}
	unsure := printer{columns: func() int { return 80 }}
	if text := unsure.tableLines(some[:1]); !strings.Contains(text, "  ?  ") || !unsure.unsure {
		t.Errorf("without manifests nobody knows whose run it was:\n%s", text)
	}
	if unsure.unsure = false; !strings.Contains(unsure.tableLines(some[1:2]), "  no  ") || unsure.unsure {
		t.Error("what names no run is certainly not one's own")
	}
}
