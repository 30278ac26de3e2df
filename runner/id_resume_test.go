package runner_test

import (
	"testing"

	"oktareset/runner"
)

// A resumed run names itself and the first run, and nothing that isn't the ID of a run.
func TestResumeAgent(t *testing.T) {
	t.Parallel()
	const run, first = "20261122T051141Z-663379", "20261121T051141Z-000000"
	agent := runner.ResumeAgent("oktareset/1.0 run/"+run, first)
	if agent != "oktareset/1.0 run/"+run+" resumes/"+first || runner.RunIn(agent) != run || runner.ResumedIn(agent) != first {
		t.Errorf("the User-Agent %q names the run %q and the first one %q", agent, runner.RunIn(agent), runner.ResumedIn(agent))
	}
	for _, bad := range []string{"", "x", first + "\r\nX: y", first + "0"} {
		if got := runner.ResumeAgent("oktareset/1.0 run/"+run, bad); got != "oktareset/1.0 run/"+run {
			t.Errorf("ResumeAgent with %q = %q", bad, got)
		}
	}
}
