package command

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"oktareset/runner/command/help"

	"github.com/urfave/cli/v2"
)

const manExamples = `   oktareset man | man -l -                                               read it (GNU; elsewhere: | mandoc -a)
   oktareset man > /usr/local/share/man/man1/oktareset.1                  install it: man oktareset
`

func (a *app) manCommand() *cli.Command {
	return &cli.Command{
		Name: "man", Usage: "print the manual page of all commands, as roff", Description: manExamples, UsageText: printExitCodes,
		Action: func(c *cli.Context) error {
			if err := noArgument(c); err != nil {
				return err
			}
			_, err := io.WriteString(a.Stdout, a.manual())
			return err
		},
	}
}

// manual returns the manual page. It uses the same texts as --help.
func (a *app) manual() string {
	var p roff
	p.line(`.TH OKTARESET 1 "" "oktareset %s"`, roffText(a.Version))
	p.line(".SH NAME\noktareset \\- %s", roffText(about))
	p.line(".SH SYNOPSIS\n.B oktareset\n.I COMMAND\n[flags]\n[\\fIargument\\fP ...]\n.PP\nFlags may come before or after the arguments; after \\-\\- no word is a flag.")
	p.line(".SH EXAMPLES")
	p.help(appExamples)
	p.line(".SH COMMANDS")
	for _, c := range blankApp().cli().Commands {
		if !c.Hidden {
			p.command(c)
		}
	}
	for _, t := range help.Topics() {
		p.topic(t)
	}
	return p.String()
}

// roff is a manual page that is being written.
type roff struct{ strings.Builder }

func (p *roff) line(format string, a ...any) { _, _ = fmt.Fprintf(p, format+"\n", a...) }

// item writes a term and what it means.
func (p *roff) item(term, text string) {
	p.line(".TP\n.B %s\n%s", roffText(term), roffText(text))
}

func (p *roff) command(c *cli.Command) {
	p.line(".SS %s", roffText(strings.TrimSpace("oktareset "+c.Name+" "+c.ArgsUsage)))
	p.line("%s.", roffText(strings.ToUpper(c.Usage[:1])+c.Usage[1:]))
	p.help(c.Description)
	category := ""
	for _, e := range flagEntries(c.Flags) {
		if e.category != category {
			category = e.category
			p.heading(category)
		}
		p.item(e.forms(), e.usage)
	}
	if c.UsageText != ExitCodes { // which a topic explains
		p.help(c.UsageText)
	}
}

// topic writes a topic as a section. Links lead to other sections, so their text is enough.
func (p *roff) topic(t help.Topic) {
	for _, b := range help.Parse(t.Text) {
		switch b.Kind {
		case help.Heading:
			if b.Level == 1 {
				p.line(".SH %s", roffText(strings.ToUpper(t.Name)))
				p.line("%s.", roffText(strings.ToUpper(t.About[:1])+t.About[1:]))
			} else {
				p.line(".SS %s", roffSpans(b.Text))
			}
		case help.Paragraph:
			p.line(".PP\n%s", roffSpans(b.Text))
		case help.Item:
			p.line(".IP \"%s\" %d\n%s", roffMark(b.Mark), 3+2*b.Level, roffSpans(b.Text))
		case help.Table:
			p.table(b.Rows)
		case help.Code:
			p.line(".PP\n.RS 3\n.nf")
			for _, l := range b.Lines {
				p.line(`\&%s`, roffText(l)) // its spaces are part of it
			}
			p.line(".fi\n.RE")
		}
	}
}

// table writes the first cell of each row as a term and the other cells as its meaning, because
// roff's own tables need a second program.
func (p *roff) table(rows [][]string) {
	p.line(".TP\n.I %s\n.I %s", roffText(plainText(rows[0][0])), roffText(plainText(strings.Join(rows[0][1:], ", "))))
	for _, row := range rows[1:] {
		p.line(".TP\n.B %s\n%s", roffText(plainText(row[0])), roffSpans(row[1]))
		for i, cell := range row[2:] {
			if cell != "" {
				p.line(".br\n%s: %s", roffSpans(rows[0][i+2]), roffSpans(cell))
			}
		}
	}
}

func roffMark(mark string) string {
	if mark == "-" {
		return `\(bu`
	}
	return roffText(mark)
}

// roffSpans prints code and bold text in bold.
func roffSpans(text string) string {
	var b strings.Builder
	for _, s := range help.Spans(text) {
		if s.Code || s.Bold {
			b.WriteString(`\fB` + roffText(s.Text) + `\fP`)
		} else {
			b.WriteString(roffText(s.Text))
		}
	}
	return b.String()
}

// plainText returns a line without its marks.
func plainText(text string) string {
	var b strings.Builder
	for _, s := range help.Spans(text) {
		b.WriteString(s.Text)
	}
	return b.String()
}

func (p *roff) heading(text string) { p.line(".PP\n.I %s", roffText(text)) }

// A line of a help text is a heading, or a term, two spaces and its meaning, or a sentence.
var (
	helpHeading = regexp.MustCompile(`^([A-Z ]+):$`)
	helpItem    = regexp.MustCompile(`^   (\S.*?)  +(\S.*)$`)
	helpExample = regexp.MustCompile(`^   (oktareset \S.*)$`)
)

// help adds a help text, line by line.
func (p *roff) help(text string) {
	for l := range strings.Lines(text) {
		l = strings.TrimRight(l, "\n")
		if m := helpHeading.FindStringSubmatch(l); m != nil {
			p.heading(m[1])
		} else if m := helpItem.FindStringSubmatch(l); m != nil {
			p.item(m[1], m[2])
		} else if m := helpExample.FindStringSubmatch(l); m != nil {
			p.line(".PP\n.B %s", roffText(m[1]))
		} else if l != "" {
			p.line(".PP\n%s", roffText(strings.TrimSpace(l)))
		}
	}
}

// roffText escapes what roff would run as a command, and what it would print differently: a minus
// as a hyphen, straight quotes as curly ones.
func roffText(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == '\\':
			b.WriteString(`\e`)
		case r == '-':
			b.WriteString(`\-`)
		case strings.ContainsRune(`'"^~`+"`", r), r > '~':
			fmt.Fprintf(&b, `\[u%04X]`, r)
		case r == '.' && i == 0:
			b.WriteString(`\&.`)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
