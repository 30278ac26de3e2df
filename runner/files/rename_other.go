//go:build !linux && !darwin && !windows

package files

import "errors"

// renameExclusive isn't available here.
func renameExclusive(string, string) error { return errors.ErrUnsupported }
