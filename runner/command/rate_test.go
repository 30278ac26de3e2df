package command

import (
	"testing"
	"time"

	"oktareset/oktaclient/standin"
)

// A help desk takes so many calls an hour: no more users are reset in one.
func TestRateByTheHour(t *testing.T) {
	t.Parallel()
	virtually(t, 21, standin.Config{Latency: 100 * time.Millisecond}, func(v *virtual) {
		start := time.Now()
		v.want(v.reset(confirm(21), "--rate", "20/h"), 0, map[string]int{"reset": 21})
		if took := time.Since(start); took < time.Hour || took > time.Hour+10*time.Minute {
			t.Errorf("21 users at 20 an hour took %v", took)
		}
	})
}
