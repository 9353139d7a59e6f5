package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// topic is one topic that this process consumes.
type topic struct {
	queue      *Redis
	name       string
	lines      *lines
	partitions []*partition
}

func newTopic(r *Redis, name string) *topic {
	t := &topic{queue: r, name: name, lines: newLines(topicCapacity)}
	for n := range r.options.Partitions {
		stream := r.stream(name, n)
		t.partitions = append(t.partitions, &partition{
			topic: t, number: n, stream: stream, lock: stream + ":lock",
			held: map[string]struct{}{}, freed: make(chan struct{}, 1),
		})
	}
	return t
}

func (t *topic) start() {
	t.queue.wait.Go(t.divide)
	for _, p := range t.partitions {
		t.queue.wait.Go(p.run)
	}
}

// divide tells the others that this consumer is alive and finds which
// partitions are its share.
func (t *topic) divide() {
	ctx, o := t.queue.ctx, t.queue.options
	key := fmt.Sprintf("{%s:%s}:members", o.Prefix, t.name)
	for ctx.Err() == nil {
		live, err := t.queue.members.Run(ctx, o.Client, []string{key}, o.Consumer, o.Lease.Milliseconds()).StringSlice()
		if err == nil {
			slices.Sort(live)
			mine := slices.Index(live, o.Consumer)
			for n, p := range t.partitions {
				p.mine.Store(mine >= 0 && n%len(live) == mine)
			}
		}
		pause(ctx, o.Lease/3)
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = o.Client.ZRem(last, key, o.Consumer).Err() // else it is taken for dead after the lease
}

// partition is one stream of a topic, read here while it is this process's
// share and its lock is held.
type partition struct {
	topic        *topic
	number       int
	stream, lock string
	mine         atomic.Bool

	locked     bool // as far as run knows
	renewed    time.Time
	claimed    time.Time
	complained bool

	mu    sync.Mutex
	held  map[string]struct{} // entries read and not done
	freed chan struct{}       // an entry was done
}

func (p *partition) run() {
	ctx, o := p.topic.queue.ctx, p.topic.queue.options
	for ctx.Err() == nil {
		err := p.step(ctx)
		switch {
		case err == nil:
			if p.complained {
				p.complained = false
				o.Logger.Info("dispatch works again", "topic", p.topic.name, "partition", p.number)
			}
		case ctx.Err() != nil:
		case strings.HasPrefix(err.Error(), "NOGROUP"), strings.HasPrefix(err.Error(), "UNBLOCKED"):
			// New, or gone with FLUSHALL. From "0", for what was pushed meanwhile.
			err = o.Client.XGroupCreateMkStream(ctx, p.stream, group, "0").Err()
			if err != nil && !strings.HasPrefix(err.Error(), "BUSYGROUP") {
				p.complain(err)
				pause(ctx, time.Second)
			}
		default:
			p.complain(err)
			pause(ctx, time.Second)
		}
	}
	if p.locked {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = p.topic.queue.release.Run(last, o.Client, []string{p.lock}, o.Consumer).Err() // else it runs out
	}
}

// complain logs an error once until it is over.
func (p *partition) complain(err error) {
	if !p.complained {
		p.complained = true
		p.topic.queue.options.Logger.Warn("dispatch does not work; the database keeps what is to be done",
			"topic", p.topic.name, "partition", p.number, "error", err)
	}
}

// step takes, keeps or gives up the partition and reads what there is room for.
func (p *partition) step(ctx context.Context) error {
	o := p.topic.queue.options
	room := p.room()
	if !p.mine.Load() {
		return p.handOver(ctx, room)
	}
	if now := time.Now(); !p.locked || now.Sub(p.renewed) > o.Lease/4 {
		held, err := p.topic.queue.hold.Run(ctx, o.Client, []string{p.lock}, o.Consumer, o.Lease.Milliseconds()).Bool()
		if err != nil {
			return fmt.Errorf("holding the partition: %w", err)
		}
		if held && !p.locked {
			p.claimed = time.Time{}
		}
		p.locked, p.renewed = held, now
	}
	if !p.locked {
		pause(ctx, min(o.Lease/10, 200*time.Millisecond))
		return nil
	}
	if time.Since(p.claimed) > o.Lease {
		if err := p.claim(ctx); err != nil {
			return err
		}
	}
	if room == 0 {
		select {
		case <-ctx.Done():
		case <-p.freed:
		case <-time.After(o.Lease / 4):
		}
		return nil
	}
	return p.read(ctx, room)
}

// handOver gives the partition up once nothing of it is in hand.
func (p *partition) handOver(ctx context.Context, room int) error {
	o := p.topic.queue.options
	script := p.topic.queue.hold
	if room == inHand {
		script = p.topic.queue.release
	}
	if p.locked {
		err := script.Run(ctx, o.Client, []string{p.lock}, o.Consumer, o.Lease.Milliseconds()).Err()
		if err != nil {
			return fmt.Errorf("handing the partition over: %w", err)
		}
		p.locked = room != inHand
	}
	pause(ctx, min(o.Lease/10, 200*time.Millisecond))
	return nil
}

func (p *partition) read(ctx context.Context, room int) error {
	o := p.topic.queue.options
	streams, err := o.Client.XReadGroup(ctx, &redis.XReadGroupArgs{
		Group: group, Consumer: o.Consumer, Streams: []string{p.stream, ">"},
		Count: int64(room), Block: min(time.Second, o.Lease/4),
	}).Result()
	if errors.Is(err, redis.Nil) {
		return nil
	}
	if err != nil {
		return err // unwrapped: run looks at Redis's code, its first word
	}
	for _, s := range streams {
		p.take(ctx, s.Messages)
	}
	return nil
}

// claim takes over what consumers before this one left undone: with the lock
// just taken all of it, since nobody else may be at work here, later what is
// idle for a lease.
func (p *partition) claim(ctx context.Context) error {
	o := p.topic.queue.options
	idle := o.Lease
	if p.claimed.IsZero() {
		idle = 0
	}
	for start := "0-0"; ; {
		entries, next, err := o.Client.XAutoClaim(ctx, &redis.XAutoClaimArgs{
			Stream: p.stream, Group: group, Consumer: o.Consumer, MinIdle: idle, Start: start, Count: inHand,
		}).Result()
		if err != nil {
			return err // unwrapped, as in read
		}
		p.take(ctx, entries)
		if next == "0-0" {
			break
		}
		start = next
	}
	p.claimed = time.Now()
	return p.dropIdleConsumers(ctx, idle)
}

// dropIdleConsumers removes the names of processes that are gone. What they
// had was claimed before.
func (p *partition) dropIdleConsumers(ctx context.Context, idle time.Duration) error {
	o := p.topic.queue.options
	if idle > 0 {
		return nil
	}
	consumers, err := o.Client.XInfoConsumers(ctx, p.stream, group).Result()
	if err != nil {
		return err // unwrapped, as in read
	}
	for _, c := range consumers {
		if c.Name == o.Consumer || c.Pending > 0 {
			continue
		}
		if err := o.Client.XGroupDelConsumer(ctx, p.stream, group, c.Name).Err(); err != nil {
			return err // unwrapped, as in read
		}
	}
	return nil
}

// take puts entries into the lines. One whose item is waiting already, or that
// is none of ours, is finished at once.
func (p *partition) take(ctx context.Context, entries []redis.XMessage) {
	var drop []string
	for _, e := range entries {
		if p.has(e.ID) {
			continue
		}
		id, _ := e.Values["id"].(string)
		key, _ := e.Values["key"].(string)
		if id == "" {
			drop = append(drop, e.ID)
			continue
		}
		p.remember(e.ID)
		lease := Lease{Item: Item{ID: id, Key: key}, Handle: fmt.Sprintf("%d/%s", p.number, e.ID)}
		switch p.topic.lines.push(lease) {
		case added:
		case duplicate:
			p.forget(e.ID)
			drop = append(drop, e.ID)
		case refused: // closing: the next holder claims it
			p.forget(e.ID)
		}
	}
	if len(drop) == 0 {
		return
	}
	client := p.topic.queue.options.Client
	_, _ = client.Pipelined(ctx, func(pipe redis.Pipeliner) error { // else they are claimed again, and dropped then
		pipe.XAck(ctx, p.stream, group, drop...)
		pipe.XDel(ctx, p.stream, drop...)
		return nil
	})
}

func (p *partition) has(entry string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.held[entry]
	return ok
}

func (p *partition) remember(entry string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held[entry] = struct{}{}
}

func (p *partition) forget(entry string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.held, entry)
	select {
	case p.freed <- struct{}{}:
	default:
	}
}

// room is how many more entries may be read.
func (p *partition) room() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(0, inHand-len(p.held))
}

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
