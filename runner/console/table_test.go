package console

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTable(t *testing.T) {
	t.Parallel()
	table := Table{Indent: " "}
	table.Row("ID", "TYPE", "WHICH", "CREATED")
	table.Row("opf1", "push", "日本の電話 of somebody", "2026-05-30")
	table.Row("opf2", "sms", "\x1b[31m", "")
	for columns, want := range map[int]string{
		0: " ID    TYPE  WHICH                   CREATED\n" +
			" opf1  push  日本の電話 of somebody  2026-05-30\n" +
			" opf2  sms   \\x1b[31m                -\n",
		45: " ID    TYPE  WHICH                   CREATED\n" +
			" opf1  push  日本の電話 of somebody  2026-05…\n" +
			" opf2  sms   \\x1b[31m                -\n",
		40: " ID    TYPE  WHICH\n" +
			" opf1  push  日本の電話 of somebody\n" +
			" opf2  sms   \\x1b[31m\n",
		24: " ID    TYPE  WHICH\n" +
			" opf1  push  日本の電話…\n" +
			" opf2  sms   \\x1b[31m\n",
		20: " ID    TYPE\n opf1  push\n opf2  sms\n",
		3:  " ID\n opf1\n opf2\n",
	} {
		if diff := cmp.Diff(want, table.Text(columns)); diff != "" {
			t.Errorf("%d columns (-want +got):\n%s", columns, diff)
		}
	}
}
