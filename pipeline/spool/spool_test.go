package spool_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/pipeline/spool"
)

func message(n int) channels.Inbound {
	return channels.Inbound{
		Key:    channels.Key{Channel: "sms", Account: "main", ExternalID: fmt.Sprint("SM", n)},
		Sender: "+15550000001", ReceivedAt: time.Date(2027, 3, 1, 9, 0, n, 5, time.UTC),
		ContentType: "application/x-www-form-urlencoded", Raw: []byte("Body=\x00\xff" + fmt.Sprint(n)),
	}
}

func open(t *testing.T, folder string, limit int64) *spool.Spool {
	t.Helper()
	s, err := spool.Open(folder, limit)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func appendTo(t *testing.T, s *spool.Spool, messages ...channels.Inbound) {
	t.Helper()
	if err := s.Append(messages...); err != nil {
		t.Fatal(err)
	}
}

// drain takes everything out, as a replay does.
func drain(t *testing.T, s *spool.Spool) []channels.Inbound {
	t.Helper()
	var all []channels.Inbound
	for {
		oldest := s.Oldest(1)
		if len(oldest) == 0 {
			return all
		}
		messages, damaged, err := s.Read(oldest[0])
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, messages...)
		finish := s.Remove
		if damaged {
			finish = s.SetAside
		}
		if err := finish(oldest[0]); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMessagesComeBackInOrderAfterARestart(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "spool")
	s := open(t, folder, 1<<20)
	appendTo(t, s, message(1), message(2))
	appendTo(t, s, message(3))
	again := open(t, folder, 1<<20)
	if again.Len() != 3 {
		t.Errorf("%d messages after a restart, want 3", again.Len())
	}
	appendTo(t, again, message(4))
	want := []channels.Inbound{message(1), message(2), message(3), message(4)}
	if diff := cmp.Diff(want, drain(t, again)); diff != "" {
		t.Errorf("replayed (-want +got):\n%s", diff)
	}
	if left := open(t, folder, 1<<20).Len(); left != 0 {
		t.Errorf("%d messages left after a replay", left)
	}
}

func TestAFullSpoolRefusesAndTakesAgainWhenCleared(t *testing.T) {
	s := open(t, t.TempDir(), 500)
	kept := 0
	for s.Append(message(kept)) == nil {
		kept++
	}
	if err := s.Append(message(kept)); !errors.Is(err, spool.ErrFull) {
		t.Fatalf("append to a full spool: %v, want ErrFull", err)
	}
	if kept == 0 || s.Len() != kept {
		t.Fatalf("%d messages held, %d acknowledged", s.Len(), kept)
	}
	drain(t, s)
	appendTo(t, s, message(9))
}

// A long message lies among the files; the spool names it, and counts it.
func TestALongMessageIsNamed(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "spool")
	long := message(1)
	long.Raw, long.File = []byte{}, channels.Stored{SHA256: "5f53", Size: 600_000}
	appendTo(t, open(t, folder, 1<<20), long, message(2))
	s := open(t, folder, 1<<20)
	if err := s.Append(long); !errors.Is(err, spool.ErrFull) {
		t.Errorf("two files are over the limit, but: %v", err)
	}
	if diff := cmp.Diff([]channels.Inbound{long, message(2)}, drain(t, s)); diff != "" {
		t.Errorf("replayed (-want +got):\n%s", diff)
	}
	appendTo(t, s, long)
}

func TestTornAndDamagedSegmentsAreSetAside(t *testing.T) {
	for _, tc := range []struct {
		name   string
		damage func(data []byte) []byte
		want   int // messages of the three that survive
	}{
		{"cut in the last record", func(d []byte) []byte { return d[:len(d)-3] }, 2},
		{"cut in the first prefix", func(d []byte) []byte { return d[:5] }, 0},
		{"emptied", func([]byte) []byte { return nil }, 0},
		{"a bit flipped in the first", func(d []byte) []byte { d[40] ^= 1; return d }, 0},
		{"a bit flipped in the last", func(d []byte) []byte { d[len(d)-6] ^= 1; return d }, 2},
		{"zeroes behind", func(d []byte) []byte { return append(d, make([]byte, 512)...) }, 3},
		{"huge size", func(d []byte) []byte { d[8] = 0xff; return d }, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			folder := t.TempDir()
			s := open(t, folder, 1<<20)
			appendTo(t, s, message(1), message(2), message(3))
			appendTo(t, s, message(4))
			first := filepath.Join(folder, fmt.Sprintf("%020d.spool", 1))
			data, err := os.ReadFile(first)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(first, tc.damage(data), 0o600); err != nil {
				t.Fatal(err)
			}
			s = open(t, folder, 1<<20)
			got := drain(t, s)
			if len(got) != tc.want+1 || got[len(got)-1].ExternalID != "SM4" {
				t.Errorf("%d messages survived, want %d and the segment after it", len(got)-1, tc.want)
			}
			if s.Aside() != 1 || open(t, folder, 1<<20).Aside() != 1 {
				t.Errorf("%d segments set aside, want 1", s.Aside())
			}
		})
	}
}

func TestWhatWasNeverAcknowledgedIsForgotten(t *testing.T) {
	folder := t.TempDir()
	partial := filepath.Join(folder, "00000000000000000007.partial")
	if err := os.WriteFile(partial, []byte("RSP1"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s := open(t, folder, 1<<20); s.Len() != 0 {
		t.Errorf("a segment cut off while it was written counts as %d messages", s.Len())
	}
	if _, err := os.Stat(partial); !os.IsNotExist(err) {
		t.Errorf("the cut-off segment is still there: %v", err)
	}
}

func TestOpenRefusesWhatItCannotWrite(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := spool.Open(filepath.Join(file, "spool"), 1<<20); err == nil {
		t.Error("a folder that cannot be made was accepted")
	}
	folder := t.TempDir() // also root cannot write a file where a folder is
	if err := os.MkdirAll(filepath.Join(folder, "open.partial"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := spool.Open(folder, 1<<20); err == nil {
		t.Error("a folder that cannot be written to was accepted")
	}
}

func FuzzSegment(f *testing.F) {
	f.Add([]byte("RSP1\x00\x00\x00\x02\x00\x00\x00\x00{}\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%020d.spool", 1)), data, 0o600); err != nil {
			t.Fatal(err)
		}
		s := open(t, folder, 1<<30)
		drain(t, s)
		if s.Len() != 0 {
			t.Errorf("%d messages stay in the way", s.Len())
		}
	})
}

func TestOneProcessHasTheFolder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "spool")
	lock, err := spool.Lock(folder)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := spool.Lock(folder); !errors.Is(err, spool.ErrInUse) {
		t.Errorf("a second one: %v, want ErrInUse", err)
	}
	s := open(t, folder, 1<<20)
	appendTo(t, s, message(1))
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := spool.Lock(folder)
	if err != nil {
		t.Fatalf("once the first is gone: %v", err)
	}
	if got := drain(t, open(t, folder, 1<<20)); len(got) != 1 {
		t.Errorf("%d messages were spooled, want 1", len(got))
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}
