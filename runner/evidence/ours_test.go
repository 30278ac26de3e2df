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
		Actor: results.Actor{ID: "admin"}, Runs: []results.Run{{RunID: "a"}, {RunID: "b", Actor: results.Actor{ID: "app"}}},
	})
	runs.Add(&results.Manifest{Runs: []results.Run{{RunID: "c"}}})
	for s, want := range map[evidence.Source]bool{
		{RunID: "a", ActorID: "admin"}: true, {RunID: "b", ActorID: "app"}: true, {RunID: "b", ActorID: "admin"}: false,
		{RunID: "a", ActorID: "eve"}: false, {RunID: "c"}: false, {RunID: "c", ActorID: "eve"}: false, {}: false, {ActorID: "admin"}: false,
	} {
		if got := runs.Made(s); got != want {
			t.Errorf("%+v: %v, want %v", s, got, want)
		}
	}
}
