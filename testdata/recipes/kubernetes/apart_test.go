//go:build linux

package kubernetes

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// role says in the environment what this process is: the one that go test starts, the one apart
// from the machine that runs the tests, or one that becomes a container.
const role = "OKTARESET_KUBERNETES_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "apart":
		if err := settle(); err != nil {
			fmt.Fprintln(os.Stderr, "kubernetes:", err)
			os.Exit(1)
		}
		os.Exit(m.Run())
	case "container":
		fmt.Fprintln(os.Stderr, "kubernetes: start the container:", becomeContainer())
		os.Exit(1)
	}
	os.Exit(goApart())
}

// goApart runs the tests in namespaces of their own. Nothing there reaches a network, no port is
// taken, no mount is seen elsewhere, and whatever was started ends with the tests.
func goApart() int {
	runtime.LockOSThread() // the signal at the parent's death is the thread's
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), role+"=apart")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS,
		Pdeathsig:  syscall.SIGKILL,
	}
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return max(exit.ExitCode(), 1)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "kubernetes: needs root on Linux:", err)
		return 1
	}
	return 0
}

// settle makes the new namespaces fit to work in.
func settle() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep mounts to ourselves: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(socket)
	loopback, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	loopback.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, loopback); err != nil {
		return fmt.Errorf("bring the loopback up: %w", err)
	}
	return nil
}
