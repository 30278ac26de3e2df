package runner

// failure reports whether a status counts for a halt rule. Faults of the input and users left
// alone on purpose don't.
func failure(s Status) bool {
	switch s {
	case StatusFailed, StatusForbidden, StatusUnknown, StatusPartial:
		return true
	}
	return false
}

// Tally counts what the summary says besides the statuses. Only one goroutine may use it at a
// time.
type Tally struct {
	Reasons  map[Status]map[Reason]int
	open     map[int]openRow
	Finished int // rows that ended in this run
	Failed   int // of these, those that count for --halt
}

// openRow is what was counted for a row that may still end otherwise.
type openRow struct {
	status Status
	reason Reason
	ours   bool // this run left it open
}

// Settle counts a result. It reports whether the result replaces that of an open row.
func (t *Tally) Settle(res Result) bool {
	before, again := t.open[res.Row.N]
	if again {
		delete(t.open, res.Row.N)
		t.Reasons[before.status][before.reason]--
	}
	if before.ours {
		t.Finished--
		t.Failed--
	}
	t.Finished++
	if failure(res.Status) {
		t.Failed++
	}
	t.note(res, true)
	return again
}

// Change records a new reason for an open row; the totals stay.
func (t *Tally) Change(res Result) {
	before, again := t.open[res.Row.N]
	if again {
		t.Reasons[before.status][before.reason]--
	}
	t.note(res, before.ours)
}

// Carry counts a row that an earlier run left open: it isn't this run's failure.
func (t *Tally) Carry(res Result) { t.note(res, false) }

func (t *Tally) note(res Result, ours bool) {
	if t.Reasons == nil {
		t.Reasons, t.open = make(map[Status]map[Reason]int), make(map[int]openRow)
	}
	if res.Status.Open() {
		t.open[res.Row.N] = openRow{res.Status, res.Reason, ours}
	}
	if res.Reason == "" {
		return
	}
	if t.Reasons[res.Status] == nil {
		t.Reasons[res.Status] = make(map[Reason]int)
	}
	t.Reasons[res.Status][res.Reason]++
}
