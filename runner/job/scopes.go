package job

import "oktareset/runner/access"

// checkScopes says before the question, and in a dry run, what the token says that it can't do.
func (r *resetRun) checkScopes() error {
	err := access.LacksScopes(r.client, r.scopes())
	if err == nil || !r.opts.DryRun && r.survey.Rows > 0 {
		return err
	}
	r.Console.Warn("%v", err)
	return nil
}
