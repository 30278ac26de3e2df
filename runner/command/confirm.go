package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// confirmation is a --confirm flag: an org and how many users at least and at most. The zero value is none.
type confirmation struct {
	host     string
	min, max int
}

// parseConfirm reads HOST:COUNT or HOST:MIN-MAX. HOST may have a port.
func parseConfirm(s string) (confirmation, error) {
	const form = "--confirm acme.okta.com:1234 or --confirm acme.okta.com:1-500"
	i := strings.LastIndexByte(s, ':')
	if i <= 0 {
		return confirmation{}, usageError(form, "--confirm %q isn't HOST:COUNT or HOST:MIN-MAX", s)
	}
	if strings.Contains(s[:i], "/") {
		return confirmation{}, usageError(form, "--confirm %q: HOST stands alone, without https://", s)
	}
	low, high, bounds := strings.Cut(s[i+1:], "-")
	if !bounds {
		high = low
	}
	lowest, err1 := strconv.Atoi(low)
	highest, err2 := strconv.Atoi(high)
	if err1 != nil || err2 != nil || lowest < 0 || highest < lowest {
		return confirmation{}, usageError(form, "--confirm %q isn't HOST:COUNT or HOST:MIN-MAX", s)
	}
	return confirmation{host: strings.ToLower(s[:i]), min: lowest, max: highest}, nil
}

func (c confirmation) given() bool { return c.host != "" }

func (c confirmation) String() string {
	if c.min == c.max {
		return fmt.Sprintf("%s:%d", c.host, c.min)
	}
	return fmt.Sprintf("%s:%d-%d", c.host, c.min, c.max)
}

// check holds the confirmation against what would be done.
func (c confirmation) check(host string, users int) error {
	switch {
	case c.host != host:
		return consentError(fmt.Sprintf("for this org it would be --confirm %s:%d", host, users),
			"--confirm is for %s, but the org is %s", c.host, host)
	case users < c.min || users > c.max:
		return consentError(fmt.Sprintf("look at the file; for all of it, it would be --confirm %s:%d", host, users),
			"--confirm allows %s, but the file names %s", c, plural(users, "user"))
	}
	return nil
}

func consentError(hint, format string, a ...any) error {
	return coded{code: exitConsent, error: hinted{fmt.Errorf(format, a...), hint}}
}

// terminal is the person's own terminal, whatever stdin and stderr are.
type terminal struct {
	in, out *os.File
}

// openTerminal fails where there is nobody to ask.
func openTerminal() (*terminal, error) {
	if runtime.GOOS != "windows" {
		tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
		return &terminal{tty, tty}, err
	}
	in, err := os.OpenFile("CONIN$", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	out, err := os.OpenFile("CONOUT$", os.O_RDWR, 0)
	return &terminal{in, out}, err
}

func (t *terminal) close() {
	_ = t.in.Close()
	if t.out != t.in {
		_ = t.out.Close()
	}
}

// ask shows text and returns the line that is typed. It returns early when ctx ends; the line is then lost, not used.
func (t *terminal) ask(ctx context.Context, text string) (string, error) {
	if _, err := io.WriteString(t.out, text); err != nil {
		return "", err
	}
	type answer struct {
		line string
		err  error
	}
	typed := make(chan answer, 1)
	go func() {
		line, err := bufio.NewReader(t.in).ReadString('\n')
		typed <- answer{line, err}
	}()
	select {
	case a := <-typed:
		if a.err != nil && !errors.Is(a.err, io.EOF) {
			return "", a.err
		}
		return strings.TrimSpace(a.line), nil
	case <-ctx.Done():
		_, _ = io.WriteString(t.out, "\n")
		return "", context.Cause(ctx)
	}
}

func plural(n int, what string) string {
	if n == 1 {
		return fmt.Sprintf("%d %s", n, what)
	}
	return fmt.Sprintf("%d %ss", n, what)
}
