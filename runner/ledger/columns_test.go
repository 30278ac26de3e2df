package ledger

import (
	"os"
	"path/filepath"
	"testing"

	"oktareset/runner"
	"oktareset/runner/results"

	"github.com/google/go-cmp/cmp"
)

// A row has the login beside the input's ID if nobody looked it up: taken, settled, or never
// begun.
func TestLoginOfTheInput(t *testing.T) {
	t.Parallel()
	l := mustCreate(t, testSpec(t.TempDir(), 4))
	row := func(n int) runner.Row {
		r := testRow(n)
		r.Login = "claimed@example.com"
		return r
	}
	unnamed := testTaken(1)
	unnamed.Login = ""
	must(t, l.Take(row(1), unnamed))
	must(t, l.Settle(runner.Result{Row: row(2), UserID: testTaken(2).UserID, Status: runner.StatusReset, StartedAt: takenAt}))
	must(t, l.Settle(runner.Result{Row: row(3), UserID: testTaken(3).UserID, Login: "known@example.com", Status: runner.StatusReset, StartedAt: takenAt}))
	_, err := l.Finish(func(yield func(runner.Row, error) bool) {
		for n := 1; n <= 4 && yield(row(n), nil); n++ {
		}
	}, results.Ending{})
	must(t, err)
	must(t, l.Close())
	var got []string
	for e, err := range results.Scan(t.Context(), l.Path()) {
		must(t, err)
		got = append(got, e.Record.Status+" "+e.Record.Login)
	}
	want := []string{"unknown claimed@example.com", "reset claimed@example.com", "reset known@example.com", "not_attempted claimed@example.com"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("logins (-want +got):\n%s", diff)
	}
	if columns, err := results.Columns(l.Path()); err != nil || !cmp.Equal(columns, []string{"dept"}) {
		t.Errorf("Columns = %q, %v, want dept", columns, err)
	}
	foreign := filepath.Join(t.TempDir(), "users.csv")
	must(t, os.WriteFile(foreign, []byte("userId,dept\n"), 0o600))
	for _, path := range []string{foreign, foreign + ".missing"} {
		if columns, err := results.Columns(path); err == nil {
			t.Errorf("Columns(%q) = %q, want an error", path, columns)
		}
	}
}
