package access

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
)

// Identify fills in missing version data from the build information: go build and go install note
// the commit there, and a version made from it.
func (p *Process) Identify(info *debug.BuildInfo, ok bool) {
	if ok {
		if info.Main.Version != "(devel)" {
			p.Version = cmp.Or(p.Version, info.Main.Version)
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				p.Commit = cmp.Or(p.Commit, s.Value)
			}
		}
	}
	p.Version = cmp.Or(p.Version, "devel")
}

// shortCommit is how many hexadecimal digits of a commit are shown, as in Go's own versions.
const shortCommit = 12

// Build returns the version, its commit, the Go version and the platform.
func (p *Process) Build() string {
	commit := ""
	if p.Commit != "" {
		commit = "commit " + p.Commit[:min(len(p.Commit), shortCommit)] + ", "
	}
	return fmt.Sprintf("%s (%s%s, %s/%s)", p.Version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
