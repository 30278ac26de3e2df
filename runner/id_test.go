package runner_test

import (
	"testing"

	"oktareset/runner"
)

// Only this program's own User-Agent names a run, and only at its beginning.
func TestRunIn(t *testing.T) {
	t.Parallel()
	id := runner.NewRunID()
	for agent, want := range map[string]string{
		"oktareset/v1 run/" + id:                         id,
		"oktareset/v1 run/" + id + " go":                 id,
		"oktareset/v1 run/" + id + "0":                   "",
		"oktareset/v1 run/" + id + "/x":                  "",
		"oktareset/v1 run/" + id[:len(id)-1]:             "",
		"oktareset/v1 watch run/" + id:                   "",
		"oktareset/v1 watch":                             "",
		"oktareset run/" + id:                            "",
		"Mozilla/5.0 run/" + id:                          "",
		"Mozilla/5.0 oktareset/v1 run/" + id + " Chrome": "",
		"Mozilla/5.0\noktareset/v1 run/" + id:            "",
		" oktareset/v1 run/" + id:                        "",
		"run/" + id:                                      "",
		id:                                               "",
		"":                                               "",
	} {
		if got := runner.RunIn(agent); got != want {
			t.Errorf("%q names the run %q, want %q", agent, got, want)
		}
	}
}
