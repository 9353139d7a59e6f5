package queue_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/redress-cms/redress/pipeline/queue"
	"github.com/redress-cms/redress/scripts/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// engines are the two engines; open makes a queue that shares its work with
// others made by the same call of the engine's function.
func engines(t *testing.T) map[string]func(t *testing.T) queue.Queue {
	return map[string]func(t *testing.T) queue.Queue{
		"memory": func(t *testing.T) queue.Queue {
			q := queue.NewMemory()
			t.Cleanup(func() { _ = q.Close() })
			return q
		},
		"redis": func(t *testing.T) queue.Queue {
			return openRedis(t, dial(t), rand.Text(), "one")
		},
	}
}

// dial connects to a database of its own number, which tests may flush.
func dial(t *testing.T) redis.UniversalClient {
	t.Helper()
	o, err := redis.ParseURL(testenv.Need(t, testenv.Redis))
	if err != nil {
		t.Fatal(err)
	}
	client, err := queue.Dial([]string{"redis://" + o.Addr + "/9"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func openRedis(t *testing.T, client redis.UniversalClient, prefix, consumer string) *queue.Redis {
	t.Helper()
	q, err := queue.NewRedis(queue.RedisOptions{
		Client: client, Prefix: prefix, Consumer: consumer, Partitions: 2, Lease: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = q.Close() })
	return q
}

// conform runs a test on every engine.
func conform(t *testing.T, test func(t *testing.T, ctx context.Context, q queue.Queue)) {
	for name, open := range engines(t) {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			test(t, ctx, open(t))
		})
	}
}

func items(n, keys int) []queue.Item {
	out := make([]queue.Item, n)
	for i := range out {
		out[i] = queue.Item{ID: fmt.Sprint("id", i), Key: fmt.Sprint("key", i%keys)}
	}
	return out
}

func receive(t *testing.T, ctx context.Context, q queue.Queue, limit int) []queue.Lease {
	t.Helper()
	leases, err := q.Receive(ctx, "work", limit)
	if err != nil {
		t.Fatalf("receive: %v", err)
	}
	return leases
}

func TestEverythingPushedIsReceivedOnce(t *testing.T) {
	conform(t, func(t *testing.T, ctx context.Context, q queue.Queue) {
		if err := q.Push(ctx, "work", items(100, 7)...); err != nil {
			t.Fatal(err)
		}
		seen := map[string]int{}
		for len(seen) < 100 {
			leases := receive(t, ctx, q, 5)
			if len(leases) > 5 {
				t.Fatalf("%d leases at once, want at most 5", len(leases))
			}
			for _, lease := range leases {
				seen[lease.ID]++
			}
			if err := q.Done(ctx, "work", leases...); err != nil {
				t.Fatal(err)
			}
		}
		for id, n := range seen {
			if n != 1 {
				t.Errorf("%s was received %d times", id, n)
			}
		}
	})
}

func TestOneKeyIsHandledInOrderAndByOneWorker(t *testing.T) {
	conform(t, func(t *testing.T, ctx context.Context, q queue.Queue) {
		const total, keys = 200, 5
		var (
			mu    sync.Mutex
			busy  = map[string]bool{}
			order = map[string][]string{}
			left  = total
		)
		work, stop := context.WithCancel(ctx)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for {
					leases, err := q.Receive(work, "work", 3)
					if err != nil {
						return
					}
					key := leases[0].Key
					mu.Lock()
					if busy[key] {
						t.Errorf("two workers on %s", key)
					}
					busy[key] = true
					mu.Unlock()
					mu.Lock()
					for _, lease := range leases {
						order[lease.Key] = append(order[lease.Key], lease.ID)
						left--
					}
					busy[key] = false
					if left == 0 {
						stop()
					}
					mu.Unlock()
					_ = q.Done(ctx, "work", leases...)
				}
			})
		}
		all := items(total, keys)
		if err := q.Push(ctx, "work", all...); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
		stop()
		want := map[string][]string{}
		for _, item := range all {
			want[item.Key] = append(want[item.Key], item.ID)
		}
		for key := range want {
			if !slices.Equal(order[key], want[key]) {
				t.Errorf("%s: received %v, want %v", key, order[key], want[key])
			}
		}
	})
}

