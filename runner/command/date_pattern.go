package command

import (
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// dateParts are what a file's name may have of the date, as strftime has them, the longest period first.
var dateParts = []struct {
	letter byte
	layout string
}{{'Y', "2006"}, {'m', "01"}, {'d', "02"}, {'H', "15"}, {'M', "04"}}

const hintDate = "%Y %m %d %H %M are year, month, day, hour and minute in UTC; %% is a percent sign"

// datePattern is a path with a date in its file name, as results/%Y-%m-%d.csv.
type datePattern struct {
	text  string         // as it was given
	names *regexp.Regexp // of its files, whatever the date; nil when there is no date in it
}

// expandDate returns the path that a pattern stands for at a time. The date is UTC: by local time, one name could stand for two hours, and
// a run that is restarted on another machine could look for another day.
func expandDate(text string, at time.Time) (path string, p datePattern, err error) {
	folder, name := filepath.Split(text)
	path, _, dated, err := expandParts(folder, at)
	if err != nil {
		return "", p, err
	}
	if dated != "" {
		return "", p, usageError("one folder has all of them: earlier ones are looked for", "--output %q: the date belongs into the file's name", text)
	}
	file, expression, dated, err := expandParts(name, at)
	if err != nil {
		return "", p, err
	}
	p = datePattern{text: text}
	if dated == "" {
		return path + file, p, nil
	}
	for i, part := range dateParts {
		if strings.IndexByte(dated, part.letter) < 0 && strings.ContainsFunc(dated, func(r rune) bool { return isLater(i, r) }) {
			return "", p, usageError("as -o 'results/%Y-%m-%d.csv'", "--output %q: without %%%c, the same name would come again", text, part.letter)
		}
	}
	p.names = regexp.MustCompile("^" + expression + "$")
	return path + file, p, nil
}

// isLater reports whether a letter is that of a part of the date behind the i-th.
func isLater(i int, letter rune) bool {
	for _, part := range dateParts[i+1:] {
		if rune(part.letter) == letter {
			return true
		}
	}
	return false
}

// expandParts puts the date into s. It also returns a regular expression for s at any date, and the letters of the parts in it.
func expandParts(s string, at time.Time) (text, expression, letters string, err error) {
	for {
		before, after, found := strings.Cut(s, "%")
		text, expression = text+before, expression+regexp.QuoteMeta(before)
		if !found {
			return text, expression, letters, nil
		}
		layout := ""
		for _, part := range dateParts {
			if after != "" && after[0] == part.letter {
				layout = part.layout
			}
		}
		switch {
		case layout != "":
			letters += after[:1]
			text += at.UTC().Format(layout)
			expression += strings.Repeat("[0-9]", len(layout))
		case strings.HasPrefix(after, "%"):
			text, expression = text+"%", expression+"%"
		default:
			return "", "", "", usageError(hintDate, "--output %q: %q is no part of a date", s, "%"+after[:min(1, len(after))])
		}
		s = after[1:]
	}
}

// plainPattern is the pattern that stands for one path, whatever the date.
func plainPattern(path string) string { return strings.ReplaceAll(path, "%", "%%") }
