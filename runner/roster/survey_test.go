package roster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"oktareset/runner"
	"oktareset/runner/table"

	"github.com/google/go-cmp/cmp"
)

var planHeader = strings.Join(table.Columns, ",") + "\n"

// planRow is a line of a file of ours.
func planRow(t testing.TB, row, userID, status string, extra ...string) string {
	t.Helper()
	rec := table.Record{Row: row, Input: "=" + row, UserID: userID, Login: row + "@example.com", Status: status}
	line, err := table.NewEncoder(make([]string, len(extra))).Append(nil, &rec, extra)
	if err != nil {
		t.Fatal(err)
	}
	return string(line)
}

func sha256Hex(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func TestSurvey(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text string
		o    Options
		want Survey
	}{
		"users": {
			text: "id,name\n" + idA + ",a\n" + idB + ",b\n" + idA + ",a\n\nme,x\nx@y,\"c\nd\"\n X@Y ,c\n,\n",
			want: Survey{Rows: 6, Distinct: 3, Duplicates: 2, Invalid: 1, FirstInvalid: 6, IDs: 3, Logins: 2},
		},
		"rows of delimiters": {text: "id,name\n,\n" + idA + ",a\n , \n,x\n\"\",\"\"\n", want: Survey{Rows: 2, Distinct: 1, Invalid: 1, FirstInvalid: 5, IDs: 1}},
		"the header again": {
			text: "\ufeffid,name\n" + idA + ",a\n\ufeffid,name\n" + idB + ",b\n\x1a", want: Survey{Rows: 3, Distinct: 2, Invalid: 1, FirstInvalid: 3, IDs: 2},
		},
		"no header":         {text: idA + "\n" + idB, o: Options{NoHeader: true}, want: Survey{Rows: 2, Distinct: 2, IDs: 2}},
		"only invalid rows": {text: "login\nme\n..\n", want: Survey{Rows: 2, Invalid: 2, FirstInvalid: 2}},
		"a header alone":    {text: "login\n", o: Options{AllowEmpty: true}},
		"a plan of nobody":  {text: planHeader, o: Options{AllowEmpty: true}},
		"a plan for nobody": {
			text: planHeader + planRow(t, "1", idA, "skipped"), o: Options{AllowEmpty: true}, want: Survey{Ignored: 1},
		},
		"control characters": {
			text: "login,x\na\x00b,\x00\n\xff,y\n",
			want: Survey{Rows: 2, Invalid: 2, FirstInvalid: 2},
		},
		"plan": {
			text: planHeader + planRow(t, "1", idA, "would_reset") + planRow(t, "2", "", "not_found") +
				planRow(t, "3", idA, "skipped") + planRow(t, "4", idB, "would_reset"),
			want: Survey{Rows: 2, Distinct: 2, IDs: 2, Ignored: 2},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, got := survey(t, tt.text, tt.o)
			tt.want.Bytes, tt.want.SHA256 = int64(len(tt.text)), sha256Hex(tt.text)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Survey() of %q differs (-want +got):\n%s", tt.text, diff)
			}
			if rows, err := collect(f); err != nil || len(rows) != got.Rows {
				t.Errorf("Rows() of %q yields %d rows, %v, want %d", tt.text, len(rows), err, got.Rows)
			}
		})
	}
}

func TestSurveyRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text          string
		o             Options
		line          int
		message, hint string // parts of them
		is            error
	}{
		"a header alone":     {text: "login\n\n", message: "no rows", hint: "row", is: ErrNoRows},
		"a plan's header":    {text: planHeader, message: "no rows", hint: "row", is: ErrNoRows},
		"a ragged row":       {text: "id,x\n1,2\n3\n", line: 3, message: "1 cell", hint: "delimiter"},
		"a quote not closed": {text: "id,x\n1,2\n3,\"4\n5,6\n", line: 3, message: "isn't closed", hint: "quote"},
		"a result": {
			text: planHeader + planRow(t, "1", idA, "would_reset") + planRow(t, "2", idB, "reset"),
			line: 3, message: "a row with the status reset: these are the results of a run, not a list of users", hint: "--resume",
		},
		"a partial one":  {text: planHeader + planRow(t, "1", idA, "partial"), line: 2, message: "with the status partial", hint: "--resume"},
		"an unknown one": {text: planHeader + planRow(t, "1", idA, "unknown"), line: 2, message: "with the status unknown", hint: "second time"},
		"a ledger":       {text: planHeader + planRow(t, "1", idA, "taken"), line: 2, message: "with the status taken", hint: "--resume"},
		"a changed plan": {
			text: planHeader + planRow(t, "1", idA, "Would_Reset"), line: 2, message: `"Would_Reset" is no status`, hint: "plan",
		},
		"nothing to reset": {
			text:    planHeader + planRow(t, "1", idA, "skipped") + planRow(t, "2", "", "invalid") + planRow(t, "3", idA, "skipped"),
			message: "no would_reset row: it holds 2 skipped, 1 invalid", hint: "correct those rows",
		},
		"nothing to reset, and rows that couldn't be looked up": {
			text:    planHeader + planRow(t, "1", idA, "failed") + planRow(t, "2", idB, "not_attempted"),
			message: "it holds 1 failed, 1 not_attempted", hint: "--dry-run --retry failed",
		},
		"nothing to reset, and rows that nobody looked at": {
			text: planHeader + planRow(t, "1", "", "not_attempted"), message: "it holds 1 not_attempted", hint: "--dry-run --resume",
		},
		"all skipped": {text: planHeader + planRow(t, "1", idA, "skipped"), message: "it holds 1 skipped", hint: "--allow-empty"},
		"a day without anybody that isn't one": {
			text: planHeader + planRow(t, "1", "", "not_found"), o: Options{AllowEmpty: true}, message: "it holds 1 not_found", hint: "correct those rows",
		},
		"a day of whom nobody looked at": {
			text: planHeader + planRow(t, "1", idA, "skipped") + planRow(t, "2", "", "not_attempted"), o: Options{AllowEmpty: true},
			message: "it holds 1 skipped, 1 not_attempted", hint: "--resume",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := open(t, tt.text, tt.o)
			_, err := f.Survey(t.Context())
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("Survey() of %q = %v, want an Error", tt.text, err)
			}
			if e.Line != tt.line || !strings.Contains(e.Message, tt.message) || !strings.Contains(e.Hint, tt.hint) || e.Path != f.Path() {
				t.Errorf("Survey() = %v, hint %q, want line %d, %q, %q", e, e.Hint, tt.line, tt.message, tt.hint)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("Survey() = %v, want %v", err, tt.is)
			}
		})
	}
}

func TestSurveyEndsWithItsContext(t *testing.T) {
	t.Parallel()
	stopped := errors.New("stopped")
	ctx, stop := context.WithCancelCause(t.Context())
	stop(stopped)
	if _, err := open(t, "id\n1\n", Options{}).Survey(ctx); !errors.Is(err, stopped) {
		t.Errorf("Survey() of a stopped context = %v, want %v", err, stopped)
	}
}

func TestPlan(t *testing.T) {
	t.Parallel()
	header := strings.TrimSuffix(planHeader, "\n") + ",dept,input.login,'=x\n"
	text := header + planRow(t, "1", "", "not_found", "a", "b", "c") + planRow(t, "2", idB, "would_reset", "-5", "b@x", "c\nd")
	f, _ := survey(t, text, Options{})
	if !f.Plan() || f.Column() != "user_id" || len(f.Warnings()) > 0 {
		t.Errorf("Plan() = %v, Column() = %q, Warnings() = %q", f.Plan(), f.Column(), f.Warnings())
	}
	if diff := cmp.Diff([]string{"input.input", "input.login", "dept", "input.login.2", "=x"}, f.Columns()); diff != "" {
		t.Errorf("Columns() differ (-want +got):\n%s", diff)
	}
	want := []runner.Row{{N: 2, Line: 3, Input: idB, Login: "2@example.com", Cells: []string{"=2", "2@example.com", "-5", "b@x", "c\nd"}}}
	got, err := collect(f)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Rows() = %v, differ (-want +got):\n%s", err, diff)
	}
	if open(t, "id,status\n", Options{}).Plan() {
		t.Error("Plan() of a list of users = true")
	}
}

// Repeats has who is named twice, however it is written, and the invalid don't count.
func TestRepeats(t *testing.T) {
	t.Parallel()
	f, _ := survey(t, "login\nonce@x\ntwice@x\nme\n TWICE@x\n"+idA+"\nme\n"+idA+"\n", Options{})
	for cell, want := range map[string]bool{"once@x": false, "twice@x": true, idA: true, "me@x": false} {
		id, reason := runner.ParseIdentifier(cell)
		if got := f.Repeats().Has(id); reason != "" || got != want {
			t.Errorf("Repeats().Has(%q) = %v, want %v", cell, got, want)
		}
	}
	f, _ = survey(t, "login\na@x\nb@x\n", Options{})
	if id, _ := runner.ParseIdentifier("a@x"); f.Repeats().Has(id) {
		t.Error("Repeats() of a file without any holds somebody")
	}
}
