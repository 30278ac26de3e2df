package results

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A resume finds the files of --exclude as they were given, whatever their names have in them.
func TestExclusions(t *testing.T) {
	t.Parallel()
	want := []Exclusion{{"ab", "vips.csv", "Benutzer"}, {"cd", "two words\nand a \"line\".csv", "Benutzer"}}
	m := Manifest{Runs: []Run{{Options: map[string]string{"exclude-column": "Benutzer"}}, {Options: map[string]string{}}, {}}}
	RecordExclusions(m.Runs[0].Options, want)
	RecordExclusions(m.Runs[1].Options, []Exclusion{{"cd", "copy.csv", ""}, {"ef", "more.csv", ""}})
	if diff := cmp.Diff(want, m.Runs[0].Exclusions()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(append(want, Exclusion{"ef", "more.csv", ""}), m.Exclusions()); diff != "" {
		t.Error(diff)
	}
	RecordExclusions(m.Runs[2].Options, nil) // no option, and no panic
}
