package watch

import (
	"slices"

	"oktareset/oktaclient"
	"oktareset/runner/evidence"
)

// keptResets is how many resets that are over a [Fold] remembers. A late event of one of them
// belongs to it and isn't another reset.
const keptResets = 1000

// Reset contains all events of one request for one user.
type Reset struct {
	Key     string                 // of the user and the request
	Records []oktaclient.LogRecord // in the order of the log
	page    int                    // on which its newest event came
}

// Main returns the event that describes the reset best: the one of all factors, else the first.
func (r *Reset) Main() *oktaclient.LogRecord {
	i := slices.IndexFunc(r.Records, func(e oktaclient.LogRecord) bool { return e.EventType == oktaclient.EventResetAll })
	return &r.Records[max(i, 0)]
}

// Factors returns the types that were removed, each once, in the log's words.
func (r *Reset) Factors() []string {
	factors := []string{}
	for i := range r.Records {
		if f := r.Records[i].Factor(); f != "" && !slices.Contains(factors, f) {
			factors = append(factors, f)
		}
	}
	return factors
}

// All reports whether all factors were reset, not a single one. If no event says so for certain,
// several factors that were removed together count as a reset, unless their owner removed them.
func (r *Reset) All() bool {
	for i := range r.Records {
		if r.Records[i].Whole() {
			return true
		}
	}
	main := r.Main()
	return evidence.Several(r.Factors()) && main.Actor.ID != main.User().ID
}

// Fold joins the events of a stream into resets. The events of one reset are near each other, but a
// page may end between them. So a reset is over once a further page brings no event of it.
type Fold struct {
	Over []string // keys of resets that are over, as [Reset.Key]; a late event of one isn't another reset

	page int
	open []*Reset
}

// Add adds a page of events and returns the resets that are over, in the order in which they began.
func (f *Fold) Add(page []oktaclient.LogRecord) []Reset {
	f.page++
	for i := range page {
		f.take(&page[i])
	}
	return f.close(func(r *Reset) bool { return r.page < f.page })
}

// End returns the resets that aren't over yet as if they were.
func (f *Fold) End() []Reset { return f.close(func(*Reset) bool { return true }) }

// Open reports whether the event with this ID belongs to a reset that isn't over.
func (f *Fold) Open(uuid string) bool {
	return slices.ContainsFunc(f.open, func(r *Reset) bool {
		return slices.ContainsFunc(r.Records, func(e oktaclient.LogRecord) bool { return e.UUID == uuid })
	})
}

// Pending reports whether some reset isn't over.
func (f *Fold) Pending() bool { return len(f.open) > 0 }

func (f *Fold) take(e *oktaclient.LogRecord) {
	fact, ok := evidence.FactOf(&e.LogEvent)
	if !ok || fact.Kind != evidence.Took || !fact.Done {
		return
	}
	key := evidence.ResetKey(&e.LogEvent, fact.User.ID)
	i := slices.IndexFunc(f.open, func(r *Reset) bool { return r.Key == key })
	switch {
	case i >= 0:
	case slices.Contains(f.Over, key):
		return
	default:
		i = len(f.open)
		f.open = append(f.open, &Reset{Key: key})
	}
	f.open[i].Records = append(f.open[i].Records, *e)
	f.open[i].page = f.page
}

// close removes the resets that are over and returns them.
func (f *Fold) close(over func(*Reset) bool) []Reset {
	var ended []Reset
	f.open = slices.DeleteFunc(f.open, func(r *Reset) bool {
		if !over(r) {
			return false
		}
		ended = append(ended, *r)
		if r.All() {
			f.Over = append(f.Over, r.Key)
		}
		return true
	})
	f.Over = f.Over[max(0, len(f.Over)-keptResets):]
	return ended
}
