package command

import (
	"os"
	"path/filepath"
	"strings"

	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/results"
)

// notAFolder refuses a folder as --output. example is how a file in it may be called.
func notAFolder(output, example string) error {
	if info, err := os.Stat(output); err != nil || !info.IsDir() {
		return nil
	}
	return fault.Usage("name a file in it, as "+console.ShellFlag("-o", filepath.Join(output, example)), "--output %s is a folder", output)
}

// notAManifest refuses a manifest where a command takes the results, or the plan, beside it.
func notAManifest(command, path string) error {
	ext := filepath.Ext(path)
	beside := strings.TrimSuffix(path, ext) + ".csv"
	if !strings.EqualFold(ext, ".json") {
		return nil
	}
	if _, err := results.ReadManifest(beside); err != nil {
		return nil //nolint:nilerr // it is something else
	}
	return fault.Usage("give the file beside it: oktareset "+command+" "+console.ShellFile(beside), "%s is a manifest", path)
}
