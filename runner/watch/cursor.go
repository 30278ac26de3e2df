package watch

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner"
	"oktareset/runner/fault"
	"oktareset/runner/files"
	"oktareset/runner/results"
)

// cursorFormat is the version of the cursor file's format.
const cursorFormat = 1

// watchPlace is how far the log was read and printed. It is what the cursor file holds.
//
// Events of a reset that isn't over are read, but not printed. So From may lie before Next, and
// Printed names what was printed of the pages between.
type watchPlace struct {
	Format  int                  `json:"format"`
	Org     string               `json:"org"`              // host, or host:port
	OrgID   string               `json:"org_id,omitempty"` // tells the org from others whatever its name; "" from a version that didn't ask for it
	From    oktaclient.LogCursor `json:"from"`
	Printed []string             `json:"printed"` // IDs of the events behind From that need not be looked at again
	Resets  []string             `json:"resets"`  // the last ones that were printed, by user and request
	Last    time.Time            `json:"last"`    // when the newest event was published

	Next  oktaclient.LogCursor `json:"-"` // where to read on
	pages []watchPage          // from From on
	saved string
}

// watchPage is a page that was read.
type watchPage struct {
	from   oktaclient.LogCursor
	events []string
}

// maxCursorFile is far more than the events of a few pages take.
const maxCursorFile = 16 << 20

// begin sets the place for a first time.
func (p *watchPlace) begin(org, orgID string, from oktaclient.LogCursor) {
	p.Format, p.Org, p.OrgID, p.From, p.Next = cursorFormat, org, orgID, from, from
}

// load reads a cursor file, which nobody else may have written: it says which resets needn't be
// looked at any more. It reports false when there is none.
func (p *watchPlace) load(path, org, orgID string) (bool, error) {
	b, err := files.ReadOurs(path, maxCursorFile)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the cursor: %w", err)
	}
	bad := func(what string) error {
		return fault.Usage("put the file back, or begin with a new one and --since", "%s isn't a cursor of oktareset watch: %s", path, what)
	}
	if err := json.Unmarshal(b, p); err != nil {
		return false, bad(err.Error())
	}
	if p.Format != cursorFormat {
		return false, bad(fmt.Sprintf("it has format %d, this version knows format %d", p.Format, cursorFormat))
	}
	if !(&results.Manifest{Org: p.Org, OrgID: p.OrgID}).SameOrg(org, orgID) {
		return false, fault.Usage("use another file for each org", "%s is the cursor of %q, but the org is %q", path, results.OrgName(p.Org, p.OrgID), results.OrgName(org, orgID))
	}
	if p.Next, err = oktaclient.ParseLogCursor(string(p.From)); err != nil {
		return false, bad(err.Error())
	}
	p.Org, p.OrgID, p.saved = org, cmp.Or(orgID, p.OrgID), string(b)
	return true, nil
}

// save writes the cursor file, whole or not at all.
func (p *watchPlace) save(path string) error {
	text, err := runner.JSONText(p, "")
	if err != nil {
		return fmt.Errorf("write the cursor: %w", err)
	}
	if text == p.saved {
		return nil
	}
	err = files.Replace(path, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
	if err != nil {
		return fmt.Errorf("write the cursor: %w", err)
	}
	p.saved = text
	return nil
}

// news returns the events of a page that weren't taken in before.
func (p *watchPlace) news(page []oktaclient.LogRecord) []oktaclient.LogRecord {
	known := make(map[string]bool, len(p.Printed))
	for _, id := range p.Printed {
		known[id] = true
	}
	for _, earlier := range p.pages {
		for _, id := range earlier.events {
			known[id] = true
		}
	}
	var news []oktaclient.LogRecord
	for _, e := range page {
		if !known[e.UUID] {
			known[e.UUID] = true
			news = append(news, e)
		}
	}
	return news
}

// move notes a page that was taken in.
func (p *watchPlace) move(page []oktaclient.LogRecord, next oktaclient.LogCursor) {
	read := watchPage{from: p.Next}
	for i := range page {
		read.events = append(read.events, page[i].UUID)
		if page[i].Published.After(p.Last) {
			p.Last = page[i].Published.UTC()
		}
	}
	p.pages, p.Next = append(p.pages, read), next
}

// settle moves From behind the pages of which nothing is open.
func (p *watchPlace) settle(open func(uuid string) bool) {
	first := slices.IndexFunc(p.pages, func(page watchPage) bool { return slices.ContainsFunc(page.events, open) })
	if first < 0 {
		p.From, p.Printed, p.pages = p.Next, []string{}, nil
		return
	}
	p.pages = p.pages[first:]
	p.From, p.Printed = p.pages[0].from, []string{}
	for _, page := range p.pages {
		for _, id := range page.events {
			if !open(id) {
				p.Printed = append(p.Printed, id)
			}
		}
	}
}
