package access

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestVersion(t *testing.T) {
	t.Parallel()
	goBuild := &debug.BuildInfo{
		Main:     debug.Module{Version: "v0.0.0-20260102030405-22b03d8f0a1b+dirty"},
		Settings: []debug.BuildSetting{{Key: "-trimpath", Value: "true"}, {Key: "vcs.revision", Value: "22b03d8f0a1bccccccccccccccccccccccccccccc"}},
	}
	tests := []struct {
		name   string
		linker Process
		info   *debug.BuildInfo
		want   string // before what it was built with
	}{
		{"go build", Process{}, goBuild, "v0.0.0-20260102030405-22b03d8f0a1b+dirty (commit 22b03d8f0a1b, "},
		{"go install, no repository", Process{}, &debug.BuildInfo{Main: debug.Module{Version: "v1.2.0"}}, "v1.2.0 ("},
		{"no version", Process{}, &debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, "devel ("},
		{"no build information", Process{}, nil, "devel ("},
		{"make", Process{Version: "v1.2.0", Commit: "0123456789abcdef"}, goBuild, "v1.2.0 (commit 0123456789ab, "},
		{"make, a short commit", Process{Version: "v1", Commit: "0123"}, nil, "v1 (commit 0123, "},
	}
	for _, tt := range tests {
		p := tt.linker
		p.Identify(tt.info, tt.info != nil)
		if got, want := p.Build(), tt.want+runtime.Version()+", "+runtime.GOOS+"/"+runtime.GOARCH+")"; got != want {
			t.Errorf("%s: %q, want %q", tt.name, got, want)
		}
	}
}
