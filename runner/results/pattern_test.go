package results

import (
	"path/filepath"
	"testing"
	"time"

	"oktareset/runner/fault"
)

func TestExpandDate(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 23, 5, 6, 0, time.FixedZone("", -2*60*60)) // in UTC, the next day
	for _, tt := range []struct{ text, want, other string }{
		{"users.results.csv", "users.results.csv", ""},
		{"a/%Y-%m-%d.csv", "a/2026-03-05.csv", "1999-12-31.csv"},
		{"%Y%m%d-%H%M.x[1].csv", "20260305-0105.x[1].csv", "19991231-2359.x[1].csv"},
		{"%m in %Y.csv", "03 in 2026.csv", "12 in 1999.csv"},
		{"100%% a/100%%.csv", "100% a/100%.csv", ""},
		{"%%Y%Y%%.csv", "%Y2026%.csv", "%Y1999%.csv"},
	} {
		path, p, err := expandDate(filepath.FromSlash(tt.text), at)
		if path != filepath.FromSlash(tt.want) || err != nil || (p.Names != nil) != (tt.other != "") {
			t.Errorf("expandDate(%q) = %q, %v, %v; want %q", tt.text, path, p, err, tt.want)
			continue
		}
		if p.Names == nil {
			continue
		}
		for name, want := range map[string]bool{filepath.Base(path): true, tt.other: true, "x" + tt.other: false, tt.other + ".lock": false, "users.csv": false} {
			if got := p.Names.MatchString(name); got != want {
				t.Errorf("%q matches %q: %v, want %v", tt.text, name, got, want)
			}
		}
		if again, _, err := expandDate(PlainPattern(path), at); again != path || err != nil {
			t.Errorf("plainPattern(%q) stands for %q, %v", path, again, err)
		}
	}
	for _, text := range []string{"100%.csv", "%", "a%", "%y.csv", "%F.csv", "%d.csv", "%Y-%d.csv", "%m-%d.csv", "%H.csv", "%Y/%m.csv", "%é"} {
		if path, _, err := expandDate(text, at); err == nil || fault.Code(err) != fault.ExitUsage || fault.Hint(err) == "" {
			t.Errorf("expandDate(%q) = %q, %v; want a usage error with a hint", text, path, err)
		}
	}
}
