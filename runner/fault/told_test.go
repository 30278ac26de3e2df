package fault

import (
	"errors"
	"fmt"
	"testing"
)

// A printed error keeps its code and its hint; an addition to it is printed.
func TestTold(t *testing.T) {
	t.Parallel()
	err := New(ExitStopped, "go on", "stopped")
	told := Told(err)
	if !WasTold(told) || !WasTold(WithCode(ExitBrokeOff, told)) || Code(told) != ExitStopped || Hint(told) != "go on" || !errors.Is(told, err) {
		t.Errorf("%v: told %v, code %d, hint %q", told, WasTold(told), Code(told), Hint(told))
	}
	for _, other := range []error{nil, err, Also(told, errors.New("and the disk is full")), fmt.Errorf("more: %w", told)} {
		if WasTold(other) {
			t.Errorf("%v was told", other)
		}
	}
	if Told(nil) != nil {
		t.Error("nothing is an error")
	}
}

// An error that was joined already appears once, though a second failure made a new value.
func TestAlso(t *testing.T) {
	t.Parallel()
	full := func() error { return errors.New("write the journal: no space left") }
	for want, err := range map[string]error{
		"write the journal: no space left":                       Also(full(), full()),
		"write the journal: no space left; the manifest is gone": Also(Also(full(), errors.New("the manifest is gone")), full()),
		"stopped; write the journal: no space left":              Also(errors.New("stopped"), full()),
	} {
		if err.Error() != want {
			t.Errorf("%q, want %q", err, want)
		}
	}
}
