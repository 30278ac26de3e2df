package evidence_test

import (
	"testing"

	"oktareset/runner/evidence"
	"oktareset/runner/results"
)

// A run is recognized by its name and its account. A run without a known account did nothing.
func TestRuns(t *testing.T) {
	t.Parallel()
	runs := evidence.RunsOf(&results.Manifest{
		Actor: results.Actor{ID: "app"},
		Runs:  []results.Run{{RunID: "a", Actor: results.Actor{ID: "admin"}}, {RunID: "b", Actor: results.Actor{ID: "app"}}, {RunID: "c"}},
	})
	for s, want := range map[evidence.Source]bool{
		{RunID: "a", ActorID: "admin"}: true, {RunID: "b", ActorID: "app"}: true, {RunID: "b", ActorID: "admin"}: false,
		{RunID: "a", ActorID: "eve"}: false, {RunID: "a", ActorID: "app"}: false, {RunID: "c"}: false, {RunID: "c", ActorID: "app"}: false, {}: false, {ActorID: "admin"}: false,
	} {
		if got := runs.Made(s); got != want {
			t.Errorf("%+v: %v, want %v", s, got, want)
		}
	}
	for id, want := range map[string]bool{"admin": true, "app": true, "eve": false, "": false} {
		if got := runs.Used(id); got != want || (evidence.Runs{}).Used(id) {
			t.Errorf("a run used the account %q: %v, want %v", id, got, want)
		}
	}
}
