package job

import "testing"

func TestPaths(t *testing.T) {
	t.Parallel()
	tests := []struct {
		o                    Options
		results, read, shown string
	}{
		{Options{File: "a/users.csv"}, "a/users.results.csv", "a/users.csv", "a/users.csv"},
		{Options{File: "users.csv", DryRun: true}, "users.plan.csv", "users.csv", "users.csv"},
		{Options{File: "users.plan.csv"}, "users.results.csv", "users.plan.csv", "users.plan.csv"},
		{Options{File: "users"}, "users.results.csv", "users", "users"},
		{Options{File: "users.csv", Output: "x.csv"}, "x.csv", "users.csv", "users.csv"},
		{Options{File: "-"}, "stdin.results.csv", "", "stdin"},
		{Options{Users: []string{"alice@example.com"}}, "user-alice@example.com.results.csv", "", "--user"},
		{Options{Users: []string{"../../etc/x", "b"}}, "user-.._.._etc_x-and-1-more.results.csv", "", "--user"},
		{Options{Resume: true, Output: "x.csv"}, "x.csv", "", ""},
	}
	for _, tt := range tests {
		r := &run{opts: tt.o}
		p, err := r.choosePaths()
		if err != nil || p.results != tt.results || p.input != tt.read || p.shown != tt.shown {
			t.Errorf("choosePaths(%+v) = %+v, %v; want %s, %s, %s", tt.o, p, err, tt.results, tt.read, tt.shown)
		}
	}
}
