package results

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"oktareset/runner/console"
	"oktareset/runner/fault"
)

// dateLetters are the parts of the date that a file's name may have, as in strftime, the longest
// period first; dateLayouts are their formats.
const dateLetters = "YmdHM"

var dateLayouts = [len(dateLetters)]string{"2006", "01", "02", "15", "04"}

const hintDate = "%Y %m %d %H %M are year, month, day, hour and minute in UTC; %% is a percent sign"

// DatePattern is a path with a date in its file name, as results/%Y-%m-%d.csv.
type DatePattern struct {
	Text string // as it was given
	// matches the names of its files for any date; nil if there is no date in it
	Names *regexp.Regexp
}

// ForOutput returns the path of the results that a run writes which begins at a time, from its
// --output: a path or a pattern. The folder must be there.
func ForOutput(output string, at time.Time) (path string, p DatePattern, err error) {
	if output == "" {
		return "", p, nil
	}
	if path, p, err = expandDate(output, at); err != nil {
		return "", p, err
	}
	// A name with % that an earlier version, or a shell, used literally.
	if _, err := os.Lstat(output); err == nil && path != output {
		return "", p, fault.Usage("for that file, write "+console.ShellFlag("-o", PlainPattern(output)), "--output %q is a pattern, for %q today, but also a file that is there", output, path)
	}
	if folder := filepath.Dir(path); folder != "." {
		if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
			return "", p, fault.Usage("make it, or check that it is mounted", "the folder %q for the results isn't there", folder)
		}
	}
	return path, p, nil
}

// expandDate returns a pattern's path for a time. The date is in UTC: in local time, one name
// could mean two different hours, and a run that is restarted on another machine could look for
// another day.
func expandDate(text string, at time.Time) (path string, p DatePattern, err error) {
	folder, name := filepath.Split(text)
	path, _, dated, err := expandParts(folder, at)
	if err != nil {
		return "", p, err
	}
	if dated != "" {
		return "", p, fault.Usage("keep all results in one folder: earlier ones are looked for there", "--output %q: the date belongs in the file's name", text)
	}
	file, expression, dated, err := expandParts(name, at)
	if err != nil {
		return "", p, err
	}
	p = DatePattern{Text: text}
	if dated == "" {
		return path + file, p, nil
	}
	for i, letter := range dateLetters {
		if !strings.ContainsRune(dated, letter) && strings.ContainsAny(dated, dateLetters[i+1:]) {
			return "", p, fault.Usage("as -o 'results/%Y-%m-%d.csv'", "--output %q: without %%%c, the same name would repeat", text, letter)
		}
	}
	p.Names = regexp.MustCompile("^" + expression + "$")
	return path + file, p, nil
}

// expandParts puts the date into s. It also returns a regular expression for s at any date, and
// the letters of the date parts in s.
func expandParts(s string, at time.Time) (text, expression, letters string, err error) {
	for {
		before, after, found := strings.Cut(s, "%")
		text, expression = text+before, expression+regexp.QuoteMeta(before)
		if !found {
			return text, expression, letters, nil
		}
		part := strings.IndexByte(dateLetters, (after + " ")[0])
		switch {
		case part >= 0:
			letters += after[:1]
			text += at.UTC().Format(dateLayouts[part])
			expression += strings.Repeat("[0-9]", len(dateLayouts[part]))
		case strings.HasPrefix(after, "%"):
			text, expression = text+"%", expression+"%"
		default:
			return "", "", "", fault.Usage(hintDate, "--output %q: %q isn't a part of a date", s, "%"+after[:min(1, len(after))])
		}
		s = after[1:]
	}
}

// PlainPattern returns the pattern that means just this path, whatever the date.
func PlainPattern(path string) string { return strings.ReplaceAll(path, "%", "%%") }

// ResultsOf returns the path of the results to which a file in the pattern's folder belongs, if
// they are of another date than own: the file is the results, or their journal if the results
// don't exist, or their manifest if both were moved away. Otherwise it returns "".
func (p *DatePattern) ResultsOf(file, own string) (path string, moved bool) {
	folder, name := filepath.Split(file)
	ours := p.Names.MatchString
	gone := func(path string) bool {
		_, err := os.Lstat(path)
		return errors.Is(err, os.ErrNotExist)
	}
	if ending := filepath.Ext(name); (ending == ".json" || ending == ".journal") && !ours(name) {
		base := strings.TrimSuffix(name, ending)
		if name = base + ".csv"; !ours(name) {
			name = base
		}
		path := filepath.Join(folder, name)
		if moved = ending == ".json"; !gone(path) || moved && !gone(JournalPath(path)) {
			return "", false
		}
	}
	if path = filepath.Join(folder, name); !ours(name) || path == filepath.Clean(own) {
		return "", false
	}
	return path, moved
}
