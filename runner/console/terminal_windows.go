package console

import "golang.org/x/sys/windows"

// discardInput throws away what was typed on a console and not read yet.
func discardInput(fd uintptr) error { return windows.FlushConsoleInputBuffer(windows.Handle(fd)) }
