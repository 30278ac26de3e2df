package report

import (
	"testing"

	"oktareset/runner"
)

// Every reason that a row may have says what it means, and no other does.
func TestReasonWords(t *testing.T) {
	t.Parallel()
	known := make(map[runner.Reason]bool)
	for status, reasons := range runner.Reasons {
		for _, r := range reasons {
			known[r] = true
			if meaning(r) == "" {
				t.Errorf("%s/%s has no words", status, r)
			}
		}
	}
	for r := range reasonWords {
		if !known[r] {
			t.Errorf("%s has words, and no row has it", r)
		}
	}
	for _, s := range runner.Statuses {
		w := resultWords[s]
		if w.label == "" || w.means == "" || (w.advice == "") != s.OK() {
			t.Errorf("the words of %s are %+v: what isn't OK needs advice, what is OK none", s, w)
		}
	}
}
