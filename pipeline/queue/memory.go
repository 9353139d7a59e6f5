package queue

import (
	"context"
	"sync"
)

// memoryCapacity bounds the items of one topic that wait in memory. What comes
// on top is dropped, and fed in again by the sweep.
const memoryCapacity = 100_000

// Memory is the in-process engine.
type Memory struct {
	mu     sync.Mutex
	topics map[string]*lines
	closed bool
}

// NewMemory makes an in-process queue. It holds at most 100,000 items of a
// topic and drops the rest. An item whose ID is waiting already is not added
// again.
func NewMemory() *Memory { return &Memory{topics: map[string]*lines{}} }

// Push implements Queue.
func (m *Memory) Push(ctx context.Context, topic string, items ...Item) error {
	t, err := m.topic(topic)
	if err != nil {
		return err
	}
	for _, item := range items {
		t.push(Lease{Item: item})
	}
	return ctx.Err()
}

// Receive implements Queue.
func (m *Memory) Receive(ctx context.Context, topic string, limit int) ([]Lease, error) {
	t, err := m.topic(topic)
	if err != nil {
		return nil, err
	}
	return t.receive(ctx, limit)
}

// Done implements Queue.
func (m *Memory) Done(_ context.Context, topic string, leases ...Lease) error {
	t, err := m.topic(topic)
	if err != nil {
		return err
	}
	for _, lease := range leases {
		t.done(lease)
	}
	return nil
}

// Ping implements Queue.
func (m *Memory) Ping(context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return ErrClosed
	}
	return nil
}

// Close wakes every receiver with ErrClosed.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	for _, t := range m.topics {
		t.close()
	}
	return nil
}

func (m *Memory) topic(name string) (*lines, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, ErrClosed
	}
	t := m.topics[name]
	if t == nil {
		t = newLines(memoryCapacity)
		m.topics[name] = t
	}
	return t, nil
}
