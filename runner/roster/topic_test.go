package roster

import (
	"regexp"
	"testing"

	"oktareset/runner/command/help"
)

// The help topic on input names a column for each header that is known, and no other.
func TestTopicNamesTheColumns(t *testing.T) {
	t.Parallel()
	topic, _ := help.Find("input")
	documented := make(map[string]columnKind)
	for _, b := range help.Parse(topic.Text) {
		if b.Kind != help.Table || len(b.Rows[0]) != 3 {
			continue
		}
		for i, row := range b.Rows[1:] {
			for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[2], -1) {
				documented[headerName(m[1])] = []columnKind{idColumn, loginColumn, mailColumn}[i]
				if kindOf(m[1]) != documented[headerName(m[1])] {
					t.Errorf("the topic has %q in another place", m[1])
				}
			}
		}
	}
	for _, known := range knownColumns {
		for _, name := range known.names {
			if _, ok := documented[name]; !ok && known.kind != deskColumn {
				t.Errorf("the topic doesn't have %q", name)
			}
		}
	}
}
