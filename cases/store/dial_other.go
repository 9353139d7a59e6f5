//go:build !linux

package store

import "syscall"

// giveUpSilent leaves the time after which a silent connection ends to the system.
func giveUpSilent(_, _ string, _ syscall.RawConn) error { return nil }
