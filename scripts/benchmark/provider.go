package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// provider takes our messages, each after a fixed time, and notes when.
type provider struct {
	server *http.Server
	url    string
	delay  time.Duration

	mu      sync.Mutex
	took    map[string]time.Time // by recipient
	by      map[string]int       // by recipient: how many
	count   int
	first   time.Time
	last    time.Time
	changed chan struct{}
}

func newProvider(ctx context.Context, delay time.Duration) (*provider, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &provider{url: "http://" + listener.Addr().String(), delay: delay, took: map[string]time.Time{}, by: map[string]int{}, changed: make(chan struct{}, 1)}
	p.server = &http.Server{Handler: p, ReadHeaderTimeout: time.Minute}
	go func() { _ = p.server.Serve(listener) }()
	return p, nil
}

func (p *provider) close() { _ = p.server.Close() }

// ServeHTTP answers as Twilio does: a message is created, an account exists.
func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if !strings.HasSuffix(r.URL.Path, "/Messages.json") || r.Method != http.MethodPost {
		fmt.Fprintf(w, `{"sid":%q,"status":"active"}`, accountSID)
		return
	}
	at := time.Now()
	if p.delay > 0 {
		time.Sleep(p.delay)
	}
	n := p.note(r.FormValue("To"), at)
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, `{"sid":"SM%032d","status":"queued"}`, n)
}

func (p *provider) note(to string, at time.Time) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count++
	p.took[to] = at
	p.by[to]++
	if p.first.IsZero() {
		p.first = at
	}
	p.last = time.Now()
	select {
	case p.changed <- struct{}{}:
	default:
	}
	return p.count
}

// await waits until so many recipients have a message, each exactly one, and
// returns when the first was asked for and the last taken.
func (p *provider) await(ctx context.Context, recipients int) (first, last time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	for {
		p.mu.Lock()
		reached, count := len(p.took), p.count
		first, last = p.first, p.last
		p.mu.Unlock()
		if count > reached {
			return first, last, fmt.Errorf("%d messages to %d people", count, reached)
		}
		if reached == recipients {
			return first, last, nil
		}
		select {
		case <-p.changed:
		case <-ctx.Done():
			return first, last, fmt.Errorf("%d of %d people have a message: %w", reached, recipients, ctx.Err())
		}
	}
}

// messages is how many messages somebody has.
func (p *provider) messages(to string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.by[to]
}

// awaitMore waits until somebody has more messages than before.
func (p *provider) awaitMore(ctx context.Context, to string, before int) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for p.messages(to) == before {
		select {
		case <-p.changed:
		case <-ctx.Done():
			return fmt.Errorf("no answer: %w", ctx.Err())
		}
	}
	return nil
}
