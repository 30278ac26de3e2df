package results

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oktareset/runner"
	"oktareset/runner/fault"
	"oktareset/runner/table"
)

// written is results of two rows.
func written() string {
	rest := strings.Repeat(",", len(table.Columns)-5)
	return strings.Join(table.Columns, ",") + ",dept\n1,a@b.c,u1,a@b.c,reset" + rest + ",sales\n2,b@b.c,u2,b@b.c,failed" + rest + ",\n"
}

// Results are complete or damaged: they never end in the middle, and no row in them is taken.
func TestScan(t *testing.T) {
	t.Parallel()
	whole := written()
	second := strings.Index(whole, "\n2,") + 1
	zeros := strings.Repeat("\x00", 500)
	for name, tt := range map[string]struct {
		text    string
		entries int
		line    int // that is damaged; 0: none; -1: it isn't results
	}{
		"whole":               {whole, 2, 0},
		"the header alone":    {whole[:strings.Index(whole, "\n")+1], 0, 0},
		"cut":                 {whole[:len(whole)-1], 1, 3},
		"zeros at the end":    {whole + zeros, 2, 4},
		"zeros for a line":    {whole[:second] + zeros + "\n", 1, 3},
		"a foreign line":      {whole + "hello\n", 2, 4},
		"a status of nothing": {strings.Replace(whole, ",failed,", ",done,", 1), 1, 3},
		"a row that is taken": {strings.Replace(whole, ",reset,", ",taken,", 1), 0, 2},
		"no row number":       {strings.Replace(whole, "\n1,", "\nx,", 1), 0, 2},
		"row 0":               {strings.Replace(whole, "\n1,", "\n0,", 1), 0, 2},
		"empty":               {"", 0, 1},
		"half a header":       {whole[:20], 0, 1},
		"another header":      {"id,login\n1,a\n", 0, -1},
		"without end":         {whole[:second] + strings.Repeat("x", MaxLine+1<<20), 1, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "x.csv")
			if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			entries, err := 0, error(nil)
			for e, scanErr := range Scan(t.Context(), path) {
				if err = scanErr; err == nil {
					entries++
					if e.Row != entries || string(e.Line) != strings.SplitAfter(whole, "\n")[e.Row] {
						t.Errorf("entry %d is row %d with the line %q", entries, e.Row, e.Line)
					}
				}
			}
			var damage *DamageError
			if entries != tt.entries || (err == nil) != (tt.line == 0) || errors.As(err, &damage) != (tt.line > 0) || damage != nil && (damage.Line != tt.line || damage.Hint == "") {
				t.Errorf("%d entries, %v; want %d and damage in line %d", entries, err, tt.entries, tt.line)
			}
			if columns, err := Columns(path); (err == nil) != (tt.line != 1 && tt.line != -1) || err == nil && !cmp.Equal(columns, []string{"dept"}) {
				t.Errorf("Columns = %q, %v", columns, err)
			}
		})
	}
	for _, err := range Scan(t.Context(), filepath.Join(t.TempDir(), "none")) {
		if !errors.Is(err, os.ErrNotExist) {
			t.Errorf("Scan of a missing file yields %v, want os.ErrNotExist", err)
		}
	}
}

// Whether an earlier try of a row counts depends on its outcome.
func TestTried(t *testing.T) {
	t.Parallel()
	const again = "sent again at 2026-03-01T11:00:00Z: because"
	for status, want := range map[runner.Status]runner.Tried{
		runner.StatusFailed: {Attempts: 3, Again: again}, runner.StatusForbidden: {Attempts: 3, Again: again}, runner.StatusNotAttempted: {Attempts: 3, Again: again},
		runner.StatusTaken: {}, runner.StatusUnknown: {}, runner.StatusPartial: {}, runner.StatusReset: {}, runner.StatusSkipped: {},
	} {
		e := Entry{Status: status, Record: table.Record{Attempts: "3", Error: again + "; refused"}}
		if got := e.Tried(); got != want {
			t.Errorf("Tried of %s = %+v, want %+v", status, got, want)
		}
	}
	if got := (&Entry{Status: runner.StatusFailed, Record: table.Record{Attempts: "many"}}).Tried(); got != (runner.Tried{}) {
		t.Errorf("Tried of no number = %+v", got)
	}
}

func TestRefuseUnfinished(t *testing.T) {
	t.Parallel()
	runs := []Run{{RunID: "r1", Options: map[string]string{"workers": "3"}}}
	for name, tt := range map[string]struct {
		m    Manifest
		want []string // nil: it is taken
	}{
		"finished":    {Manifest{Finished: true, Runs: runs}, nil},
		"results":     {Manifest{Runs: runs, Input: Input{File: "users.csv"}}, []string{"x.csv isn't finished: the results are written", "oktareset reset --resume --workers 3"}},
		"a plan":      {Manifest{DryRun: true, Runs: runs, Input: Input{File: "users.csv"}}, []string{"x.csv isn't finished: the plan is written", "oktareset reset --dry-run --resume"}},
		"a rehearsal": {Manifest{Sandbox: true, Runs: runs}, []string{"isn't finished", "rehearse again"}},
	} {
		err := RefuseUnfinished(&tt.m, "x.csv")
		if (err == nil) != (tt.want == nil) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, want := range tt.want {
			if text := err.Error() + "\n" + fault.Hint(err); !strings.Contains(text, want) {
				t.Errorf("%s: %q, want %q", name, text, want)
			}
		}
	}
}

// A reading ends with its context, and says why.
func TestScanEnds(t *testing.T) {
	t.Parallel()
	folder, why := t.TempDir(), errors.New("enough")
	path := filepath.Join(folder, "x.csv")
	if err := os.WriteFile(path, []byte(written()), 0o600); err != nil {
		t.Fatal(err)
	}
	list := AfterList(filepath.Join(folder, "x.after.csv"), &Manifest{Runs: []Run{{RunID: "first"}}}, nil)
	line := AfterLine{Row: 1, Status: AfterBack}
	if err := list.Write(t.Context(), func(s *table.Sheet) error { return s.Write(line.Cells()) }); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	read := func() (all []error) {
		for _, err := range Scan(ctx, path) {
			all = append(all, err)
		}
		for _, err := range list.Scan(ctx) {
			all = append(all, err)
		}
		for _, err := range list.ScanAfter(ctx) {
			all = append(all, err)
		}
		return all
	}
	if all := read(); len(all) != 4 || errors.Join(all...) != nil {
		t.Fatalf("before: %v", all)
	}
	cancel(why)
	if all := read(); len(all) != 3 || all[0] != why || all[1] != why || all[2] != why { //nolint:errorlint // the cause itself
		t.Errorf("after: %v, want three times %v", all, why)
	}
}
