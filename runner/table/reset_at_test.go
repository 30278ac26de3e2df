package table

import "testing"

// A row whose later steps were done a day later was reset when it began.
func TestResetAt(t *testing.T) {
	t.Parallel()
	rec := Record{StartedAt: "2026-11-27T04:00:00.000Z", FinishedAt: "2026-11-28T09:00:00.000Z"}
	if at, err := rec.ResetAt(); err != nil || at.Format("2006-01-02 15:04") != "2026-11-27 04:00" {
		t.Errorf("reset at %s, %v", at, err)
	}
	if _, err := (&Record{FinishedAt: rec.FinishedAt}).ResetAt(); err == nil {
		t.Error("a row that never began has a time")
	}
}
