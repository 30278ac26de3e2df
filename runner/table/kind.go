package table

import (
	"slices"
	"strings"
)

// Kind is what a file of ours is, by its header.
type Kind string

// The kinds of file that this program writes. A new one has a line in [headers].
const (
	KindOther   Kind = ""        // not ours
	KindRecords Kind = "records" // results or a plan: the statuses tell which
	KindAudit   Kind = "audit"
	KindAfter   Kind = "after"   // who is back in after a reset
	KindNotify  Kind = "notify"  // who got a mail about a reset
	KindExport  Kind = "export"  // users of an org: made to be read as an input
	KindJournal Kind = "journal" // of a run: only the program itself reads it
)

// AuditColumns are the columns of an audit. The input's own follow them.
var AuditColumns = []string{
	"row", "input", "user_id", "login", "status", "reason", "request_id", "started_at", "finished_at", "run_id", "ticket",
	"verdict", "note", "proof", "events", "event_at", "actor_id", "actor", "factors", "tickets", "ticket_verdict", SumColumn,
}

// AfterColumns are the columns of a list of who is back in after a reset. The input's own follow them.
var AfterColumns = []string{"row", "login", "user_id", "status", "reason", "factor", "at", "ip", "city", "country", "detail", "as_of", SumColumn}

// NotifyColumns are the columns of a list of mails about a reset.
var NotifyColumns = []string{
	"mail", "row", "user_id", "login", "name", "address", "status", "reason", "answer", "attempts", "at", "message_id", "people", "run_id", SumColumn,
}

// JournalColumn is what the first line of a journal begins with.
const JournalColumn = "oktareset journal"

// headers are what the files of a kind begin with, those of earlier versions, too: these had no
// checksum.
var headers = []struct {
	kind    Kind
	columns []string
}{
	{KindRecords, Columns},
	{KindAudit, AuditColumns[:21]},
	{KindAfter, AfterColumns[:11]},
	{KindNotify, NotifyColumns},
	{KindExport, []string{ExportColumn}},
	{KindJournal, []string{JournalColumn}},
}

// KindOf tells by its header what a file is. One that a spreadsheet has saved has the same header,
// perhaps with spaces.
func KindOf(header []string) Kind {
	for _, h := range headers {
		if len(header) >= len(h.columns) && slices.EqualFunc(header[:len(h.columns)], h.columns, func(a, b string) bool { return strings.TrimSpace(a) == b }) {
			return h.kind
		}
	}
	return KindOther
}
