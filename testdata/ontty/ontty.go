//go:build linux

// Package ontty is a program for the scripts: it runs another one on a terminal of its own.
package ontty

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// options say what a terminal is like, and which streams of the program are on it.
type options struct {
	stdin, output bool
	ahead         string
	columns       int // 0: it doesn't report them
}

// Run runs a program on a terminal of its own: ontty [-stdin] [-output] [-columns N] [-ahead
// FILE] ANSWERS PROGRAM ARG…. Each line of the file ANSWERS is typed when the program waits after
// a question; the file of -ahead is typed before the program starts. The terminal's text goes to
// the file tty. With -stdin, stdin is the terminal too; with -output, so are stdout and stderr.
func Run() {
	args := os.Args[1:]
	var o options
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		switch args[0] {
		case "-stdin":
			o.stdin, args = true, args[1:]
		case "-output":
			o.output, args = true, args[1:]
		case "-columns":
			o.columns, _ = strconv.Atoi(args[1])
			args = args[2:]
		case "-ahead":
			o.ahead, args = args[1], args[2:]
		}
	}
	code, err := runOnTerminal(o, args[0], args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "ontty:", err)
		code = 125
	}
	os.Exit(code)
}

func runOnTerminal(o options, answers string, args []string) (int, error) {
	typed, err := os.ReadFile(answers)
	if err != nil {
		return 0, err
	}
	control, terminal, err := Open()
	if err != nil {
		return 0, err
	}
	if o.columns > 0 {
		size := &unix.Winsize{Row: 24, Col: uint16(o.columns)}
		if err := unix.IoctlSetWinsize(int(terminal.Fd()), unix.TIOCSWINSZ, size); err != nil {
			return 0, err
		}
	}
	if o.ahead != "" {
		b, err := os.ReadFile(o.ahead)
		if err == nil {
			_, err = control.Write(b)
		}
		if err != nil {
			return 0, err
		}
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if o.stdin {
		cmd.Stdin = terminal
	}
	if o.output {
		cmd.Stdout, cmd.Stderr = terminal, terminal
	}
	cmd.ExtraFiles = []*os.File{terminal}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 3}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	_ = terminal.Close()
	shown := answer(control, strings.SplitAfter(string(typed), "\n"))
	err = cmd.Wait()
	shown = bytes.ReplaceAll(shown, []byte("\r\n"), []byte("\n"))
	if writeErr := os.WriteFile("tty", shown, 0o600); writeErr != nil {
		return 0, writeErr
	}
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// answer types a line whenever the program has asked for one, and returns everything that the
// terminal showed. After the last line it hangs up.
func answer(control *os.File, lines []string) []byte {
	var shown []byte
	var since int // the part of the text after the last answer
	b := make([]byte, 4096)
	for {
		n, err := control.Read(b)
		shown = append(shown, b[:n]...)
		if err != nil { // EIO: the program has closed its side
			return shown
		}
		if text := shown[since:]; !bytes.HasSuffix(text, []byte(": ")) && !bytes.HasSuffix(text, []byte("] ")) {
			continue
		}
		if since = len(shown); len(lines) == 0 || lines[0] == "" {
			_ = control.Close()
			return shown
		}
		_, _ = control.WriteString(answerOf(lines[0]))
		lines = lines[1:]
	}
}

// answerOf returns the meaning of a line of ANSWERS: itself, or for "passcode USER PREFIX" the
// passcode that the stand-in org now shows for the user's factor whose ID begins so.
func answerOf(line string) string {
	words := strings.Fields(line)
	if len(words) != 3 || words[0] != "passcode" {
		return line
	}
	reply, err := http.Get(os.Getenv("OKTA_CLIENT_ORGURL") + "/sandbox/users/" + words[1])
	if err != nil {
		return err.Error() + "\n"
	}
	defer reply.Body.Close()
	var user struct{ Passcodes map[string]string }
	if err := json.NewDecoder(reply.Body).Decode(&user); err != nil {
		return err.Error() + "\n"
	}
	for id, code := range user.Passcodes {
		if strings.HasPrefix(id, words[2]) {
			return code + "\n"
		}
	}
	return "none\n"
}

// Open makes a pseudo-terminal.
func Open() (control, terminal *os.File, err error) {
	control, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	fd := int(control.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return nil, nil, err
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		return nil, nil, err
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	return control, terminal, err
}
