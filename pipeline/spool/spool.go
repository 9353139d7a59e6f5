// Package spool keeps received messages in files while the database is away,
// in order of receipt, each durable before it is acknowledged.
package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/redress-cms/redress/channels"
)

// ErrFull is returned when a batch would take the spool over its limit.
var ErrFull = errors.New("spool is full")

// The names of segments. What is being written has another name and was never
// acknowledged.
const (
	segmentSuffix = ".spool"
	partialSuffix = ".partial"
	asideFolder   = "quarantine"
)

// Segment names messages that were spooled together.
type Segment struct {
	number   uint64
	bytes    int64 // with the files that it names
	messages int
}

// Spool is a folder of segments, bounded in bytes together with the files that
// long messages are kept in. All methods are safe for
// concurrent use.
type Spool struct {
	folder string
	limit  int64

	mu       sync.Mutex
	segments []Segment // oldest first
	messages int       // in them
	bytes    int64     // of segments and of what was put aside
	next     uint64
	aside    int // segments in quarantine
}

// Open makes the folder when it is missing and takes up what an earlier run
// left. limit is in bytes, of everything in the folder. It fails when the
// folder cannot be written to.
func Open(folder string, limit int64) (*Spool, error) {
	if err := os.MkdirAll(filepath.Join(folder, asideFolder), 0o700); err != nil {
		return nil, fmt.Errorf("making the spool folder: %w", err)
	}
	if err := syncFolder(filepath.Dir(filepath.Clean(folder))); err != nil {
		return nil, fmt.Errorf("making the spool folder: %w", err)
	}
	s := &Spool{folder: folder, limit: limit, next: 1}
	if err := s.tryWrite(); err != nil {
		return nil, fmt.Errorf("the spool folder cannot be written to: %w", err)
	}
	if err := s.load(); err != nil {
		return nil, fmt.Errorf("reading the spool folder: %w", err)
	}
	return s, nil
}

func (s *Spool) tryWrite() error {
	name := filepath.Join(s.folder, "open"+partialSuffix)
	if err := writeDurably(name, []byte("x")); err != nil {
		return err
	}
	return os.Remove(name)
}

func (s *Spool) load() error {
	entries, err := os.ReadDir(s.folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), partialSuffix) { // cut off while written: never acknowledged
			if err := os.Remove(filepath.Join(s.folder, e.Name())); err != nil {
				return err
			}
			continue
		}
		number, err := strconv.ParseUint(strings.TrimSuffix(e.Name(), segmentSuffix), 10, 64)
		if err != nil || !strings.HasSuffix(e.Name(), segmentSuffix) {
			continue
		}
		data, err := os.ReadFile(s.path(number))
		if err != nil {
			return err
		}
		messages, _ := decode(data) // damage is dealt with when it is its turn
		size := int64(len(data)) + fileBytes(messages)
		s.add(Segment{number, size, max(1, len(messages))})
		s.bytes += size
		s.next = max(s.next, number+1)
	}
	slices.SortFunc(s.segments, func(a, b Segment) int { return strings.Compare(name(a.number), name(b.number)) })
	return s.loadAside()
}

func (s *Spool) loadAside() error {
	entries, err := os.ReadDir(filepath.Join(s.folder, asideFolder))
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return err
		}
		s.aside++
		s.bytes += info.Size()
		number, err := strconv.ParseUint(strings.TrimSuffix(e.Name(), segmentSuffix), 10, 64)
		if err == nil {
			s.next = max(s.next, number+1)
		}
	}
	return nil
}

