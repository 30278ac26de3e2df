package progress

import (
	"io"
	"strings"

	"github.com/schollz/progressbar/v3"
)

const (
	defaultColumns = 80 // of a terminal that doesn't report its width
	// the bar grows in steps: otherwise it would twitch with each digit of the text beside it
	cellStep = 8
	maxCells = 40 // a longer bar would only move the numbers away from the label
)

// bar shows samples as one line of a terminal that is drawn over and over.
type bar struct {
	screen  *Screen
	columns func() int
	label   string
}

func (b *bar) show(s sample) { b.screen.draw(b.line(s, s.texts()...)) }

func (b *bar) end(s sample) { b.screen.end(b.line(s, s.endText())) }

// line puts a bar before the first text that leaves room for one. Otherwise it is the first text
// that fits. It stays one column short of the terminal: a character in the last column makes many
// terminals go to the next line.
func (b *bar) line(s sample, texts ...string) string {
	columns := b.columns()
	if columns <= 0 {
		columns = defaultColumns
	}
	width := columns - 1
	head := b.label
	if head != "" {
		head += " "
	}
	// the last text says why nothing moves: better than a bar
	for _, text := range texts[:max(1, len(texts)-1)] {
		cells := width - len(head) - len("[] ") - len(text)
		if cells = min(cells-cells%cellStep, maxCells); s.total > 0 && cells > 0 {
			return head + drawBar(s.done, s.total, cells) + " " + text
		}
	}
	for _, text := range texts {
		if line := head + text; len(line) <= width {
			return line
		}
	}
	line := head + texts[len(texts)-1]
	return line[:min(len(line), width)]
}

// drawBar draws [===>...] with this many cells between the brackets. total is above 0.
//
// The library's bar lives for one frame, draws into nothing and is read as a string. If it were
// kept and drew on the terminal, it would show its own percentage (28 for 29 of 100), time left
// (999999h) and width, and would fail above its maximum.
func drawBar(done, total int64, cells int) string {
	b := progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(io.Discard),
		progressbar.OptionSetWidth(cells),
		progressbar.OptionSetTheme(progressbar.ThemeASCII),
		progressbar.OptionSetPredictTime(false),
	)
	_ = b.Set64(min(done, total)) // fails only above total; draws nothing below 1 %
	_ = b.RenderBlank()           // draws now, and never fails on io.Discard
	_, drawn, _ := strings.Cut(b.String(), "[")
	return "[" + strings.TrimRight(drawn, " ")
}
