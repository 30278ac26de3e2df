package console

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"oktareset/runner"
	"oktareset/runner/fault"
	"oktareset/runner/progress"
)

// Options are the flags for what is written to stderr.
type Options struct {
	JSON    bool // --log-format json
	Quiet   bool // only errors, and warnings without which something would look like an answer
	Verbose bool // requests too
}

// Console prints messages for people and logs. It is safe for concurrent use.
type Console struct {
	Opts   Options
	Log    *slog.Logger
	Screen *progress.Screen // stderr, shared with the progress bar
}

// New makes a console that writes to a screen.
func New(screen *progress.Screen, o Options) *Console {
	c := &Console{Opts: o, Screen: screen}
	level := slog.LevelInfo
	switch {
	case o.Quiet:
		level = levelAlert
	case o.Verbose:
		level = slog.LevelDebug
	}
	if o.JSON {
		c.Log = slog.New(slog.NewJSONHandler(printableWriter{screen}, &slog.HandlerOptions{Level: level, ReplaceAttr: nameAlert}))
	} else {
		c.Log = slog.New(&textHandler{screen: screen, level: level})
	}
	return c
}

// levelAlert is the level of warnings that --quiet doesn't hide.
const levelAlert = slog.LevelWarn + 1

// nameAlert prints the level of an alert as that of a warning.
func nameAlert(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.LevelKey && a.Value.Any() == levelAlert {
		return slog.Any(slog.LevelKey, slog.LevelWarn)
	}
	return a
}

// Info prints news.
func (c *Console) Info(format string, a ...any) { c.Log.Info(fmt.Sprintf(format, a...)) }

// Warn prints a warning.
func (c *Console) Warn(format string, a ...any) { c.Log.Warn(fmt.Sprintf(format, a...)) }

// Alert prints a warning that --quiet doesn't hide.
func (c *Console) Alert(format string, a ...any) {
	c.Log.Log(context.Background(), levelAlert, fmt.Sprintf(format, a...))
}

// Fail prints an error and its hint, unless it was printed before.
func (c *Console) Fail(err error) {
	if err == nil || fault.OnlyRows(err) || fault.WasTold(err) {
		return
	}
	h := fault.Hint(err)
	if c.Opts.JSON && h != "" {
		c.Log.Error(err.Error(), "hint", h)
		return
	}
	c.Log.Error(err.Error())
	if h != "" {
		_, _ = writeMessage(c.Screen, "oktareset: hint: ", Printable(h))
	}
}

// Advise prints what to do, even with --quiet.
func (c *Console) Advise(hint string) {
	if c.Opts.JSON {
		c.Log.Log(context.Background(), levelAlert, "some rows need attention", "hint", hint)
		return
	}
	_, _ = writeMessage(c.Screen, "oktareset: hint: ", Printable(hint))
}

// writeMessage writes a line, wrapped if the screen is a terminal.
func writeMessage(screen *progress.Screen, prefix, text string) (int, error) {
	message := prefix + text
	if screen.Columns != nil {
		message = WrapBehind(prefix, text, screen.Columns())
	}
	return io.WriteString(screen, message+"\n")
}

// PrintJSON prints v on w as indented JSON, safe for a terminal.
func PrintJSON(w io.Writer, v any) error {
	text, err := runner.JSONText(v, "  ")
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	return err
}

// printableWriter writes the JSON of encoding/json and escapes what a terminal would take for a
// command.
type printableWriter struct{ W io.Writer }

func (p printableWriter) Write(b []byte) (int, error) {
	_, err := io.WriteString(p.W, runner.PrintableJSON(string(b)))
	return len(b), err
}

// textHandler prints a log record as a line for a person.
type textHandler struct {
	screen *progress.Screen
	level  slog.Level
	attrs  []slog.Attr // of every line
}

func (h *textHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level }

func (h *textHandler) Handle(_ context.Context, r slog.Record) error {
	prefix := "oktareset: "
	switch {
	case r.Level >= slog.LevelError:
		prefix += "error: "
	case r.Level >= slog.LevelWarn:
		prefix += "warning: "
	}
	var b strings.Builder
	b.WriteString(Printable(r.Message))
	for _, a := range h.attrs {
		writeAttr(&b, a)
	}
	r.Attrs(func(a slog.Attr) bool {
		writeAttr(&b, a)
		return true
	})
	_, err := writeMessage(h.screen, prefix, b.String())
	return err
}

// writeAttr writes " key=value", with quotes where the value's end wouldn't be clear. For a group
// it writes each attribute.
func writeAttr(b *strings.Builder, a slog.Attr) {
	if a.Value.Kind() == slog.KindGroup {
		for _, member := range a.Value.Group() {
			writeAttr(b, member)
		}
		return
	}
	value := a.Value.String()
	if value == "" || strings.ContainsAny(value, ` "=`) {
		value = strconv.Quote(value)
	}
	fmt.Fprintf(b, " %s=%s", a.Key, Printable(value))
}

// WithAttrs returns a handler that ends each line with these attributes, too.
func (h *textHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.attrs = append(slices.Clone(h.attrs), attrs...)
	return &with
}

// WithGroup returns the same handler: a line has room for names, not for groups of them.
func (h *textHandler) WithGroup(string) slog.Handler { return h }

// Printable escapes what a terminal would take for a command.
func Printable(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, NotPrintable) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if NotPrintable(r) {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// NotPrintable reports whether a character must be escaped in print.
func NotPrintable(r rune) bool { return !runner.Printable(r) }