// Append makes messages durable as one segment behind all others: it returns
// after the file and its folder entry are on disk. On an error, ErrFull or of
// the disk, none of them is kept.
func (s *Spool) Append(messages ...channels.Inbound) error {
	data, err := encode(messages)
	if err != nil {
		return fmt.Errorf("encoding for the spool: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	size := int64(len(data)) + fileBytes(messages)
	if s.bytes+size > s.limit {
		return ErrFull
	}
	number := s.next
	s.next++ // also after a failure, so that no name is used twice
	partial := filepath.Join(s.folder, name(number)+partialSuffix)
	if err := writeDurably(partial, data); err != nil {
		return errors.Join(fmt.Errorf("writing to the spool: %w", err), removeIfThere(partial))
	}
	if err := os.Rename(partial, s.path(number)); err != nil {
		return errors.Join(fmt.Errorf("writing to the spool: %w", err), removeIfThere(partial))
	}
	if err := syncFolder(s.folder); err != nil {
		return errors.Join(fmt.Errorf("writing to the spool: %w", err), removeIfThere(s.path(number)))
	}
	s.add(Segment{number, size, len(messages)})
	s.bytes += size
	return nil
}

func fileBytes(messages []channels.Inbound) int64 {
	n := int64(0)
	for _, m := range messages {
		n += m.File.Size
	}
	return n
}

// Oldest are at most n segments, oldest first.
func (s *Spool) Oldest(n int) []Segment {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.segments[:min(n, len(s.segments))])
}

// Read returns the messages of a segment. damaged is true when part of it
// could not be read: the messages are those before the damage, and when they
// are dealt with the segment goes to SetAside, not to Remove.
func (s *Spool) Read(segment Segment) (messages []channels.Inbound, damaged bool, err error) {
	data, err := os.ReadFile(s.path(segment.number))
	if err != nil {
		return nil, true, fmt.Errorf("reading the spool: %w", err)
	}
	messages, err = decode(data)
	return messages, err != nil, nil
}

// Files are those that spooled messages name, also those of segments that were
// set aside.
func (s *Spool) Files() ([]channels.Stored, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var paths []string
	for _, segment := range s.segments {
		paths = append(paths, s.path(segment.number))
	}
	aside, err := os.ReadDir(filepath.Join(s.folder, asideFolder))
	if err != nil {
		return nil, fmt.Errorf("reading the spool: %w", err)
	}
	for _, e := range aside {
		paths = append(paths, filepath.Join(s.folder, asideFolder, e.Name()))
	}
	var files []channels.Stored
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("reading the spool: %w", err)
		}
		messages, _ := decode(data) // what lies behind damage is lost
		for _, m := range messages {
			if m.File.SHA256 != "" {
				files = append(files, m.File)
			}
		}
	}
	return files, nil
}

// Remove drops a segment whose messages are in the database.
func (s *Spool) Remove(segment Segment) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	// Unsynced: after a crash it may be replayed, which the database sees as known.
	if err := removeIfThere(s.path(segment.number)); err != nil {
		return fmt.Errorf("clearing the spool: %w", err)
	}
	s.drop(segment)
	s.bytes -= segment.bytes
	return nil
}

// SetAside moves a segment that is damaged, or that the database refuses, to
// the quarantine folder, for a person to look at.
func (s *Spool) SetAside(segment Segment) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	aside := filepath.Join(s.folder, asideFolder, name(segment.number)+segmentSuffix)
	if err := os.Rename(s.path(segment.number), aside); err != nil {
		return fmt.Errorf("setting a spool segment aside: %w", err)
	}
	s.drop(segment)
	s.aside++
	return errors.Join(syncFolder(filepath.Join(s.folder, asideFolder)), syncFolder(s.folder))
}

// Len is the number of messages waiting.
func (s *Spool) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.messages
}

// Aside is the number of segments in quarantine.
func (s *Spool) Aside() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.aside
}

func (s *Spool) add(segment Segment) {
	s.segments = append(s.segments, segment)
	s.messages += segment.messages
}

// drop forgets a segment, nearly always the first of very many.
func (s *Spool) drop(segment Segment) {
	i := slices.IndexFunc(s.segments, func(x Segment) bool { return x.number == segment.number })
	switch {
	case i < 0:
		return
	case i == 0:
		s.segments = s.segments[1:]
	default:
		s.segments = slices.Delete(s.segments, i, i+1)
	}
	s.messages -= segment.messages
}

func (s *Spool) path(number uint64) string {
	return filepath.Join(s.folder, name(number)+segmentSuffix)
}

func name(number uint64) string { return fmt.Sprintf("%020d", number) }

// writeDurably writes a new file and returns when it is on disk.
func writeDurably(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// syncFolder makes renames in a folder durable.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
