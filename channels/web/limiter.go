package web

import (
	"container/list"
	"net/netip"
	"sync"
	"time"
)

// maxClients bounds the memory of a limiter. Past it the client that was
// silent for longest is forgotten.
const maxClients = 20_000

// limiter is a token bucket per client network.
type limiter struct {
	burst float64
	every time.Duration // one token comes back

	mu      sync.Mutex
	clients map[netip.Prefix]*list.Element
	recent  *list.List // of *bucket, most recent first
}

type bucket struct {
	client netip.Prefix
	tokens float64
	at     time.Time
}

func newLimiter(burst float64, every time.Duration) *limiter {
	return &limiter{burst: burst, every: every, clients: map[netip.Prefix]*list.Element{}, recent: list.New()}
}

// take uses up one token of client, or reports that there is none.
func (l *limiter) take(client netip.Prefix, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.bucket(client, now)
	if passed := now.Sub(b.at); passed > 0 {
		b.tokens = min(l.burst, b.tokens+float64(passed)/float64(l.every))
	}
	b.at = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// giveBack undoes one take.
func (l *limiter) giveBack(client netip.Prefix, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.bucket(client, now)
	b.tokens = min(l.burst, b.tokens+1)
}

func (l *limiter) bucket(client netip.Prefix, now time.Time) *bucket {
	if e, ok := l.clients[client]; ok {
		l.recent.MoveToFront(e)
		return e.Value.(*bucket)
	}
	if l.recent.Len() >= maxClients {
		oldest := l.recent.Back()
		delete(l.clients, oldest.Value.(*bucket).client)
		l.recent.Remove(oldest)
	}
	b := &bucket{client: client, tokens: l.burst, at: now}
	l.clients[client] = l.recent.PushFront(b)
	return b
}
