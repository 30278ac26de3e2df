package job

import (
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/files"
	"oktareset/runner/results"
)

// paths are the files of a run.
type paths struct {
	input   string // the file to read and copy; "" for stdin, --user and the copy of an earlier run
	shown   string // the input's name in messages
	results string
	pattern results.DatePattern // the pattern in --output
}

// choosePaths puts the results beside the input: users.csv gives users.results.csv, or
// users.plan.csv for a dry run.
func (r *run) choosePaths() (paths, error) {
	p := paths{input: r.opts.File, shown: r.opts.File}
	var err error
	if p.results, p.pattern, err = results.ForOutput(r.opts.Output, r.start); err != nil {
		return p, err
	}
	base := p.input
	switch {
	case p.input == "-":
		base, p.input, p.shown = results.ShownStdin, "", results.ShownStdin
	case len(r.opts.Users) > 0:
		base, p.shown = results.FileName(r.opts.Users), "--user"
	}
	if p.results == "" {
		p.results = results.Beside(base, r.opts.DryRun, r.opts.Sandbox)
	}
	if p.input != "" && files.SameFile(p.input, p.results) {
		return p, fault.Usage("choose another file with -o", "the results would overwrite the input %s", p.input)
	}
	if p.input != "" && !r.opts.Resume && files.SameFile(p.input, results.CopyPath(p.results)) {
		return p, fault.Usage("choose other results with -o; or resume them: "+r.opts.Org.Command("reset", "--resume", console.ShellFlag("-o", results.PlainPattern(p.results))),
			"the input %s has the name of the copy that the run would make", p.input)
	}
	return p, nil
}
