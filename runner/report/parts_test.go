package report

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ got, want string }{
		{comma(0), "0"},
		{comma(999), "999"},
		{comma(-1234567), "-1,234,567"},
		{count(1, "row"), "1 row"},
		{count(1000, "row"), "1,000 rows"},
		{share(0, 9), "0 %"},
		{share(1, 1_000_000), "< 0.1 %"},
		{share(999_999, 1_000_000), "> 99.9 %"},
		{share(1, 3), "33.3 %"},
		{share(5, 5), "100 %"},
		{span(900 * time.Millisecond), "900 ms"},
		{span(59 * time.Second), "59 s"},
		{span(time.Hour + 5*time.Second), "1 h"},
		{span(26*time.Hour + 5*time.Minute), "1 d 2 h"},
		{list([]string{"a", "b", "c"}), "a, b and c"},
		{moment(time.Time{}), ""},
		{stepsText([]string{"identify", "unenroll signed_nonce:OKTA"}), "identify the user, unenroll signed_nonce:OKTA"},
		{operators([]Run{{User: "a", Host: "b"}, {User: "a", Host: "b"}, {Host: "c"}}), "a on b and somebody on c"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestRuns(t *testing.T) {
	t.Parallel()
	all := make([]Run, maxRuns+2)
	all[maxRuns].FinishedAt, all[maxRuns].Stopped = began, "interrupted"
	got := runs(all)
	if len(got) != maxRuns || got[0].Ended != "Broke off" || got[maxRuns-2].Ended != "Interrupted" || got[maxRuns-1].Ended != "Still running, or broke off" {
		t.Errorf("%d runs: %+v", len(got), got)
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	k := kinds{}
	for i := range maxKinds + 5 {
		k.add(strings.Repeat("f", i+1))
	}
	k.add("ff")
	got := k.sorted()
	if len(got) != maxKinds+1 || got[0] != (kind{"ff", 2}) || got[maxKinds] != (kind{restKinds, 5}) {
		t.Errorf("%d kinds: %v", len(got), got)
	}
}

func TestSegments(t *testing.T) {
	t.Parallel()
	got := segments([]status{{Name: "reset", Rows: 999_999}, {Name: "failed", Rows: 1}}, 1_000_000)
	if diff := cmp.Diff([]segment{{"reset", "0.0", "990.1"}, {"failed", "990.1", "9.9"}}, got); diff != "" {
		t.Error(diff)
	}
}
