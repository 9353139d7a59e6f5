package pipeline_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/pipeline"
	"github.com/redress-cms/redress/pipeline/pace"
	"github.com/redress-cms/redress/pipeline/queue"
	"github.com/redress-cms/redress/pipeline/spool"
	"github.com/redress-cms/redress/scripts/testenv"
)

// running starts loops and returns how to stop and wait for them.
func running(t *testing.T, loops ...func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for _, run := range loops {
		wg.Go(func() { _ = run(ctx) })
	}
	stop = func() { cancel(); wg.Wait() }
	t.Cleanup(stop)
	return stop
}

// A mail server that takes a minute for each message holds up only mail.
func TestASlowChannelDelaysNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, q := &memoryStore{}, queue.NewMemory()
		var mu sync.Mutex
		took := map[string]time.Duration{}
		begun := time.Now()
		adapters := map[string]*provider{}
		for channel, delay := range map[string]time.Duration{"email": 50 * time.Second, "sms": 0, "chat": 0} {
			adapters[channel] = &provider{
				name: channels.Name{Channel: channel, Account: "main"},
				send: func(_ context.Context, out channels.Outbound) (channels.Receipt, error) {
					time.Sleep(delay)
					mu.Lock()
					defer mu.Unlock()
					took[channel] = max(took[channel], time.Since(begun))
					return channels.Receipt{State: channels.DeliverySent}, nil
				},
			}
		}
		for n := range 200 {
			for channel := range adapters {
				db.add(store.Outbound{ID: fmt.Sprintf("%s%03d", channel, n), Channel: channel, Account: "main", Address: fmt.Sprint(n)})
			}
		}
		sender := &pipeline.Sender{
			Store: db, Pace: pace.NewMemory(), Clock: pipeline.SystemClock{}, Logger: quiet,
			Adapters: func(channel, _ string) (channels.Adapter, bool) { a, ok := adapters[channel]; return a, ok },
		}
		sweep := &pipeline.Sweep{Store: db, Queue: q, Clock: pipeline.SystemClock{}, Logger: quiet}
		loops := []func(context.Context) error{sweep.Run}
		for channel := range adapters {
			w := &pipeline.Outlet{
				Queue: q, Topic: pipeline.OutboundTopic(channel, "main"), Calls: 4,
				Sender: sender, Clock: pipeline.SystemClock{}, Logger: quiet,
			}
			loops = append(loops, w.Run)
		}
		stop := running(t, loops...)
		time.Sleep(time.Hour)
		stop()
		if took["sms"] > 5*time.Second || took["chat"] > 5*time.Second {
			t.Errorf("beside slow mail, the last messages were sent after %v", took)
		}
		for channel, adapter := range adapters {
			if n := len(adapter.calls()); n != 200 {
				t.Errorf("%d sent by %s, want 200", n, channel)
			}
		}
	})
}

// flushable is a queue on a Redis database of its own number.
func flushable(t *testing.T) (redis.UniversalClient, *queue.Redis) {
	t.Helper()
	o, err := redis.ParseURL(testenv.Need(t, testenv.Redis))
	if err != nil {
		t.Fatal(err)
	}
	client, err := queue.Dial([]string{"redis://" + o.Addr + "/8"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	q, err := queue.NewRedis(queue.RedisOptions{Client: client, Prefix: rand.Text(), Consumer: "one", Lease: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = q.Close() })
	return client, q
}

// Redis is emptied again and again in a burst of messages that are taken in,
// handled and answered: none is lost, none has its effect twice.
func TestFlushingRedisInABurstLosesAndDoublesNothing(t *testing.T) {
	client, q := flushable(t)
	const total = 300
	db := &memoryStore{}
	files, err := spool.Open(t.TempDir(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	adapter := &provider{name: channels.Name{Channel: "sms", Account: "main"}}
	sender := &pipeline.Sender{Store: db, Adapters: only(adapter), Pace: pace.NewMemory(), Clock: pipeline.SystemClock{}, Logger: quiet}
	intake := pipeline.NewIntake(pipeline.IntakeOptions{Store: db, Queue: q, Spool: files, Clock: pipeline.SystemClock{}, Logger: quiet})
	var handled atomic.Int64
	answer := func(ctx context.Context, item queue.Item) error {
		id, err := strconv.ParseInt(item.ID, 10, 64)
		if err != nil || !db.finishInbound(id) {
			return err
		}
		if handled.Add(1)%60 == 0 {
			client.FlushDB(ctx)
		}
		row := message(fmt.Sprintf("%04d", id))
		db.add(row)
		return q.Push(ctx, pipeline.OutboundTopic("sms", "main"), pipeline.OutboundItem(store.OutboundRef{ID: row.ID, Channel: "sms"}))
	}
	sweep := &pipeline.Sweep{Store: db, Queue: q, Clock: pipeline.SystemClock{}, Logger: quiet}
	in := &pipeline.Worker{Queue: q, Topic: pipeline.TopicInbound, Concurrency: 4, Handle: each(answer), Clock: pipeline.SystemClock{}, Logger: quiet}
	out := &pipeline.Outlet{Queue: q, Topic: pipeline.OutboundTopic("sms", "main"), Sender: sender, Clock: pipeline.SystemClock{}, Logger: quiet}
	stop := running(t, intake.Run, sweep.Run, in.Run, out.Run)

	var wg sync.WaitGroup
	for n := range total {
		wg.Go(func() {
			if err := intake.Accept(t.Context(), text(fmt.Sprint("SM", n), fmt.Sprint("+1555", n%40))); err != nil {
				t.Errorf("accept: %v", err)
			}
		})
	}
	wg.Wait()
	client.FlushDB(t.Context())
	for deadline := time.Now().Add(time.Minute); len(adapter.calls()) < total; {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d answered after a minute", len(adapter.calls()), total)
		}
		if err := (pipeline.SystemClock{}).Wait(t.Context(), time.Now().Add(20*time.Millisecond)); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	answered := map[string]int{}
	for _, call := range adapter.calls() {
		answered[call.ID]++
	}
	for id, n := range answered {
		if n != 1 {
			t.Errorf("%s was sent %d times", id, n)
		}
	}
	if handled.Load() != total || len(answered) != total {
		t.Errorf("%d handled, %d answered, want %d", handled.Load(), len(answered), total)
	}
}