func TestAKeyInHandDoesNotHoldUpOthers(t *testing.T) {
	conform(t, func(t *testing.T, ctx context.Context, q queue.Queue) {
		push := func(items ...queue.Item) {
			t.Helper()
			if err := q.Push(ctx, "work", items...); err != nil {
				t.Fatal(err)
			}
		}
		push(queue.Item{ID: "a1", Key: "a"})
		first := receive(t, ctx, q, 1)
		push(queue.Item{ID: "a2", Key: "a"}, queue.Item{ID: "b1", Key: "b"})
		if second := receive(t, ctx, q, 1); second[0].ID != "b1" {
			t.Fatalf("received %s while its key is in hand, want b1", second[0].ID)
		}
		if err := q.Done(ctx, "work", first...); err != nil {
			t.Fatal(err)
		}
		if third := receive(t, ctx, q, 1); third[0].ID != "a2" {
			t.Fatalf("received %s, want a2", third[0].ID)
		}
	})
}

func TestPushedAgainWhileInHandIsReceivedAgain(t *testing.T) {
	conform(t, func(t *testing.T, ctx context.Context, q queue.Queue) {
		item := queue.Item{ID: "a", Key: "k"}
		for range 2 {
			if err := q.Push(ctx, "work", item); err != nil {
				t.Fatal(err)
			}
			leases := receive(t, ctx, q, 9)
			if err := q.Push(ctx, "work", item); err != nil {
				t.Fatal(err)
			}
			if err := q.Done(ctx, "work", leases...); err != nil {
				t.Fatal(err)
			}
			again := receive(t, ctx, q, 9)
			if err := q.Done(ctx, "work", again...); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestTopicsAreSeparate(t *testing.T) {
	conform(t, func(t *testing.T, ctx context.Context, q queue.Queue) {
		if err := q.Push(ctx, "other", queue.Item{ID: "o", Key: "k"}); err != nil {
			t.Fatal(err)
		}
		if err := q.Push(ctx, "work", queue.Item{ID: "w", Key: "k"}); err != nil {
			t.Fatal(err)
		}
		if got := receive(t, ctx, q, 9); len(got) != 1 || got[0].ID != "w" {
			t.Fatalf("received %v, want only w", got)
		}
	})
}

func TestReceiveEndsWithItsContextAndWithClose(t *testing.T) {
	conform(t, func(t *testing.T, ctx context.Context, q queue.Queue) {
		short, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := q.Receive(short, "work", 1); !errors.Is(err, context.Canceled) {
			t.Errorf("receive with an ended context: %v", err)
		}
		if err := q.Ping(ctx); err != nil {
			t.Errorf("ping: %v", err)
		}
		ended := make(chan error)
		go func() {
			_, err := q.Receive(ctx, "work", 1)
			ended <- err
		}()
		if err := q.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; !errors.Is(err, queue.ErrClosed) {
			t.Errorf("receive after close: %v, want ErrClosed", err)
		}
	})
}

func TestMemoryDropsWhatIsOverCapacityAndKnown(t *testing.T) {
	q := queue.NewMemory()
	defer q.Close()
	ctx := t.Context()
	all := items(100_010, 100_010)
	for range 2 { // the second time all are known
		if err := q.Push(ctx, "work", all...); err != nil {
			t.Fatal(err)
		}
	}
	leases, err := q.Receive(ctx, "work", len(all)*2)
	if err != nil || len(leases) != 100_000 {
		t.Fatalf("received %d items (%v), want the capacity of 100000", len(leases), err)
	}
}
