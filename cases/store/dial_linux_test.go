package store_test

import (
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/redress-cms/redress/cases/store"
)

func TestASilentServerIsGivenUp(t *testing.T) {
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	conn, err := store.PostgresDialer(0).DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var milliseconds int
	var failed error
	err = raw.Control(func(fd uintptr) {
		milliseconds, failed = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT)
	})
	if err != nil || failed != nil {
		t.Fatal(err, failed)
	}
	if got := time.Duration(milliseconds) * time.Millisecond; got <= 0 || got > time.Minute {
		t.Errorf("a server that is silent is given up after %v (0: a quarter of an hour)", got)
	}
}
