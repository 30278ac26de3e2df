package command

import "strings"

// resultsBeside is where the results of an input are written unless --output says otherwise:
// users.csv gives users.results.csv, or users.plan.csv for a dry run. A rehearsal has names of its
// own, so that it never stands in the way of a real run.
func (o *resetOptions) resultsBeside(input string) string {
	name := stem(input)
	if o.sandbox {
		name = strings.TrimSuffix(name, rehearsal) + rehearsal
	}
	if o.dryRun {
		return name + ".plan.csv"
	}
	return name + ".results.csv"
}

// rehearsal stands in the names of files that a rehearsal writes.
const rehearsal = ".sandbox"

// ownEndings are those of the files that this program writes and doesn't take as a list of users. A
// plan is one, and so is an export.
var ownEndings = []string{".results.csv", ".results.json", ".results.html", ".results.input.csv", ".audit.csv", ".plan.json", ".plan.html"}
