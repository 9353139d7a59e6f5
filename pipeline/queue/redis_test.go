package queue_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redress-cms/redress/pipeline/queue"
)

// The database is the only truth: after FLUSHALL whatever is pushed again, as
// the sweep does, arrives.
func TestRedisWorksOnAfterAFlush(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	client := dial(t)
	q := openRedis(t, client, rand.Text(), "one")
	open := map[string]queue.Item{}
	for _, item := range items(300, 20) {
		open[item.ID] = item
	}
	push := func() {
		for _, item := range open {
			if err := q.Push(ctx, "work", item); err != nil {
				t.Fatal(err)
			}
		}
	}
	push()
	for n := 0; len(open) > 0; n++ {
		if n == 20 {
			if err := client.FlushDB(ctx).Err(); err != nil {
				t.Fatal(err)
			}
			push()
		}
		leases := receive(t, ctx, q, 4)
		for _, lease := range leases {
			delete(open, lease.ID)
		}
		if err := q.Done(ctx, "work", leases...); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRedisGivesADeadConsumersWorkToAnother(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	prefix := rand.Text()
	dying := dial(t)
	first := openRedis(t, dying, prefix, "first")
	if err := first.Push(ctx, "work", items(10, 10)...); err != nil {
		t.Fatal(err)
	}
	receive(t, ctx, first, 1)
	_ = dying.Close() // as by kill -9: it never says goodbye

	second := openRedis(t, dial(t), prefix, "second")
	seen := map[string]bool{}
	for len(seen) < 10 {
		leases := receive(t, ctx, second, 5)
		for _, lease := range leases {
			seen[lease.ID] = true
		}
		if err := second.Done(ctx, "work", leases...); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRedisSharesPartitionsAmongConsumers(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	client, prefix := dial(t), rand.Text()
	var (
		mu   sync.Mutex
		busy = map[string]bool{}
		by   = map[string]int{}
	)
	work, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	for _, name := range []string{"one", "two"} {
		q := openRedis(t, client, prefix, name)
		wg.Go(func() {
			for {
				leases, err := q.Receive(work, "work", 2)
				if err != nil {
					return
				}
				mu.Lock()
				if busy[leases[0].Key] {
					t.Errorf("two consumers on %s", leases[0].Key)
				}
				busy[leases[0].Key] = true
				mu.Unlock()
				_ = q.Done(ctx, "work") // nothing: a round of the scheduler
				mu.Lock()
				busy[leases[0].Key] = false
				by[name] += len(leases)
				if by["one"] > 0 && by["two"] > 0 {
					stop()
				}
				mu.Unlock()
				_ = q.Done(ctx, "work", leases...)
			}
		})
	}
	pusher := openRedis(t, client, prefix, "gateway")
	for n := 0; work.Err() == nil; n++ {
		item := queue.Item{ID: fmt.Sprint(n), Key: fmt.Sprint("key", n%10)}
		if err := pusher.Push(work, "work", item); err != nil && work.Err() == nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
	if ctx.Err() != nil {
		t.Fatalf("one consumer got everything: %v", by)
	}
}

func TestDialTellsWhatIsWrongWithoutThePassword(t *testing.T) {
	for _, tc := range []struct {
		name      string
		addresses []string
		ok        bool
	}{
		{"none", nil, false},
		{"one URL", []string{"redis://:secret@127.0.0.1:6379/2"}, true},
		{"cluster", []string{"127.0.0.1:7000", "127.0.0.1:7001"}, true},
		{"sentinels", []string{"redis://:secret@127.0.0.1:26379?master_name=main", "127.0.0.1:26380"}, true},
		{"wrong scheme", []string{"http://:secret@127.0.0.1"}, false},
		{"broken second", []string{"127.0.0.1:7000", "redis://:secret@host:port:x"}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			client, err := queue.Dial(tc.addresses)
			if client != nil {
				defer client.Close()
			}
			if (err == nil) != tc.ok {
				t.Fatalf("Dial: %v", err)
			}
			if err != nil && slices.Contains([]byte(err.Error()), '@') {
				t.Errorf("the error shows the address: %v", err)
			}
		})
	}
}
