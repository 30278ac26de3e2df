package results

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktareset/runner"
	"oktareset/runner/table"
)

func TestPlace(t *testing.T) {
	t.Parallel()
	const home = "198.51.100.7"
	for want, p := range map[string]Place{
		"": {}, home: {IP: home}, home + " (Oslo, Norway)": {home, "Oslo", "Norway"}, "Norway": {Country: "Norway"}, home + " (Norway)": {IP: home, Country: "Norway"},
	} {
		if got := p.String(); got != want {
			t.Errorf("%+v is %q, want %q", p, got, want)
		}
	}
}

// A list of who is back is read again if it is about the same results, whichever run wrote last. If
// somebody has changed it, it is neither read nor replaced.
func TestAfterList(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "users.after.csv")
	at := time.Date(2026, 11, 27, 4, 0, 0, 5e6, time.UTC)
	lines := []AfterLine{
		{
			Row: 1, Login: "=a@x", UserID: "00u1", Status: AfterLookAt, Reasons: []AfterReason{ByAnother, NewCountry}, Factor: "push:OKTA sms:OKTA",
			At: at, From: Place{"198.51.100.7", "Oslo", "Norway"}, Detail: "a;\n=b", AsOf: at.Add(time.Hour),
		},
		{Row: 7, UserID: "00u7", Status: AfterNotYet, AsOf: at},
	}
	m := &Manifest{Runs: []Run{{RunID: "first"}}}
	list := AfterList(path, m, []string{"Team"})
	write := func(list *List, lines ...AfterLine) error {
		return list.Write(context.Background(), func(sheet *table.Sheet) error {
			for i := range lines {
				if err := sheet.Write(append(lines[i].Cells(), "Blue")); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := errors.Join(list.Writable(t.Context()), write(list, lines...)); err != nil {
		t.Fatal(err)
	}
	m.Runs = append(m.Runs, Run{RunID: "resumed"})
	var got []AfterLine
	for l, err := range AfterList(path, m, []string{"Team"}).ScanAfter(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, l)
	}
	if diff := cmp.Diff(lines, got); diff != "" {
		t.Error(diff)
	}
	if err := write(list, lines[1]); err != nil {
		t.Errorf("it isn't replaced: %v", err)
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]*List{
		"other results":        AfterList(path, &Manifest{Runs: []Run{{RunID: "another"}}}, []string{"Team"}),
		"other columns":        AfterList(path, m, nil),
		"an audit":             NewList(path, m, table.AuditColumns, []string{"Team"}),
		"a row that is edited": list,
	} {
		if other == list {
			if err := os.WriteFile(path, bytes.Replace(written, []byte("not_yet"), []byte("back"), 1), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		before, _ := os.ReadFile(path)
		if err := other.Writable(t.Context()); err == nil || !strings.Contains(err.Error(), "exists already") {
			t.Errorf("%s: %v", name, err)
		}
		if err := write(other, lines...); err == nil {
			t.Errorf("%s: it was replaced", name)
		}
		if now, _ := os.ReadFile(path); !bytes.Equal(now, before) {
			t.Errorf("%s: it was changed", name)
		}
	}
}

// A line says nothing any more once a run has worked on its row after the org was asked. Two runs
// read the org's clock to the second.
func TestOutdated(t *testing.T) {
	t.Parallel()
	l := AfterLine{AsOf: time.Date(2026, 11, 27, 4, 0, 0, 0, time.UTC)}
	for _, tt := range []struct {
		started, finished string
		want              bool
	}{
		{"2026-11-27T03:00:00.000Z", "2026-11-27T03:00:01.000Z", false},
		{"2026-11-27T03:00:00.000Z", "2026-11-27T04:00:02.000Z", false},
		{"2026-11-27T03:00:00.000Z", "2026-11-27T04:00:02.001Z", true},
		{"2026-11-27T03:00:00.000Z", "", false},
		{"2026-11-27T05:00:00.000Z", "", true},
		{"", "", true},
		{"", "yesterday", true},
	} {
		if got := l.outdated(&table.Record{StartedAt: tt.started, FinishedAt: tt.finished}); got != tt.want {
			t.Errorf("%q to %q: %t", tt.started, tt.finished, got)
		}
	}
}

// Nobody waits for users who had nothing to lose. That is known if the run has listed what it was
// to remove, all factors or some.
func TestMayBeAway(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		step, status, user, factors string
		want                        bool
	}{
		{"", "reset", "00u1", "", true},
		{runner.StepRecordFactors, "reset", "00u1", "sms:OKTA", true},
		{runner.StepRecordFactors, "reset", "00u1", "", false},
		{runner.StepChooseFactors, "reset", "00u1", "sms:OKTA", true},
		{runner.StepChooseFactors, "reset", "00u1", "", false}, // it only enrolled
		{runner.StepChooseFactors, "partial", "00u1", "", false},
		{runner.StepSkipAdmins, "unknown", "00u1", "", true},
		{"", "unknown", "", "", false},
		{"", "failed", "00u1", "sms:OKTA", false},
	} {
		rec := table.Record{Status: tt.status, UserID: tt.user, Factors: tt.factors}
		if got := MayBeAway(&rec, Recorded([]string{runner.StepIdentify, tt.step})); got != tt.want {
			t.Errorf("%+v: %t", tt, got)
		}
	}
}
