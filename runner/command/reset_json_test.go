package command

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"oktareset/oktaclient/standin"
	"oktareset/runner/access"
	"oktareset/runner/fault"
	"oktareset/runner/outcome"
)

// --json prints one document, that of the run itself, even if the run first continues results of an
// earlier date. The document names those results.
func TestSeriesPrintsOneDocument(t *testing.T) {
	t.Parallel()
	virtually(t, 6, standin.Config{}, func(v *virtual) {
		v.today(v.ids[:3]...)
		v.wantEnd(v.dated("--resume", "--limit", "1"), fault.ExitStopped)
		nextDay()
		v.today(v.ids[3:]...)
		var out bytes.Buffer
		v.wantEnd(v.run(v.t.Context(), &out, "reset", v.path("users.csv"), "--resume", "--json", "-o", v.path("%Y-%m-%d.csv"), "--confirm=acme.okta.com:0-500"), 0)
		var s outcome.Summary
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

// If the summary of complete results can't be printed, the program says so, also if some of their
// rows didn't end well.
func TestCompleteAndNotPrinted(t *testing.T) {
	t.Parallel()
	virtually(t, 2, standin.Config{}, func(v *virtual) {
		v.org.Script(standin.Fault{Kind: standin.WrongStatus, Op: resetOp, UserID: v.ids[1], Times: 1})
		v.wantEnd(v.reset(confirm(2)), fault.ExitRows)
		v.wantEnd(v.run(v.t.Context(), brokenPipe{}, "reset", "--resume", "--json", "-o", v.path("users.results.csv")), fault.ExitRows,
			"is complete: 1 reset, 1 failed", "error: print the summary: broken pipe")
	})
}

// The summary, the manifest and what a person reads say which limit the 429s were of.
func TestSummarySaysWhichLimit(t *testing.T) {
	t.Parallel()
	virtually(t, 40, standin.Config{Concurrency: 4, Latency: time.Second}, func(v *virtual) {
		v.org.Consume(standin.BucketUsers, 585)
		if code := v.reset("--confirm", "acme.okta.com:40", "--json"); code != 0 {
			v.t.Fatalf("exit %d:\n%s", code, v.stderr)
		}
		var s struct {
			All    int `json:"too_many_requests"`
			AtOnce int `json:"too_many_at_once"`
			Runs   []struct {
				All    int `json:"too_many_requests"`
				AtOnce int `json:"too_many_at_once"`
			}
		}
		if err := json.Unmarshal(v.stdout.Bytes(), &s); err != nil {
			v.t.Fatal(err)
		}
		org := v.org.Stats()
		if s.AtOnce != org.ConcurrencyTooMany || s.All != org.TooMany+org.ConcurrencyTooMany || s.AtOnce == 0 || s.Runs[0].AtOnce != s.AtOnce || s.Runs[0].All != s.All {
			v.t.Errorf("%+v; the org counts %d and %d", s, org.TooMany, org.ConcurrencyTooMany)
		}
		if want := access.TooManyText(s.All, s.AtOnce); !strings.Contains(v.stderr, "oktareset: "+want+"\n") {
			v.t.Errorf("nothing says %q:\n%s", want, v.stderr)
		}
	})
}
