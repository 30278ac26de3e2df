package roster_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"oktareset/runner/roster"
)

// store keeps a copy in memory; a run keeps it in a file beside its results.
type store struct{ bytes.Buffer }

func (s *store) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(s.Bytes()).ReadAt(p, off)
}

func Example() {
	input := strings.NewReader("name;login\nAlice;alice@example.com\nBob;bob@example.com\nAlice again;ALICE@example.com\n")
	f, err := roster.Read("users.csv", input, new(store), roster.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer f.Close()
	survey, err := f.Survey(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d rows, column %q: %d users, %d duplicate\n", survey.Rows, f.Column(), survey.Distinct, survey.Duplicates)
	for row, err := range f.Rows() {
		if err != nil {
			fmt.Println(err)
			return
		}
		id, _ := row.Identifier()
		fmt.Println("line", row.Line, id.Value)
	}
	// Output:
	// 3 rows, column "login": 2 users, 1 duplicate
	// line 2 alice@example.com
	// line 3 bob@example.com
	// line 4 ALICE@example.com
}
