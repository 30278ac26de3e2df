package command

import (
	"github.com/urfave/cli/v2"

	"oktareset/runner/access"
	"oktareset/runner/fault"
	"oktareset/runner/files"
	"oktareset/runner/results"
)

// parseResults reads what the commands that compare results with their org have in common. missing
// says that there is no file.
func parseResults(c *cli.Context, missing string) (org access.Flags, path string, err error) {
	if org, _, err = parseOrg(c); err != nil {
		return org, path, err
	}
	if path, err = oneArgument(c); err != nil {
		return org, path, err
	}
	output := c.String("output")
	switch name := c.Command.Name; {
	case path == "":
		return org, path, fault.Usage("oktareset "+name+" users.results.csv", "%s", missing)
	case path == "-":
		return org, path, fault.Usage("name the file: its manifest is looked for beside it", "%s doesn't read stdin", name)
	case c.IsSet("output") && (output == "" || output == "-"):
		return org, path, fault.Usage("as -o "+name+".csv", "--output needs the name of a file")
	}
	return org, path, nil
}

// besideResults returns where such a command writes: to --output, or to users.NAME.csv beside
// users.results.csv. what names that file in errors.
func besideResults(c *cli.Context, path, what string) (string, error) {
	name, output := c.Command.Name, c.String("output")
	if output == "" {
		output = results.ListPath(path, name)
	}
	if files.SameFile(output, path) {
		return output, fault.Usage("choose another file with -o", "the %s would overwrite the results %s", what, path)
	}
	if err := notAManifest(name, path); err != nil {
		return output, err
	}
	return output, notAFolder(output, "users."+name+".csv")
}
