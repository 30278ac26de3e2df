package report

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"oktareset/runner"
)

const (
	// maxCell is the longest text of a cell on the page, in characters: a sentence or two. The file
	// has the rest.
	maxCell = 240
	// maxName is the longest name of a person, a department and the like.
	maxName = 80
	// maxHeader is the longest name of a column, in characters: it isn't broken into lines.
	maxHeader = 24
	// maxCommand is the longest command, in characters: that of a plan with more files of
	// exclusions than anybody has. One that is cut is none.
	maxCommand = 16 << 10
)

// cell returns a text of the file as the page shows it: cut to [maxCell], with every character
// spelled out that nobody sees or that turns the reading direction, as the file itself spells
// them. It shares no memory with s.
func cell(s string) string { return shown(s, maxCell) }

// command is [cell] for what somebody will paste into a shell.
func command(s string) string { return shown(s, maxCommand) }

// shown is a text with its invisible characters spelled out, cut to so many characters.
func shown(s string, most int) string {
	var b strings.Builder
	shown := 0
	for i, r := range s {
		if shown == most {
			fmt.Fprintf(&b, "… (%s characters)", comma(utf8.RuneCountInString(s)))
			break
		}
		shown++
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case runner.Printable(r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, `\u{%x}`, r)
		}
	}
	return b.String()
}

// comma is as "1,234,567".
func comma(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

var longNumber = regexp.MustCompile(`\d{4,}`)

// commas returns a text with its numbers as [comma] returns them.
func commas(text string) string {
	return longNumber.ReplaceAllStringFunc(text, func(s string) string {
		n, err := strconv.Atoi(s)
		if err != nil {
			return s
		}
		return comma(n)
	})
}

// count is as "1 row", "1,234 rows".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return comma(n) + " " + noun + "s"
}

// share is n of total in percent. It never rounds something to nothing, nor nearly all to all.
func share(n, total int) string {
	if total == 0 {
		return ""
	}
	p := 100 * float64(n) / float64(total)
	switch {
	case n > 0 && p < 0.1:
		return "< 0.1 %"
	case n < total && p > 99.9:
		return "> 99.9 %"
	case n == 0 || n == total:
		return fmt.Sprintf("%.0f %%", p)
	}
	return fmt.Sprintf("%.1f %%", p)
}

// moment is as "2026-03-04 10:22:31 UTC", "" for no time.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// span is a duration with its two largest units, as "2 h 5 min".
func span(d time.Duration) string {
	units := []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}}
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	for i, u := range units {
		if d < u.size {
			continue
		}
		text := fmt.Sprintf("%d %s", d/u.size, u.name)
		if i+1 < len(units) && d%u.size >= units[i+1].size {
			text += fmt.Sprintf(" %d %s", d%u.size/units[i+1].size, units[i+1].name)
		}
		return text
	}
	return ""
}

// list is as "a, b and c".
func list(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	last := len(parts) - 1
	return strings.Join(parts[:last], ", ") + " and " + parts[last]
}
