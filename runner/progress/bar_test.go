package progress

import (
	"strings"
	"testing"
	"time"
)

func TestDrawBar(t *testing.T) {
	t.Parallel()
	tests := []struct {
		done, total int64
		want        string
	}{
		{0, 1500, "[..........]"},
		{1, 1500, "[..........]"}, // the library itself draws nothing below 1 %
		{300, 1500, "[=>........]"},
		{1499, 1500, "[========>.]"},
		{1500, 1500, "[==========]"},
		{1501, 1500, "[==========]"},
		{1, 1, "[==========]"},
		{1 << 40, 1 << 41, "[====>.....]"},
	}
	for _, tt := range tests {
		if got := drawBar(tt.done, tt.total, 10); got != tt.want {
			t.Errorf("drawBar(%d, %d, 10) = %q, want %q", tt.done, tt.total, got, tt.want)
		}
	}
}

func TestBarLine(t *testing.T) {
	t.Parallel()
	now := time.Date(2025, 3, 1, 12, 2, 39, 0, time.UTC)
	under := sample{now: now, elapsed: 61 * time.Second, done: 300, total: 1500, notOK: 2}
	held := under
	held.state = State{Hold: now.Add(41 * time.Second), Why: "rate limit"}
	unknown := under
	unknown.total = 0
	until := held.state.Hold.Local().Format("15:04:05")
	const left = " 300/1500 (20%), 295/min, 4m04s left, 2 need attention"
	tests := []struct {
		name    string
		s       sample
		columns int
		want    string
	}{
		{"width unknown", under, 0, "reset [==>.............]" + left},
		{"wide", under, 200, "reset [=======>" + strings.Repeat(".", 32) + "]" + left},
		{"just room for a bar", under, 71, "reset [>.......]" + left},
		{"one column too few for a bar with all", under, 70, "reset [==>.............] 300/1500 (20%), 4m04s left, 2 need attention"},
		{"narrow", under, 40, "reset [==>.............] 300/1500 (20%)"},
		{"no room for a bar", under, 30, "reset 300/1500 (20%)"},
		{"too narrow", under, 11, "reset 300/"},
		{"one column", under, 1, ""},
		{"hold, wide", held, 120, "reset [>.......]" + left + ", rate limit: waiting 41 s, until " + until},
		{"hold, less wide", held, 100, "reset [==>.............] 300/1500 (20%), 4m04s left, 2 need attention, rate limit until " + until},
		{"hold, 80 columns", held, 80, "reset [==>.............] 300/1500 (20%), 4m04s left, rate limit until " + until},
		{"hold, 60 columns", held, 60, "reset [>.......] 300/1500 (20%), rate limit until " + until},
		{"hold, 50 columns", held, 50, "reset 300/1500 (20%), rate limit until " + until},
		{"hold, 40 columns", held, 40, "reset 300/1500 (20%)"},
		{"unknown total", unknown, 80, "reset 300, 295/min, 2 need attention"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := bar{columns: func() int { return tt.columns }, label: "reset"}
			got := b.line(tt.s, tt.s.texts()...)
			if got != tt.want {
				t.Errorf("line(%d columns) = %q, want %q", tt.columns, got, tt.want)
			}
			if tt.columns > 0 && len(got) >= tt.columns {
				t.Errorf("line(%d columns) is %d wide: %q", tt.columns, len(got), got)
			}
		})
	}
}
