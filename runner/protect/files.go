package protect

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/results"
	"oktareset/runner/roster"
	"oktareset/runner/steps"
)

// Options are the flags for users to leave alone.
type Options struct {
	Exclude    []string // files
	Column     string   // the column of these files that names the users; "": detected
	SkipAdmins bool
	// --skip-reset-since; 0: nobody is left alone because of a recent reset
	SkipRecent time.Duration
}

// Files are the files with users to leave alone.
type Files struct {
	files  []file
	column string // of --exclude-column
}

// file is one of them: from a flag, or saved by an earlier run.
type file struct {
	path, sha256, column string
	steps.ExcludedFile
	lookedUpAt time.Time // zero: not yet
	rows       int       // rows of the input that it covers
}

// ReadFiles reads the files of --exclude. It sends nothing.
func ReadFiles(ctx context.Context, out *console.Console, o *Options) (*Files, error) {
	p := &Files{column: o.Column}
	for _, path := range o.Exclude {
		x, err := roster.ReadExclusions(ctx, path, o.Column)
		if err != nil {
			return nil, err
		}
		for _, w := range x.Warnings {
			out.Warn("%s: %s", path, w)
		}
		f := file{path: path, sha256: x.SHA256, column: x.Column, ExcludedFile: steps.ExcludedFile{Path: path, Mail: x.Mail}}
		for _, u := range x.Users {
			f.Lines = append(f.Lines, steps.ExcludedLine{Line: u.Line, Names: u.Names})
		}
		p.files = append(p.files, f)
	}
	return p, nil
}

// Has reports whether one of the files has this content.
func (p *Files) Has(sha256 string) bool {
	return slices.ContainsFunc(p.files, func(f file) bool { return f.sha256 == sha256 })
}

// Empty reports whether there is no file.
func (p *Files) Empty() bool { return len(p.files) == 0 }

// Given returns the files as the options of the run record them. [Files.Unite] compares them with
// the files of a later run.
func (p *Files) Given() []results.Exclusion {
	var all []results.Exclusion
	for _, f := range p.files {
		all = append(all, results.Exclusion{SHA256: f.sha256, Path: f.path})
	}
	return all
}

// People returns the users that a stand-in org needs: users from lines with an ID and a login, so
// that both belong to one user, and all names.
func (p *Files) People() (both []oktaclient.User, names []string) {
	for _, f := range p.files {
		for _, l := range f.Lines {
			var u oktaclient.User
			for _, id := range l.Names {
				if id.Kind == runner.KindID {
					u.ID = id.Value
				} else {
					u.Profile.Login = id.Value
				}
				names = append(names, id.Value)
			}
			if u.ID != "" && u.Profile.Login != "" {
				both = append(both, u)
			}
		}
	}
	return both, names
}

// LookUp is a look-up of all users in the files, before consent.
type LookUp struct {
	Client  *oktaclient.Client
	Workers int
	Out     *console.Console
	Bar     func(lookUps int) (each, done func()) // shows how far it is
}

// LookUp finds out which users the files name. It warns of lines that name nobody, and refuses a
// file that can't be a list of this org's users. It changes nothing.
func (p *Files) LookUp(ctx context.Context, o LookUp) (*steps.Excluded, error) {
	var all []steps.ExcludedFile
	for _, f := range p.files {
		all = append(all, f.ExcludedFile)
	}
	found := steps.NewExcluded(all)
	now := time.Now()
	each, done := o.Bar(found.LookUps())
	err := found.LookUp(ctx, o.Client, o.Workers, each)
	done()
	if err != nil {
		return nil, explainExclusion(ctx, o.Client, err)
	}
	for i, looked := range found.Files() {
		f := &p.files[i]
		if !f.LookedUp {
			f.lookedUpAt = now
		}
		f.ExcludedFile = looked
	}
	return found, checkFindings(o.Out, o.Client.Org().Host(), found.Findings())
}

// explainExclusion explains why it isn't known who is excluded. Nothing was changed.
func explainExclusion(ctx context.Context, c *oktaclient.Client, err error) error {
	if ctx.Err() != nil {
		return fault.Stopped(context.Cause(ctx))
	}
	if oktaclient.FateOf(err) == oktaclient.Forbidden {
		return fault.New(fault.ExitNoAccess,
			"these credentials may not view that user: use some that may, or remove the line if they may not reset that user either", "%w", err)
	}
	if known := fault.Of(c, err, fault.Before, "view that user"); known != nil {
		return known
	}
	if steps.IsOtherUser(err) {
		return fault.Usage("write the whole login or the ID into that line; nothing was changed", "%w", err)
	}
	return fault.Usage("try again later; as long as it isn't known who is excluded, nothing is changed", "%w", err)
}

