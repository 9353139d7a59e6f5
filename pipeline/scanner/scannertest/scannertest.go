// Package scannertest plays a ClamAV daemon that knows one harm.
package scannertest

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
)

// EICAR is the text that every scanner takes for a virus (https://www.eicar.org).
const EICAR = `X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR` + `-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`

// Finding is what it is called.
const Finding = "Eicar-Signature"

// Clamd is a played daemon.
type Clamd struct {
	t       testing.TB
	max     int
	address string

	mu       sync.Mutex
	listener net.Listener // nil: away
	answer   string       // to every scan; empty: the truth
	scans    int
	work     sync.WaitGroup
}

// Start starts a daemon on loopback that takes streams of at most maxBytes.
func Start(t testing.TB, maxBytes int) *Clamd {
	t.Helper()
	c := &Clamd{t: t, max: maxBytes, address: "127.0.0.1:0"}
	c.Return()
	t.Cleanup(func() {
		c.Leave()
		c.work.Wait()
	})
	return c
}

// Address is how settings name it; the same after Leave and Return.
func (c *Clamd) Address() string { return "tcp://" + c.address }

// Leave stops it: nobody listens any more.
func (c *Clamd) Leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.listener != nil {
		_ = c.listener.Close() // it is gone either way
		c.listener = nil
	}
}

// Return starts it again.
func (c *Clamd) Return() {
	c.t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(c.t.Context(), "tcp", c.address)
	if err != nil {
		c.t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listener, c.address = listener, listener.Addr().String()
	c.work.Go(func() { c.serve(listener) })
}

// Answer has every scan answered so; empty: by the truth again.
func (c *Clamd) Answer(answer string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer = answer
}

// Scans is how many streams were scanned.
func (c *Clamd) Scans() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.scans
}

func (c *Clamd) serve(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		c.work.Go(func() {
			defer func() { _ = conn.Close() }()
			_, _ = fmt.Fprintf(conn, "%s\x00", c.talk(bufio.NewReader(conn)))
		})
	}
}

// talk hears one command and gives the answer.
func (c *Clamd) talk(r *bufio.Reader) string {
	command, err := r.ReadString(0)
	if err != nil {
		return "ERROR"
	}
	switch command {
	case "zPING\x00":
		return "PONG"
	case "zINSTREAM\x00":
		return c.scan(r)
	}
	return "UNKNOWN COMMAND"
}

func (c *Clamd) scan(r io.Reader) string {
	content, err := chunks(r, c.max)
	if errors.Is(err, errTooLarge) {
		return "INSTREAM size limit exceeded. ERROR"
	}
	if err != nil {
		return "INSTREAM: error reading. ERROR"
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.scans++
	switch {
	case c.answer != "":
		return c.answer
	case bytes.Contains(content, []byte(EICAR)):
		return "stream: " + Finding + " FOUND"
	}
	return "stream: OK"
}

var errTooLarge = errors.New("too large")

func chunks(r io.Reader, limit int) ([]byte, error) {
	var content []byte
	for {
		var length uint32
		if err := binary.Read(r, binary.BigEndian, &length); err != nil {
			return nil, err
		}
		if length == 0 {
			return content, nil
		}
		if len(content)+int(length) > limit {
			return nil, errTooLarge
		}
		chunk := make([]byte, length)
		if _, err := io.ReadFull(r, chunk); err != nil {
			return nil, err
		}
		content = append(content, chunk...)
	}
}
