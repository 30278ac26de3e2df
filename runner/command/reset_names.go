package command

import "strings"

// resultsBeside is where the results of an input are written unless --output says otherwise: users.csv gives users.results.csv, or
// users.plan.csv for a dry run. A rehearsal has names of its own, so that it never stands in the way of a real run.
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
