package steps

import (
	"testing"

	"oktareset/runner"
)

// Every declared later step has a function, and there is no other one.
func TestLaterSteps(t *testing.T) {
	t.Parallel()
	declared := runner.LaterSteps()
	for _, s := range declared {
		if laterCalls[s.Open] == nil {
			t.Errorf("nobody does --%s", s.Flag)
		}
	}
	if len(declared) != len(laterCalls) {
		t.Errorf("%d steps are declared, %d are done", len(declared), len(laterCalls))
	}
}
