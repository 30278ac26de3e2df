package report

import (
	"testing"

	"oktareset/runner"
)

// Every reason that a row may have says what it means, and no other does.
func TestReasonWords(t *testing.T) {
	t.Parallel()
	n := 0
	for status, reasons := range runner.Reasons {
		for _, r := range reasons {
			n++
			if reasonWords[r] == "" {
				t.Errorf("%s/%s has no words", status, r)
			}
		}
	}
	if len(reasonWords) != n {
		t.Errorf("%d reasons have words, there are %d", len(reasonWords), n)
	}
	for _, s := range append(runner.Statuses[:len(runner.Statuses):len(runner.Statuses)], runner.StatusTaken) {
		w := resultWords[s]
		if w.label == "" || w.means == "" || (w.advice == "") != s.OK() {
			t.Errorf("the words of %s are %+v: what isn't OK needs advice, what is OK none", s, w)
		}
	}
}
