package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"unicode/utf8"

	"oktareset/runner"
	"oktareset/runner/progress"
)

// This file is how the program speaks. The rules: stdout carries data only; everything else goes to stderr, as plain text or
// as one JSON object a line; errors and warnings have a prefix; no sentence starts with a capital or ends with a full stop;
// what came from a file or a server is printed with its control characters escaped.

type consoleOptions struct {
	json    bool // --log-format json
	quiet   bool // errors, and what says that somebody isn't protected, only
	verbose bool // requests too
}

// console prints messages for people and logs. It is safe for concurrent use.
type console struct {
	opts   consoleOptions
	log    *slog.Logger
	screen *progress.Screen // stderr, shared with the progress bar
}

func newConsole(screen *progress.Screen, o consoleOptions) *console {
	c := &console{opts: o, screen: screen}
	level := slog.LevelInfo
	switch {
	case o.quiet:
		level = levelAlert
	case o.verbose:
		level = slog.LevelDebug
	}
	if o.json {
		c.log = slog.New(slog.NewJSONHandler(printableWriter{screen}, &slog.HandlerOptions{Level: level, ReplaceAttr: nameAlert}))
	} else {
		c.log = slog.New(&textHandler{w: screen, level: level})
	}
	return c
}

// levelAlert is that of warnings that --quiet doesn't hide.
const levelAlert = slog.LevelWarn + 1

// nameAlert calls an alert a warning, as it is.
func nameAlert(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.LevelKey && a.Value.Any() == levelAlert {
		return slog.Any(slog.LevelKey, slog.LevelWarn)
	}
	return a
}

func (c *console) info(format string, a ...any) { c.log.Info(fmt.Sprintf(format, a...)) }

func (c *console) warn(format string, a ...any) { c.log.Warn(fmt.Sprintf(format, a...)) }

// alert is a warning that --quiet doesn't hide.
func (c *console) alert(format string, a ...any) {
	c.log.Log(context.Background(), levelAlert, fmt.Sprintf(format, a...))
}

// fail prints an error and its hint, once.
func (c *console) fail(err error) {
	if err == nil || errors.Is(err, errRows) {
		return
	}
	h := hint(err)
	if c.opts.json && h != "" {
		c.log.Error(err.Error(), "hint", h)
		return
	}
	c.log.Error(err.Error())
	if h != "" {
		_, _ = io.WriteString(c.screen, "oktareset: hint: "+printable(h)+"\n")
	}
}

// printableWriter writes JSON, as encoding/json makes it, with what a terminal would take for a command escaped.
type printableWriter struct{ w io.Writer }

func (p printableWriter) Write(b []byte) (int, error) {
	_, err := io.WriteString(p.w, runner.PrintableJSON(string(b)))
	return len(b), err
}

// textHandler prints a log record as a line for a person.
type textHandler struct {
	w     io.Writer
	level slog.Level
}

func (h *textHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level }

func (h *textHandler) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString("oktareset: ")
	switch {
	case r.Level >= slog.LevelError:
		b.WriteString("error: ")
	case r.Level >= slog.LevelWarn:
		b.WriteString("warning: ")
	}
	b.WriteString(printable(r.Message))
	r.Attrs(func(a slog.Attr) bool {
		writeAttr(&b, a)
		return true
	})
	b.WriteByte('\n')
	_, err := io.WriteString(h.w, b.String())
	return err
}

// writeAttr writes " key=value", quoted where the value's end wouldn't be seen; of a group, that for each of its attributes.
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
	fmt.Fprintf(b, " %s=%s", a.Key, printable(value))
}

func (h *textHandler) WithAttrs([]slog.Attr) slog.Handler { return h }

func (h *textHandler) WithGroup(string) slog.Handler { return h }

// printable escapes what a terminal would take for a command.
func printable(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, notPrintable) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if notPrintable(r) {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func notPrintable(r rune) bool { return !runner.Printable(r) }
