// Package scanner asks a ClamAV daemon whether a file is harmful, by its
// INSTREAM command (clamd(8)).
package scanner

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"
)

// What a scan can end with besides a finding. Every other error means that the
// scanner is away or out of order.
var ErrTooLarge = errors.New("the file is larger than the scanner takes")

const (
	chunkBytes  = 64 << 10
	maxAnswer   = 1 << 10
	pingTimeout = 2 * time.Second
)

// Scanner is a clamd. Its methods are safe for concurrent use.
type Scanner struct {
	network, address string
	maxBytes         int64
	timeout          time.Duration
}

// New names a clamd by tcp://host:port or unix:/path. timeout bounds one scan.
func New(address string, maxBytes int64, timeout time.Duration) (*Scanner, error) {
	network, place, err := Address(address)
	if err != nil {
		return nil, err
	}
	return &Scanner{network: network, address: place, maxBytes: maxBytes, timeout: timeout}, nil
}

// Address reads tcp://host:port or unix:/path.
func Address(address string) (network, place string, err error) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		path = strings.TrimPrefix(path, "//")
		if !strings.HasPrefix(path, "/") {
			return "", "", fmt.Errorf("%q has no whole path; write it as unix:/run/clamav/clamd.ctl", address)
		}
		return "unix", path, nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "tcp" || u.Hostname() == "" || u.Port() == "" || u.Path != "" {
		return "", "", fmt.Errorf("%q is no address of a scanner; write it as tcp://localhost:3310 or unix:/run/clamav/clamd.ctl", address)
	}
	return "tcp", u.Host, nil
}

// Scan sends a file of size bytes and returns the name of what harmful was
// found in it, empty when nothing was.
func (s *Scanner) Scan(ctx context.Context, file io.Reader, size int64) (finding string, err error) {
	if size > s.maxBytes {
		return "", ErrTooLarge
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	answer, err := s.ask(ctx, "zINSTREAM\x00", func(w io.Writer) error { return stream(w, file) })
	if err != nil {
		return "", err
	}
	// "stream: OK", "stream: Eicar-Signature FOUND", "INSTREAM size limit exceeded. ERROR"
	result, _ := strings.CutPrefix(answer, "stream: ")
	if name, found := strings.CutSuffix(result, " FOUND"); found {
		return name, nil
	}
	switch {
	case result == "OK":
		return "", nil
	case strings.Contains(result, "size limit exceeded"):
		return "", ErrTooLarge
	}
	return "", errors.New("the scanner could not scan the file")
}

// Ping asks whether the scanner is there.
func (s *Scanner) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	answer, err := s.ask(ctx, "zPING\x00", func(io.Writer) error { return nil })
	if err == nil && answer != "PONG" {
		err = errors.New("the scanner gives no answer that we know")
	}
	return err
}

// ask sends a command with what belongs to it and reads the one answer.
func (s *Scanner) ask(ctx context.Context, command string, body func(io.Writer) error) (answer string, err error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, s.network, s.address)
	if err != nil {
		return "", fmt.Errorf("the scanner cannot be reached: %w", err)
	}
	defer func() { _ = conn.Close() }() // all that matters was read
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	w := bufio.NewWriterSize(conn, chunkBytes)
	_, sendErr := w.WriteString(command)
	if sendErr == nil {
		sendErr = body(w)
	}
	var unread *readError
	if errors.As(sendErr, &unread) {
		return "", unread.error
	}
	if sendErr == nil {
		sendErr = w.Flush()
	}
	// A clamd that has enough answers and hangs up while we still send.
	answer, err = bufio.NewReader(io.LimitReader(conn, maxAnswer)).ReadString(0)
	if err != nil {
		return "", fmt.Errorf("the scanner does not answer: %w", errors.Join(sendErr, err))
	}
	return strings.TrimRight(answer, "\x00\n"), nil
}

// readError is a fault of the file, not of the scanner.
type readError struct{ error }

// stream writes the file in chunks that begin with their length, and an empty
// one at the end.
func stream(w io.Writer, file io.Reader) error {
	chunk := make([]byte, 4+chunkBytes)
	for {
		n, err := io.ReadFull(file, chunk[4:])
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return &readError{fmt.Errorf("reading the file to scan: %w", err)}
		}
		binary.BigEndian.PutUint32(chunk, uint32(n))
		if _, err := w.Write(chunk[:4+n]); err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
	}
}
