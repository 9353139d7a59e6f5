package pipeline

import (
	"context"
	"sync"
)

// maxGroup bounds what one commit takes.
const maxGroup = 200

// group lets callers that come at the same time share a commit: whoever comes
// first commits, and those who come meanwhile are the next group, of which the
// first commits. Alone, a caller waits for nobody.
type group[Item, Result any] struct {
	mu      sync.Mutex
	waiting []*joined[Item, Result]
	busy    bool
}

type joined[Item, Result any] struct {
	item   Item
	result Result
	err    error
	done   chan struct{} // closed when it is committed
	turn   chan struct{} // closed when it is to commit the group it is the first of
}

// do commits item, perhaps with others. When a shared commit fails each item is
// committed by itself, so that one cannot spoil the others'.
func (g *group[Item, Result]) do(ctx context.Context, item Item, commit func(context.Context, []Item) ([]Result, error)) (Result, error) {
	own := &joined[Item, Result]{item: item, done: make(chan struct{}), turn: make(chan struct{})}
	g.mu.Lock()
	g.waiting = append(g.waiting, own)
	if g.busy {
		g.mu.Unlock()
		select {
		case <-own.done:
			return own.result, own.err
		case <-own.turn:
		}
		g.mu.Lock()
	}
	g.busy = true
	n := min(len(g.waiting), maxGroup)
	batch := g.waiting[:n:n]
	g.waiting = g.waiting[n:]
	g.mu.Unlock()
	commitGroup(ctx, batch, commit)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.busy = len(g.waiting) > 0; g.busy {
		close(g.waiting[0].turn)
	}
	return own.result, own.err
}

func commitGroup[Item, Result any](ctx context.Context, batch []*joined[Item, Result], commit func(context.Context, []Item) ([]Result, error)) {
	items := make([]Item, len(batch))
	for i, j := range batch {
		items[i] = j.item
	}
	results, err := commit(ctx, items)
	for i, j := range batch {
		switch {
		case err == nil:
			j.result = results[i]
		case len(batch) == 1:
			j.err = err
		default:
			var alone []Result
			if alone, j.err = commit(ctx, items[i:i+1]); j.err == nil {
				j.result = alone[0]
			}
		}
		close(j.done)
	}
}
