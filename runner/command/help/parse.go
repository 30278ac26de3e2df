package help

import (
	"regexp"
	"strings"
)

// Kind is the form of a block.
type Kind int

// The forms that a text may have.
const (
	Paragraph Kind = iota
	Heading
	Item  // of a list
	Table // the first row is its header
	Code
)

// Block is a part of a text.
type Block struct {
	Kind   Kind
	Level  int        // of a heading: 1 is the title; of an item: how deep it is nested
	Mark   string     // of an item: "-" or "1."
	Text   string     // of a paragraph, heading or item: in one line
	Rows   [][]string // of a table
	Lines  []string   // of code
	Info   string     // of code: the word after the fence
	Number int        // the line of the text in which it begins, from 1
}

var (
	headingLine = regexp.MustCompile(`^(#{1,4}) (.+)$`)
	itemLine    = regexp.MustCompile(`^( *)(-|\d+\.) (.+)$`)
	ruleRow     = regexp.MustCompile(`^\|[-:| ]+\|$`)
)

// Parse reads a text of the forms that [Block] knows.
func Parse(text string) []Block {
	var blocks []Block
	open := false // the next line continues the last block
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		last := len(blocks) - 1
		switch trimmed := strings.TrimSpace(line); {
		case strings.HasPrefix(trimmed, "```"):
			b := Block{Kind: Code, Info: strings.TrimPrefix(trimmed, "```"), Number: i + 1}
			indent, _, _ := strings.Cut(line, "`")
			for i++; i < len(lines) && strings.TrimSpace(lines[i]) != "```"; i++ {
				b.Lines = append(b.Lines, strings.TrimPrefix(lines[i], indent))
			}
			blocks, open = append(blocks, b), false
		case trimmed == "":
			open = false
		case strings.HasPrefix(line, "|"):
			if ruleRow.MatchString(line) {
				continue
			}
			if !open || blocks[last].Kind != Table {
				blocks, open = append(blocks, Block{Kind: Table, Number: i + 1}), true
				last++
			}
			blocks[last].Rows = append(blocks[last].Rows, cells(line))
		case headingLine.MatchString(line):
			m := headingLine.FindStringSubmatch(line)
			blocks, open = append(blocks, Block{Kind: Heading, Level: len(m[1]), Text: m[2], Number: i + 1}), false
		case itemLine.MatchString(line):
			m := itemLine.FindStringSubmatch(line)
			blocks, open = append(blocks, Block{Kind: Item, Level: len(m[1]) / 2, Mark: m[2], Text: m[3], Number: i + 1}), true
		case open:
			blocks[last].Text += " " + trimmed
		default:
			blocks, open = append(blocks, Block{Text: trimmed, Number: i + 1}), true
		}
	}
	return blocks
}

// cells splits a row of a table. A \| belongs to its cell.
func cells(line string) []string {
	const bar = "\x00"
	line = strings.ReplaceAll(strings.Trim(strings.TrimSpace(line), "|"), `\|`, bar)
	row := strings.Split(line, "|")
	for i, c := range row {
		row[i] = strings.TrimSpace(strings.ReplaceAll(c, bar, "|"))
	}
	return row
}

// Span is a part of a line.
type Span struct {
	Text string
	Code bool
	Bold bool
	Link string // where it leads
}

var spanText = regexp.MustCompile("`[^`]+`" + `|\*\*[^*]+\*\*|\[[^\]]+\]\([^)]+\)`)

// Spans reads the forms within a line.
func Spans(text string) []Span {
	var spans []Span
	for text != "" {
		at := spanText.FindStringIndex(text)
		if at == nil {
			return append(spans, Span{Text: text})
		}
		if at[0] > 0 {
			spans = append(spans, Span{Text: text[:at[0]]})
		}
		found := text[at[0]:at[1]]
		text = text[at[1]:]
		switch found[0] {
		case '`':
			spans = append(spans, Span{Text: found[1 : len(found)-1], Code: true})
		case '*':
			for _, s := range Spans(found[2 : len(found)-2]) {
				s.Bold = true
				spans = append(spans, s)
			}
		default:
			label, link, _ := strings.Cut(found[1:len(found)-1], "](")
			for _, s := range Spans(label) {
				s.Link = link
				spans = append(spans, s)
			}
		}
	}
	return spans
}

// Leads returns where a link of a topic leads, as "oktareset help results". It returns "" if the
// link stays in its own text, or if its words say already where it leads.
func (s Span) Leads() string {
	name, ok := strings.CutSuffix(s.Link, ".md")
	switch {
	case s.Link == "" || strings.HasPrefix(s.Link, "#"):
		return ""
	case strings.Contains(s.Link, "://"):
		return s.Link
	case !ok || strings.Contains(s.Text, "help "+name):
		return ""
	}
	return "oktareset help " + name
}
