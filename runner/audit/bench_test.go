package audit

import (
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner/evidence"
	"oktareset/runner/table"
)

// BenchmarkAudit audits a million rows with four events each, as Identity Engine writes them,
// and tells the memory that it holds.
func BenchmarkAudit(b *testing.B) {
	const rows, events = 1_000_000, 4
	for b.Loop() {
		a := New(Subject{Runs: evidence.Runs{runA: {admin}}})
		record := func(i int) table.Record {
			return line(fmt.Sprintf("00u%017d", i), "reset", fmt.Sprintf("%032x", i))
		}
		for i := range rows {
			r := record(i)
			if err := a.Row(&r); err != nil {
				b.Fatal(err)
			}
		}
		for i := range rows * events {
			e := oktaclient.LogEvent{
				UUID: fmt.Sprintf("%08x-0000-0000-0000-%012x", i%events, i/events), Published: began.Add(time.Second), EventType: oktaclient.EventDeactivate,
				Actor: oktaclient.LogParty{ID: admin, AlternateID: "admin@example.com"}, Target: []oktaclient.LogParty{{ID: fmt.Sprintf("00u%017d", i/events), Type: "User"}},
			}
			e.Outcome.Result, e.Outcome.Reason = oktaclient.OutcomeSuccess, "User reset SMS_FACTOR factor"
			e.Transaction.ID = fmt.Sprintf("%032x", i/events)
			a.Event(&e)
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "MiB")
		out, err := table.NewSheet(io.Discard, Columns)
		if err != nil {
			b.Fatal(err)
		}
		s := a.NewSheet(out, 0)
		for i := range rows {
			r := record(i)
			if err := s.Row(&r, nil); err != nil {
				b.Fatal(err)
			}
		}
		counts, err := s.Finish()
		if err != nil || counts.Verdicts[Confirmed] != rows {
			b.Fatalf("%+v, %v", counts, err)
		}
	}
}
