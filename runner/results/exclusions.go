package results

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Exclusion is a file of --exclude, as the options of a run record it.
type Exclusion struct {
	SHA256 string // of its bytes, in hexadecimal
	Path   string
	Column string // the --exclude-column of the same run
}

// optionExclude is the option that records the files.
const optionExclude = "exclude"

// RecordExclusions records in a run's options which files of users it leaves alone.
func RecordExclusions(options map[string]string, all []Exclusion) {
	var lines []string
	for _, x := range all {
		lines = append(lines, fmt.Sprintf("%s %q", x.SHA256, x.Path))
	}
	if len(lines) > 0 {
		options[optionExclude] = strings.Join(lines, "\n")
	}
}

// Exclusions returns the files of users that the run left alone.
func (r *Run) Exclusions() []Exclusion {
	var all []Exclusion
	for line := range strings.Lines(r.Options[optionExclude]) {
		hash, quoted, _ := strings.Cut(strings.TrimSpace(line), " ")
		path, err := strconv.Unquote(quoted)
		if err != nil {
			path = quoted
		}
		all = append(all, Exclusion{hash, path, r.Options["exclude-column"]})
	}
	return all
}

// Exclusions returns the files of users that any of the runs left alone, each content once.
func (m *Manifest) Exclusions() []Exclusion {
	var all []Exclusion
	for i := range m.Runs {
		for _, x := range m.Runs[i].Exclusions() {
			if !slices.ContainsFunc(all, func(known Exclusion) bool { return known.SHA256 == x.SHA256 }) {
				all = append(all, x)
			}
		}
	}
	return all
}
