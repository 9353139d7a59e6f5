package store

import (
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// giveUpSilent has a TCP connection end when what was sent on it is not
// confirmed for postgresSilence. The system itself waits for a quarter of an
// hour (tcp(7), tcp_retries2), in which nothing would be taken in, sent or
// swept after a server's host vanished.
func giveUpSilent(network, _ string, conn syscall.RawConn) error {
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	var failed error
	err := conn.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(postgresSilence.Milliseconds()))
	})
	if err != nil {
		return err
	}
	return failed
}
