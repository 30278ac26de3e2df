//go:build !linux && !darwin && !windows

package files

import "errors"

// renameExclusive isn't known here.
func renameExclusive(string, string) error { return errors.ErrUnsupported }
