package console

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// newTerminal returns a terminal, and the person's side of it.
func newTerminal(t *testing.T) (*terminal, *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no terminals here: ", err)
	}
	t.Cleanup(func() { _ = person.Close() })
	fd := int(person.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tty.Close() })
	return &terminal{tty, tty}, person
}

// An answer typed as soon as the question appears is hidden too.
func TestAskSecretHidesAtOnce(t *testing.T) {
	t.Parallel()
	for range 20 {
		tty, person := newTerminal(t)
		shown := make(chan string)
		go func() {
			from := bufio.NewReader(person)
			question, _ := from.ReadString(':')
			_, _ = person.WriteString("mayonnaise\n")
			rest, _ := from.ReadString('\n')
			shown <- question + rest
		}()
		answer, err := tty.AskSecret(t.Context(), "answer:")
		if err != nil || answer != "mayonnaise" {
			t.Fatalf("%q, %v", answer, err)
		}
		if got := <-shown; strings.Contains(got, "mayo") || !strings.HasPrefix(got, "answer:") {
			t.Fatalf("shown: %q", got)
		}
	}
}
