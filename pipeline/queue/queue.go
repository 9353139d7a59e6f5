// Package queue shares work out to workers: ids, never content. Losing all of
// it loses nothing, since the sweep feeds in again whatever the database says
// is not done.
package queue

import "context"

// Item names one piece of work. Items with the same Key are handled one after
// the other while no worker dies.
type Item struct {
	ID  string
	Key string
}

// Lease is an Item given to this worker until Done, or until the engine takes
// the worker for dead and gives it to another.
type Lease struct {
	Item
	Handle string // the engine's own
}

// Queue is one engine. All methods are safe for concurrent use.
type Queue interface {
	// Push adds items to a topic. Pushing twice may deliver twice.
	Push(ctx context.Context, topic string, items ...Item) error
	// Receive waits for work of a topic, at most max items, no two with the
	// same Key. It returns ctx.Err() when ctx ends.
	Receive(ctx context.Context, topic string, max int) ([]Lease, error)
	// Done gives leases back as finished, whatever came of them.
	Done(ctx context.Context, topic string, leases ...Lease) error
	// Ping reports whether dispatch works.
	Ping(ctx context.Context) error
	Close() error
}
