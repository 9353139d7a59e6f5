package queue

import (
	"context"
	"errors"
	"sync"
)

// ErrClosed is returned by a queue that was closed.
var ErrClosed = errors.New("queue is closed")

// lines holds the items of one topic that are waiting in this process, one
// line per key. Of a line one lease is given out at a time.
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
	leased bool    // one is given out and not done
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
	if len(ln.leases) == 1 && !ln.leased {
		l.makeReady(ln)
	}
	return added
}

// receive waits for a line and takes the first lease of each that is ready, at
// most limit of them.
func (l *lines) receive(ctx context.Context, limit int) ([]Lease, error) {
	for {
		leases, wake, err := l.take(max(limit, 1))
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
	n := min(limit, len(l.ready))
	leases := make([]Lease, n)
	for i, ln := range l.ready[:n] {
		leases[i] = ln.leases[0]
		ln.leases = ln.leases[1:]
		ln.leased = true
		delete(l.waiting, leases[i].ID)
	}
	l.ready = l.ready[n:]
	return leases, nil, nil
}

// done gives a lease back. Its line becomes ready again.
func (l *lines) done(lease Lease) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ln := l.lines[lease.Key]
	if ln == nil || !ln.leased {
		return
	}
	if ln.leased = false; len(ln.leases) > 0 {
		l.makeReady(ln)
	} else {
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
