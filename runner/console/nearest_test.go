package console

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	commands := []string{"reset", "users", "factors", "audit", "report", "watch", "whoami", "sandbox"}
	flags := []string{"dry-run", "resume", "retry", "user", "exclude", "exclude-column", "limit", "timeout", "ticket", "confirm"}
	tests := []struct {
		typed string
		names []string
		want  string
	}{
		{"rest", commands, "reset"},
		{"rseet", commands, "reset"},
		{"RESET", commands, "reset"},
		{"who-am-i", commands, "whoami"},
		{"adit", commands, "audit"},
		{"repotr", commands, "report"},
		{"users.csv", commands, ""},
		{"destroy", commands, ""},
		{"x", commands, ""},
		{"", commands, ""},
		{"dryrun", flags, "dry-run"},
		{"dry_run", flags, "dry-run"},
		{"dry-rum", flags, "dry-run"},
		{"exlude", flags, "exclude"},
		{"exclude-colum", flags, "exclude-column"},
		{"tickt", flags, "ticket"},
		{"users", flags, "user"},
		{"force", flags, ""},
		{"ab", []string{"ac", "ad"}, ""}, // which one?
		{"r\u00e9set", commands, "reset"},
	}
	for _, tt := range tests {
		if got := Nearest(tt.typed, tt.names); got != tt.want {
			t.Errorf("Nearest(%q) = %q, want %q", tt.typed, got, tt.want)
		}
	}
}

// For any input, the result is one of the names, and a name finds itself.
func FuzzNearest(f *testing.F) {
	f.Add("rest", "reset users")
	f.Fuzz(func(t *testing.T, typed, names string) {
		if len(typed)+len(names) > 200 {
			return
		}
		list := strings.Fields(names)
		got := Nearest(typed, list)
		if got != "" && !strings.Contains(" "+strings.Join(list, " ")+" ", " "+got+" ") {
			t.Fatalf("Nearest(%q, %q) = %q", typed, list, got)
		}
		if distance(typed, names) != distance(names, typed) || distance(typed, typed) != 0 {
			t.Fatalf("distance of %q and %q", typed, names)
		}
	})
}
