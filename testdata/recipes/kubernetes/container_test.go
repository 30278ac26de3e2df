//go:build linux

package kubernetes

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// container is what a runtime is given to start.
type container struct {
	Root         string // folder with the image's files
	Mounts       []mount
	ReadOnlyRoot bool
	Host, Dir    string
	Args, Env    []string
	User, Group  int
	Groups       []int
	NoNewRights  bool
	NoRights     bool // no capabilities, whatever is executed
}

// mount shows a folder or file of the machine in a container.
type mount struct {
	From, To string
	ReadOnly bool
}

// specVariable names the file that describes the container to become.
const specVariable = "OKTARESET_KUBERNETES_CONTAINER"

// becomeContainer makes this process the first one of a container. It returns only if it can't.
func becomeContainer() error {
	runtime.LockOSThread() // some rights are the thread's, and the thread executes the program
	text, err := os.ReadFile(os.Getenv(specVariable))
	if err != nil {
		return err
	}
	var c container
	if err := json.Unmarshal(text, &c); err != nil {
		return err
	}
	if err := unix.Sethostname([]byte(c.Host)); err != nil {
		return fmt.Errorf("set the host's name: %w", err)
	}
	if err := c.mount(); err != nil {
		return err
	}
	if err := unix.Chroot(c.Root); err != nil {
		return fmt.Errorf("change the root: %w", err)
	}
	if err := os.Chdir(c.Dir); err != nil {
		return err
	}
	if err := c.giveUpRights(); err != nil {
		return err
	}
	return unix.Exec(c.Args[0], c.Args, c.Env)
}

// mount builds the container's file system.
func (c container) mount() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep mounts to ourselves: %w", err)
	}
	if err := unix.Mount(c.Root, c.Root, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount the root: %w", err)
	}
	for _, m := range append(c.Mounts, mount{From: "/dev", To: "/dev"}) {
		to := filepath.Join(c.Root, m.To)
		if err := mountPoint(m.From, to); err != nil {
			return err
		}
		if err := unix.Mount(m.From, to, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("mount %s at %s: %w", m.From, m.To, err)
		}
		if !m.ReadOnly {
			continue
		}
		if err := unix.Mount("", to, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
			return fmt.Errorf("protect %s: %w", m.To, err)
		}
	}
	proc := filepath.Join(c.Root, "proc")
	if err := os.MkdirAll(proc, 0o555); err != nil {
		return err
	}
	if err := unix.Mount("proc", proc, "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	if !c.ReadOnlyRoot {
		return nil
	}
	return unix.Mount("", c.Root, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, "")
}

// mountPoint makes what a mount covers.
func mountPoint(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return os.MkdirAll(to, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, nil, 0o644)
}

// giveUpRights becomes the container's user.
func (c container) giveUpRights() error {
	if c.NoRights {
		for right := uintptr(0); right <= unix.CAP_LAST_CAP; right++ {
			if err := unix.Prctl(unix.PR_CAPBSET_DROP, right, 0, 0, 0); err != nil && err != unix.EINVAL {
				return fmt.Errorf("give up the right %d: %w", right, err)
			}
		}
	}
	if err := syscall.Setgroups(c.Groups); err != nil {
		return fmt.Errorf("set the groups: %w", err)
	}
	if err := syscall.Setgid(c.Group); err != nil {
		return fmt.Errorf("set the group: %w", err)
	}
	if err := syscall.Setuid(c.User); err != nil {
		return fmt.Errorf("set the user: %w", err)
	}
	if !c.NoNewRights {
		return nil
	}
	return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}
