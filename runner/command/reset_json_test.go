package command

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"

	"oktareset/oktaclient/oktatest"
	"oktareset/runner/fault"
	"oktareset/runner/job"
)

// --json prints one document, that of the run itself, though results of an earlier date are gone on
// with first: it names them.
func TestSeriesPrintsOneDocument(t *testing.T) {
	virtually(t, 6, oktatest.Config{}, func(v *virtual) {
		v.today(v.ids[:3]...)
		v.wantEnd(v.dated("--resume", "--limit", "1"), fault.ExitStopped)
		nextDay()
		v.today(v.ids[3:]...)
		var out bytes.Buffer
		v.wantEnd(v.run(v.t.Context(), &out, "reset", v.path("users.csv"), "--resume", "--json", "-o", v.path("%Y-%m-%d.csv"), "--confirm=acme.okta.com:0-500"), 0)
		var s job.Summary
		dec := json.NewDecoder(&out)
		if err := dec.Decode(&s); err != nil || s.ResultsPath != v.path("2000-01-02.csv") || len(s.Before) != 1 || s.Before[0] != v.path("2000-01-01.csv") {
			v.t.Errorf("results %q, before them %q: %v", s.ResultsPath, s.Before, err)
		}
		if err := dec.Decode(&s); !errors.Is(err, io.EOF) {
			v.t.Errorf("a second document, of %q: %v", s.ResultsPath, err)
		}
		v.resets(map[int]int{1: 6})
	})
}
