package queue

import (
	"context"
	_ "embed" // Lua
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

//go:embed hold.lua
var holdLua string

//go:embed release.lua
var releaseLua string

//go:embed members.lua
var membersLua string

// Bounds of the Redis engine.
const (
	group         = "workers"
	streamLength  = 100_000 // entries of one partition; older ones are dropped, and fed in again by the sweep
	inHand        = 256     // entries of one partition read and not done
	topicCapacity = 1 << 20 // never reached: partitions × inHand
)

// RedisOptions are the settings of a Redis engine. Prefix and Partitions are
// the same in every process.
type RedisOptions struct {
	Client     redis.UniversalClient // closed by its owner, after the queue
	Prefix     string                // of every key; empty: "redress"
	Consumer   string                // unique among running processes
	Partitions int                   // streams per topic, the most processes that share one; 0: 8
	Lease      time.Duration         // a process silent for so long is taken for dead; 0: 10 s
	Logger     *slog.Logger
}

// Redis is the engine for many machines: one stream per partition of a topic,
// named "{prefix:topic:n}" so that a partition's keys share a Cluster slot.
//
// The live consumers of a topic divide its partitions among them, each held by
// a lock, so that items of one key are never with two of them. Within a
// process, items wait in one line per key. What a dead consumer had is claimed
// by the next holder of the partition. After FLUSHALL groups are made again,
// and two processes may for a moment work on one partition.
type Redis struct {
	options                RedisOptions
	hold, release, members *redis.Script

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	wait   sync.WaitGroup

	mu     sync.Mutex
	topics map[string]*topic // those that are received here
	closed bool
}

// NewRedis makes a Redis engine. It does not wait for Redis to be there.
func NewRedis(o RedisOptions) (*Redis, error) {
	if o.Client == nil || o.Consumer == "" {
		return nil, errors.New("redis queue: client and consumer must be set")
	}
	if o.Prefix == "" {
		o.Prefix = "redress"
	}
	if o.Partitions <= 0 {
		o.Partitions = 8
	}
	if o.Lease <= 0 {
		o.Lease = 10 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Redis{
		options: o, ctx: ctx, cancel: cancel, topics: map[string]*topic{},
		hold: redis.NewScript(holdLua), release: redis.NewScript(releaseLua), members: redis.NewScript(membersLua),
	}, nil
}

// Push implements Queue.
func (r *Redis) Push(ctx context.Context, topic string, items ...Item) error {
	if len(items) == 0 {
		return nil
	}
	_, err := r.options.Client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, item := range items {
			p.XAdd(ctx, &redis.XAddArgs{
				Stream: r.stream(topic, r.partition(item.Key)),
				MaxLen: streamLength, Approx: true,
				Values: []any{"id", item.ID, "key", item.Key},
			})
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("pushing to %s: %w", topic, err)
	}
	return nil
}

// Offer gives items to this process alone. It is for what Push could not take:
// while Redis is away each process works on what the database says, and what
// two of them do at once the database tells apart.
func (r *Redis) Offer(topic string, items ...Item) {
	r.mu.Lock()
	t := r.topics[topic]
	r.mu.Unlock()
	if t == nil { // nobody here works on it
		return
	}
	for _, item := range items {
		t.lines.push(Lease{Item: item})
	}
}

// Receive implements Queue. The first call for a topic makes this process one
// of its consumers, until Close.
func (r *Redis) Receive(ctx context.Context, name string, limit int) ([]Lease, error) {
	t, err := r.topic(name)
	if err != nil {
		return nil, err
	}
	return t.lines.receive(ctx, limit)
}

// Done implements Queue. When Redis does not answer, the leases are still
// given back here; they may then be delivered again.
func (r *Redis) Done(ctx context.Context, name string, leases ...Lease) error {
	if len(leases) == 0 {
		return nil
	}
	t, err := r.topic(name)
	if err != nil {
		return err
	}
	err = t.acknowledge(ctx, leases)
	for _, lease := range leases {
		if p, entry, findErr := t.find(lease.Handle); findErr == nil {
			p.forget(entry)
		}
		t.lines.done(lease)
	}
	if err != nil {
		return fmt.Errorf("finishing in %s: %w", name, err)
	}
	return nil
}

// acknowledge tells Redis of what is done, but for what it did not give out.
func (t *topic) acknowledge(ctx context.Context, leases []Lease) error {
	offered := func(l Lease) bool { return l.Handle == "" }
	if leases = slices.DeleteFunc(slices.Clone(leases), offered); len(leases) == 0 {
		return nil
	}
	_, err := t.queue.options.Client.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, lease := range leases {
			p, entry, err := t.find(lease.Handle)
			if err != nil {
				return err
			}
			pipe.XAck(ctx, p.stream, group, entry)
			pipe.XDel(ctx, p.stream, entry)
		}
		return nil
	})
	return err
}

// Ping implements Queue.
func (r *Redis) Ping(ctx context.Context) error {
	if err := r.options.Client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("asking redis: %w", err)
	}
	return nil
}

// Close gives up the partitions and waits for the readers, at most the second
// for which a read blocks. Leases not done are delivered to others.
func (r *Redis) Close() error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil
	}
	r.closed = true
	for _, t := range r.topics {
		t.lines.close()
	}
	r.mu.Unlock()
	r.cancel()
	r.wait.Wait()
	return nil
}

func (r *Redis) topic(name string) (*topic, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, ErrClosed
	}
	t := r.topics[name]
	if t == nil {
		t = newTopic(r, name)
		r.topics[name] = t
		t.start()
	}
	return t, nil
}

func (r *Redis) partition(key string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(key))
	return int(h.Sum32() % uint32(r.options.Partitions)) //nolint:gosec // Partitions is small and positive
}

func (r *Redis) stream(topic string, partition int) string {
	return fmt.Sprintf("{%s:%s:%d}", r.options.Prefix, topic, partition)
}

// find reads a handle, "partition/entry id".
func (t *topic) find(handle string) (*partition, string, error) {
	number, entry, ok := strings.Cut(handle, "/")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n < 0 || n >= len(t.partitions) {
		return nil, "", fmt.Errorf("lease %q is not of this queue", handle)
	}
	return t.partitions[n], entry, nil
}
