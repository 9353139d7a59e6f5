package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync/atomic"
)

// commitCutter stands before PostgreSQL. When armed it lets a COMMIT through
// and cuts the connection in place of the answer: the program cannot know
// whether its transaction happened.
type commitCutter struct {
	listener net.Listener
	target   string
	armed    atomic.Int64
	cut      atomic.Int64
}

func newCommitCutter(target string) (*commitCutter, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := &commitCutter{listener: listener, target: target}
	go c.serve()
	return c, nil
}

func (c *commitCutter) close() { _ = c.listener.Close() }

func (c *commitCutter) serve() {
	for {
		client, err := c.listener.Accept()
		if err != nil {
			return
		}
		server, err := new(net.Dialer).DialContext(context.Background(), "tcp", c.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		go func() { c.forth(server, client); _ = server.Close() }()
		go func() { _, _ = io.Copy(client, server); _ = client.Close() }()
	}
}

// forth copies what the program says. A simple query is 'Q', a length and the
// text with a zero byte
// (https://www.postgresql.org/docs/current/protocol-message-formats.html).
func (c *commitCutter) forth(server io.Writer, client net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		end := bytes.HasPrefix(buffer[:n], []byte("Q")) && bytes.HasSuffix(bytes.ToLower(buffer[:n]), []byte("commit\x00"))
		cut := end && c.armed.Add(-1) >= 0
		if cut {
			c.cut.Add(1)
			_ = client.Close()
		}
		if _, err := server.Write(buffer[:n]); err != nil || cut {
			return
		}
	}
}
