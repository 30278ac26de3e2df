package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	maxCharts = 6    // the page draws so many stretches, and counts the others
	maxBins   = 96   // bars of a chart: at 390 pixels each has more than three
	minBins   = 24   // places for bars at least, so that a run of a second isn't one block
	chartTall = 100  // the height of a chart in units of its own
	chartWide = 960  // and its width
	minDrawn  = 3.0  // a gap that is narrower than this many units can't be seen
	dayAndAll = 36   // hours from which a chart's ticks need their day
	quarters  = 4    // a chart has a tick at each
	gapInBar  = 0.12 // the part of a bar's place that stays free
)

// binSizes are the seconds that a bar may cover.
var binSizes = []int64{
	1, 2, 5, 10, 15, 30, 60, 2 * 60, 5 * 60, 10 * 60, 15 * 60, 30 * 60, 3600, 2 * 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600,
}

// chart is a stretch of time as the page draws it.
type chart struct {
	Title  string
	Text   string // what the drawing shows, in words
	Done   string // path of the bars of the rows that the page is about
	Other  string // path of the bars of all rows; Done is drawn over it
	Gaps   []box
	Ticks  []string
	Peak   string
	Bin    string
	Hidden int // gaps that are too short to be seen
}

// The classes of gaps in the page's styles.
const (
	classGap   = "gap"
	classProof = "proof"
)

// box is a place in a chart.
type box struct {
	X, W  string
	Class string
}

// charts draws the longest stretches, in the order of time, and says how many it leaves out.
func charts(all []stretch, doneLabel string, waits []Wait) (drawn []chart, leftOut int) {
	if len(all) > maxCharts {
		leftOut = len(all) - maxCharts
		slices.SortStableFunc(all, func(a, b stretch) int { return cmp.Compare(b.rows(), a.rows()) })
		all = all[:maxCharts]
		slices.SortFunc(all, func(a, b stretch) int { return cmp.Compare(a.from(), b.from()) })
	}
	for i := range all {
		drawn = append(drawn, draw(&all[i], doneLabel, waits))
	}
	return drawn, leftOut
}

// draw makes the chart of one stretch.
func draw(s *stretch, doneLabel string, waits []Wait) chart {
	size := binSize(s)
	from := floor(s.from(), size)
	bins := make([]pulse, (s.to()-from+size-1)/size)
	for i, at := range s.at {
		b := &bins[(at-from)/size]
		b.done, b.other = b.done+s.pulses[i].done, b.other+s.pulses[i].other
	}
	for len(bins) < minBins || len(bins)%quarters != 0 {
		bins = append(bins, pulse{})
	}
	done, peak := 0, 0
	for _, b := range bins {
		done, peak = done+b.done, max(peak, b.done+b.other)
	}
	whole := int64(len(bins)) * size
	c := chart{Peak: count(peak, "row"), Bin: span(time.Duration(size) * time.Second), Ticks: ticks(from, whole)}
	c.Done = bars(bins, peak, func(b pulse) int { return b.done })
	c.Other = bars(bins, peak, func(b pulse) int {
		if b.other == 0 {
			return 0
		}
		return b.done + b.other
	})
	gaps := s.gaps(waits)
	c.Gaps, c.Hidden = boxes(gaps, from, whole)
	took := span(time.Duration(s.to()-s.from()) * time.Second)
	c.Title = fmt.Sprintf("%s, %s", moment(time.Unix(s.from(), 0)), took)
	c.Text = fmt.Sprintf("%s finished in %s, of which %s %s; at most %s in %s; %s of at least %s without a finished row.",
		count(s.rows(), "row"), took, comma(done), doneLabel, c.Peak, c.Bin, count(len(gaps), "gap"), span(minGap))
	if slices.ContainsFunc(gaps, func(g gap) bool { return g.proof }) {
		c.Text += " In one or more of them, the run waited for proof of lost answers."
	}
	return c
}

// binSize returns how many seconds a bar covers, so that a stretch has at most maxBins bars. A bar
// covers at least one pulse.
func binSize(s *stretch) int64 {
	for _, size := range binSizes {
		if size >= s.unit && (s.to()-floor(s.from(), size)+size-1)/size <= maxBins {
			return size
		}
	}
	day := binSizes[len(binSizes)-1]
	return max(s.unit, day*((s.to()-s.from())/(day*maxBins)+2))
}

// bars returns the path of a bar for each bin.
func bars(bins []pulse, peak int, height func(pulse) int) string {
	var b strings.Builder
	place := float64(chartWide) / float64(len(bins))
	for i, bin := range bins {
		n := height(bin)
		if n == 0 {
			continue
		}
		tall := max(1, float64(n)/float64(peak)*chartTall) // one row of a million is still seen
		fmt.Fprintf(&b, "M%.1f %dv-%.1fh%.1fv%.1fz", float64(i)*place, chartTall, tall, place*(1-gapInBar), tall)
	}
	return b.String()
}

// boxes returns the places of the gaps that can be seen, and how many can't.
func boxes(gaps []gap, from, whole int64) (seen []box, hidden int) {
	scale := float64(chartWide) / float64(whole)
	for _, g := range gaps {
		wide := float64(g.to-g.from) * scale
		if wide < minDrawn {
			hidden++
			continue
		}
		b := box{X: fmt.Sprintf("%.1f", float64(g.from-from)*scale), W: fmt.Sprintf("%.1f", wide), Class: classGap}
		if g.proof {
			b.Class = classProof
		}
		seen = append(seen, b)
	}
	return seen, hidden
}

// ticks returns the times at the quarters of a chart.
func ticks(from, whole int64) []string {
	format := "15:04"
	switch {
	case whole > dayAndAll*3600:
		format = "Jan 2 15:04"
	case whole%(quarters*60) != 0 || from%60 != 0:
		format = "15:04:05"
	}
	var all []string
	for i := range int64(quarters + 1) {
		all = append(all, time.Unix(from+whole*i/quarters, 0).UTC().Format(format))
	}
	return all
}
