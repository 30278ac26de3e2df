package table

import (
	"slices"
	"testing"
)

func TestKindOf(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		header []string
		want   Kind
	}{
		"results":                       {Columns, KindRecords},
		"results of an input":           {append(slices.Clone(Columns), "Team"), KindRecords},
		"results, saved with a space":   {append([]string{"row "}, Columns[1:]...), KindRecords},
		"an audit":                      {AuditColumns, KindAudit},
		"an audit with more":            {append(slices.Clone(AuditColumns), "Team"), KindAudit},
		"an audit without checksums":    {AuditColumns[:21], KindAudit},
		"a list of who is back":         {AfterColumns, KindAfter},
		"one without checksums":         {AfterColumns[:11], KindAfter},
		"a list of mails":               {NotifyColumns, KindNotify},
		"an export":                     {[]string{"userId", "login"}, KindExport},
		"a list with another case":      {[]string{"userID"}, KindOther},
		"an export in another order":    {[]string{"login", "userId"}, KindOther},
		"some columns of ours":          {[]string{"row", "input", "user_id", "login"}, KindOther},
		"results with a column cut off": {Columns[:len(Columns)-1], KindOther},
		"a journal":                     {[]string{"oktareset journal", "1", "run", "00ff", "12345678"}, KindJournal},
		"nothing":                       {nil, KindOther},
	} {
		if got := KindOf(tt.header); got != tt.want {
			t.Errorf("KindOf of %s = %q, want %q", name, got, tt.want)
		}
	}
}
