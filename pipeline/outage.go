package pipeline

import (
	"errors"
	"syscall"

	"github.com/redress-cms/redress/cases/store"
)

// isOutage reports whether err is the fault of a server, a network or a disk
// and not of the message in hand: such a message waits, however long it takes,
// and is not given up.
func isOutage(err error) bool {
	for _, disk := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EIO, syscall.EROFS, syscall.EMFILE, syscall.ENFILE, syscall.ESTALE} {
		if errors.Is(err, disk) {
			return true
		}
	}
	return store.IsOutage(err)
}
