package notify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"oktareset/runner/console"
	"oktareset/runner/fault"
	"oktareset/runner/files"
	"oktareset/runner/results"
)

// savedMail matches the names of the files that a dry run writes.
var savedMail = regexp.MustCompile(`^[0-9]{5,}-(user|manager)-[A-Za-z0-9@._+-]+\.eml$`)

// rehearse writes the mails into files, in place of those of an earlier rehearsal.
func (r *run) rehearse(ctx context.Context) error {
	folder := r.folderPath()
	if err := emptyFolder(folder); err != nil {
		return fault.Refused(err)
	}
	for i, m := range r.mails {
		if ctx.Err() != nil {
			return fault.Stopped(context.Cause(ctx))
		}
		content, err := r.content(m)
		if err != nil {
			return fault.Refused(err)
		}
		path := filepath.Join(folder, fmt.Sprintf("%05d-%s-%s.eml", i+1, m.kind, results.SafeName(m.address)))
		if err := save(path, content); err != nil {
			return fault.Stopped(err)
		}
	}
	r.Console.Info("%s would be sent, to %s", console.Plural(len(r.mails), "mail"), r.audience())
	r.tell()
	r.Console.Info("mails: %s", folder)
	if r.client != nil && len(r.mails) > 0 {
		var resume []string
		if r.recorded {
			resume = []string{"--resume"}
		}
		r.Console.Info("to send them%s: %s", r.withServer(), r.againCommand(resume...))
	}
	s := r.summary(folder)
	var err error
	if s.Statuses[NoAddress] > 0 {
		err = fault.WithCode(fault.ExitRows, fault.ErrRows)
	}
	return r.print(s, err)
}

// withServer says that the mail server is still to be set, if it is.
func (r *run) withServer() string {
	if r.HasMailServer(r.opts.Mail) {
		return ""
	}
	return ", set OKTARESET_SMTP to your mail server"
}

func save(path string, content []byte) error {
	f, err := files.Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}

// emptyFolder makes a folder that only this user can read, or removes the mails of an earlier
// rehearsal from it. It refuses a folder with anything else in it.
func emptyFolder(folder string) error {
	err := os.Mkdir(folder, 0o700)
	if !errors.Is(err, fs.ErrExist) {
		if err != nil {
			return &files.UnwritableError{Path: folder, Err: err}
		}
		return nil
	}
	inUse := fault.Usage("move it away: the mails are written into a folder with this name", "%q exists already, and is no folder of an earlier dry run", folder)
	if info, err := os.Lstat(folder); err != nil || !info.IsDir() {
		return inUse
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !savedMail.MatchString(e.Name()) || !e.Type().IsRegular() {
			return inUse
		}
	}
	for _, e := range entries {
		if err := os.Remove(filepath.Join(folder, e.Name())); err != nil {
			return err
		}
	}
	return nil
}
