package watch

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"oktareset/oktaclient"
	"oktareset/runner/console"
	"oktareset/runner/evidence"
)

const (
	tableGaps  = 4 * 2 // spaces between five columns
	yoursWidth = len("YOURS")
	leastCell  = 8  // columns of a name, or of the factors, on a narrow terminal
	mostName   = 40 // on a wide one: logins can be longer, and hardly are
)

// tableWidths are those of the table's columns on a terminal of so many columns, whatever lines are
// to come. The factors, which are last, get a quarter of the room, or none.
func tableWidths(columns int) []int {
	room := columns - len(time.Stamp) - yoursWidth - tableGaps
	name := max(leastCell, min(mostName, (room-max(leastCell, room/4))/2))
	widths := []int{len(time.Stamp), name, name, yoursWidth}
	if left := room - 2*name; left >= leastCell {
		widths = append(widths, left)
	}
	return widths
}

// tableLines are the resets for a person, a line each.
func (p *printer) tableLines(resets []Reset) string {
	var t console.Table
	if !p.headed {
		t.Row("LOCAL TIME", "WHO", "WHOM", "YOURS", "FACTORS")
		p.headed = true
	}
	for i := range resets {
		r := &resets[i]
		main := r.Main()
		t.Row(main.Published.Local().Format(time.Stamp), personOf(main.Actor), personOf(main.User()), p.yours(r), r.factorsText())
	}
	return t.Fixed(tableWidths(p.columns())...)
}

// personOf is what people call who did something, or whom it happened to.
func personOf(party oktaclient.LogParty) string {
	return cmp.Or(evidence.ActorName(party), party.ID)
}

// yours says whether one of the person's own runs made a reset. Without manifests nobody knows that
// of a run.
func (p *printer) yours(r *Reset) string {
	by := evidence.SourceOf(&r.Main().LogEvent)
	switch {
	case p.ours.made(by):
		return "yes"
	case by.RunID != "" && len(p.ours.paths) == 0:
		p.unsure = true
		return "?"
	}
	return "no"
}

// factorsText says which factors went, in the words of people: "all (okta verify, sms)", "sms".
func (r *Reset) factorsText() string {
	var names []string
	for _, f := range r.Factors() {
		name := cmp.Or(oktaclient.EventFactorType(f), strings.ToLower(f))
		if oktaclient.OktaVerifyEvent(f) {
			name = "okta verify"
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	list := strings.Join(names, ", ")
	switch {
	case r.All() && list == "":
		return "all"
	case r.All():
		return "all (" + list + ")"
	}
	return list
}
