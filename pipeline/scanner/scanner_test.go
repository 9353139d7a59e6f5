package scanner_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"go.uber.org/goleak"

	"github.com/redress-cms/redress/pipeline/scanner"
	"github.com/redress-cms/redress/pipeline/scanner/scannertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, address string, maxBytes int64) *scanner.Scanner {
	t.Helper()
	s, err := scanner.New(address, maxBytes, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestScan(t *testing.T) {
	clamd := scannertest.Start(t, 300<<10)
	s := open(t, clamd.Address(), 1<<20)
	long := strings.Repeat("harmless ", 20<<10)
	for name, tt := range map[string]struct {
		content, want string
		tooLarge      bool
	}{
		"harmless":               {"a letter", "", false},
		"empty":                  {"", "", false},
		"harmful":                {scannertest.EICAR, scannertest.Finding, false},
		"harm over two chunks":   {strings.Repeat("x", 64<<10-20) + scannertest.EICAR, scannertest.Finding, false},
		"harm at the end":        {long + scannertest.EICAR, scannertest.Finding, false},
		"larger than clamd's":    {strings.Repeat(long, 4), "", true},
		"larger than it is told": {strings.Repeat(long, 8), "", true},
	} {
		t.Run(name, func(t *testing.T) {
			finding, err := s.Scan(t.Context(), strings.NewReader(tt.content), int64(len(tt.content)))
			if finding != tt.want || errors.Is(err, scanner.ErrTooLarge) != tt.tooLarge || (err != nil) != tt.tooLarge {
				t.Errorf("found %q, %v; want %q, too large %t", finding, err, tt.want, tt.tooLarge)
			}
		})
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("Ping: %v", err)
	}
}

func TestScannerAway(t *testing.T) {
	clamd := scannertest.Start(t, 1<<20)
	s := open(t, clamd.Address(), 1<<20)
	clamd.Leave()
	if _, err := s.Scan(t.Context(), strings.NewReader("x"), 1); err == nil || errors.Is(err, scanner.ErrTooLarge) {
		t.Errorf("Scan of a scanner that is away: %v", err)
	}
	if s.Ping(t.Context()) == nil {
		t.Error("a scanner that is away answers")
	}
	clamd.Return()
	clamd.Answer("stream: Can't allocate memory ERROR")
	if finding, err := s.Scan(t.Context(), strings.NewReader("x"), 1); err == nil || finding != "" {
		t.Errorf("Scan of a scanner out of order: %q, %v", finding, err)
	}
	clamd.Answer("stream: OK\n")
	if _, err := s.Scan(t.Context(), strings.NewReader("x"), 1); err != nil {
		t.Errorf("Scan: %v", err)
	}
	broken := errors.New("disk")
	if _, err := s.Scan(t.Context(), iotest.ErrReader(broken), 1); !errors.Is(err, broken) {
		t.Errorf("Scan of an unreadable file: %v", err)
	}
}

// A scanner that listens and says nothing is left when its time is up.
func TestSilentScanner(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if conn, err := listener.Accept(); err == nil {
			_, _ = io.Copy(io.Discard, conn)
			_ = conn.Close()
		}
	}()
	s := open(t, "tcp://"+listener.Addr().String(), 1<<20)
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() {
		_, err := s.Scan(ctx, strings.NewReader("x"), 1)
		result <- err
	}()
	cancel()
	if err := <-result; err == nil {
		t.Error("a silent scanner found nothing")
	}
	_ = listener.Close()
	<-done
}

func TestAddress(t *testing.T) {
	for address, want := range map[string]string{
		"tcp://localhost:3310": "tcp localhost:3310", "tcp://[::1]:3310": "tcp [::1]:3310",
		"unix:/run/clamav/clamd.ctl": "unix /run/clamav/clamd.ctl", "unix:///run/clamd.ctl": "unix /run/clamd.ctl",
		"localhost:3310": "", "tcp://localhost": "", "tcp://localhost:1/x": "", "unix:clamd.ctl": "", "http://h:1": "", "": "",
	} {
		network, place, err := scanner.Address(address)
		if got := strings.TrimSpace(network + " " + place); got != want || (err == nil) != (want != "") {
			t.Errorf("Address(%q) = %q, %v; want %q", address, got, err, want)
		}
	}
}
