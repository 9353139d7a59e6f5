package queue

import (
	"context"
	"errors"
	"sync"
)

// ErrClosed is returned by a queue that was closed.
var ErrClosed = errors.New("queue is closed")

// lines holds the items of one topic that are waiting in this process, one
// line per key. A line that is being worked on is not given out again until
// every lease of it is done.
type lines struct {
	capacity int // items waiting, at most

	mu      sync.Mutex
	lines   map[string]*line
	ready   []*line             // lines with items and no worker, longest waiting first
	waiting map[string]struct{} // ids in any line
	closed  bool
	wake    chan struct{} // closed, and made anew, when a line became ready
}

type line struct {
	key    string
	leases []Lease // waiting
	leased int     // given out and not done
}

func newLines(capacity int) *lines {
	return &lines{
		capacity: capacity,
		lines:    map[string]*line{},
		waiting:  map[string]struct{}{},
		wake:     make(chan struct{}),
	}
}

// pushed says what became of a lease that was put into its line.
type pushed int

const (
	added     pushed = iota
	duplicate        // its id is waiting already
	refused          // no room, or closed
)

// push puts a lease at the end of its line. An id that is being worked on is
// added, since it may have to be looked at again.
func (l *lines) push(lease Lease) pushed {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.waiting[lease.ID]; known {
		return duplicate
	}
	if l.closed || len(l.waiting) >= l.capacity {
		return refused
	}
	l.waiting[lease.ID] = struct{}{}
	ln := l.lines[lease.Key]
	if ln == nil {
		ln = &line{key: lease.Key}
		l.lines[lease.Key] = ln
	}
	ln.leases = append(ln.leases, lease)
	if len(ln.leases) == 1 && ln.leased == 0 {
		l.makeReady(ln)
	}
	return added
}

// receive waits for a line and takes at most limit leases of it.
func (l *lines) receive(ctx context.Context, limit int) ([]Lease, error) {
	for {
		leases, wake, err := l.take(limit)
		if err != nil || leases != nil {
			return leases, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-wake:
		}
	}
}

func (l *lines) take(limit int) ([]Lease, <-chan struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, nil, ErrClosed
	}
	if len(l.ready) == 0 {
		return nil, l.wake, nil
	}
	ln := l.ready[0]
	l.ready = l.ready[1:]
	n := min(max(limit, 1), len(ln.leases))
	leases := ln.leases[:n:n]
	ln.leases = ln.leases[n:]
	ln.leased = n
	for _, lease := range leases {
		delete(l.waiting, lease.ID)
	}
	return leases, nil, nil
}

// done gives a lease back. Its line becomes ready again with the last of them.
func (l *lines) done(lease Lease) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ln := l.lines[lease.Key]
	if ln == nil || ln.leased == 0 {
		return
	}
	ln.leased--
	switch {
	case ln.leased > 0:
	case len(ln.leases) > 0:
		l.makeReady(ln)
	default:
		delete(l.lines, ln.key)
	}
}

func (l *lines) makeReady(ln *line) {
	l.ready = append(l.ready, ln)
	close(l.wake)
	l.wake = make(chan struct{})
}

func (l *lines) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.closed = true
		close(l.wake)
		l.wake = make(chan struct{})
	}
}
