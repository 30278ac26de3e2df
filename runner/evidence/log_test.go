package evidence

import (
	"errors"
	"fmt"
	"testing"

	"oktareset/oktaclient"
)

// A reading goes on after what passes by itself, and ends with what doesn't.
func TestMayPass(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err  error
		want bool
	}{
		"an outage":     {fmt.Errorf("read: %w", oktaclient.ErrOutage), true},
		"a lasting 429": {oktaclient.ErrLimited, true},
		"a gateway":     {oktaclient.ErrNotOkta, true},
		"a full disk":   {errors.New("no space left on device"), false},
	} {
		if got := MayPass(tt.err); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