// checkFindings warns of lines that protect nobody, and refuses a file that can't be a list of
// this org's users.
func checkFindings(out *console.Console, host string, findings []steps.Finding) error {
	for _, f := range findings {
		tellNobody(out, f)
		for _, l := range f.Several {
			out.Alert("%s: line %d: %s are different users: both are left alone", f.Path, l.Line, namesText(l, "and"))
		}
		switch {
		case len(f.Nobody) == f.Lines:
			return fault.Usage("is it a list of users of this org, by Okta ID or login? --exclude-column names another column; nothing was changed",
				"%s: no line names a user of %s: it would protect nobody", f.Path, host)
		case 2*f.IDsFound < f.IDs:
			return fault.Usage("is it a list of users of this org, with IDs as Okta writes them? nothing was changed",
				"%s: a user of %s has only %d of its %d IDs", f.Path, host, f.IDsFound, f.IDs)
		}
	}
	return nil
}

// tellNobody warns of lines that protect nobody: they may be misspelt.
func tellNobody(out *console.Console, f steps.Finding) {
	const most = 10
	for _, l := range f.Nobody[:min(len(f.Nobody), most)] {
		out.Alert("%s: line %d: no user has %s: nobody is protected by it", f.Path, l.Line, namesText(l, "or"))
	}
	if more := len(f.Nobody) - most; more > 0 {
		out.Alert("%s: the same goes for %s", f.Path, console.Plural(more, "further line"))
	}
}

// namesText returns a line's names for a user, as: the ID "00u…" or the login "nora@example.com".
func namesText(l steps.ExcludedLine, and string) string {
	var parts []string
	for _, id := range l.Names {
		kind := "login"
		if id.Kind == runner.KindID {
			kind = "ID"
		}
		parts = append(parts, fmt.Sprintf("the %s %q", kind, id.Value))
	}
	return strings.Join(parts, " "+and+" ")
}

// Count counts the input rows that each file covers. shown is the input's name in messages. If a
// line that names nobody has an ID that differs from a row's only in case, the file is damaged.
func (p *Files) Count(found *steps.Excluded, rows iter.Seq2[runner.Row, error], shown string) error {
	damaged := namesOfNobody(found.Findings())
	for row, err := range rows {
		if err != nil {
			return fault.Refused(err)
		}
		id, reason := row.Identifier()
		if reason != "" {
			continue
		}
		for _, i := range found.Covering(id) {
			p.files[i].rows++
		}
		if where, ok := damaged[strings.ToLower(id.Value)]; ok && id.Kind == runner.KindID && where.name != id.Value {
			return fault.Usage("something has changed the case of that file's IDs: export it again; nothing was changed",
				"%s: line %d: no user has the ID %q, but line %d of %s names %s, which differs in case only",
				where.file, where.line, where.name, row.Line, shown, id.Value)
		}
	}
	return nil
}

// nameOfNobody is a name in a file of exclusions that no user has.
type nameOfNobody struct {
	file, name string
	line       int
}

// namesOfNobody returns the names in lines that name nobody, in lower case.
func namesOfNobody(findings []steps.Finding) map[string]nameOfNobody {
	names := make(map[string]nameOfNobody)
	for _, f := range findings {
		for _, l := range f.Nobody {
			for _, id := range l.Names {
				names[strings.ToLower(id.Value)] = nameOfNobody{f.Path, id.Value, l.Line}
			}
		}
	}
	return names
}

// Covers reports whether the files cover any row of the input.
func (p *Files) Covers() bool {
	return slices.ContainsFunc(p.files, func(f file) bool { return f.rows > 0 })
}

// users returns how many lines of a file name somebody.
func (f *file) users() int {
	n := 0
	for _, l := range f.Lines {
		if len(l.Users) > 0 {
			n++
		}
	}
	return n
}

// Texts say what each file covers, as "vips.csv: 12 users to leave alone, 3 rows of the input".
func (p *Files) Texts() []string {
	var texts []string
	for _, f := range p.files {
		rows := "no row"
		if f.rows > 0 {
			rows = console.Plural(f.rows, "row")
		}
		texts = append(texts, fmt.Sprintf("%s: %s to leave alone, %s of the input", f.path, console.Plural(f.users(), "user"), rows))
	}
	return texts
}

// mostNobody is how many lines that name nobody a manifest lists.
const mostNobody = 1000

// Record returns what the manifest keeps of the files.
func (p *Files) Record() []results.Excluded {
	var record []results.Excluded
	for _, f := range p.files {
		x := results.Excluded{
			File: f.path, SHA256: f.sha256, Column: f.column, Users: f.users(), Rows: f.rows, NobodyIn: len(f.Lines) - f.users(), LookedUpAt: f.lookedUpAt,
		}
		for _, l := range f.Lines {
			if len(l.Users) == 0 && len(x.Nobody) < mostNobody {
				var names []string
				for _, id := range l.Names {
					names = append(names, id.Value)
				}
				x.Nobody = append(x.Nobody, fmt.Sprintf("%d: %s", l.Line, strings.Join(names, ", ")))
			}
		}
		record = append(record, x)
	}
	return record
}
