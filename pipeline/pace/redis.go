package pace

import (
	"context"
	_ "embed" // Lua
	"fmt"
	"hash/fnv"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/redress-cms/redress/channels"
)

//go:embed take.lua
var takeLua string

// Bounds of asking Redis, so that sending goes on without it.
const (
	askTimeout = 500 * time.Millisecond
	leaveAlone = 5 * time.Second // after it did not answer
)

// Redis paces all processes together. While Redis does not answer, each
// process paces by itself.
type Redis struct {
	client redis.UniversalClient
	prefix string
	logger *slog.Logger
	script *redis.Script
	alone  *Memory

	mu   sync.Mutex
	away time.Time // not asked again before; zero: it answers
}

// NewRedis makes a pacer on a client, which its owner closes. prefix is of
// every key; scopes are hashed, since they may name a recipient.
func NewRedis(client redis.UniversalClient, prefix string, logger *slog.Logger) *Redis {
	return &Redis{client: client, prefix: prefix, logger: logger, script: redis.NewScript(takeLua), alone: NewMemory()}
}

// Take is as Memory.Take.
func (r *Redis) Take(ctx context.Context, account channels.Name, charges []channels.Charge, now time.Time) (time.Duration, error) {
	if r.answers(now) {
		keys := []string{r.key(account, "")}
		args := []any{now.UnixMilli(), 0, 0, 0, 0}
		for _, c := range charges {
			keys = append(keys, r.key(account, c.Scope))
			args = append(args, c.Units, c.PerSecond, c.Burst)
		}
		wait, err := r.run(ctx, keys, args, now)
		if err == nil || ctx.Err() != nil {
			return wait, ctx.Err()
		}
	}
	return r.alone.Take(ctx, account, charges, now)
}

// Pause is as Memory.Pause.
func (r *Redis) Pause(ctx context.Context, account channels.Name, scope string, now, until time.Time) error {
	if r.answers(now) {
		_, err := r.run(ctx, []string{r.key(account, scope)}, []any{now.UnixMilli(), until.UnixMilli(), 0, 0, 0}, now)
		if err != nil && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return r.alone.Pause(ctx, account, scope, now, until) // also here, should Redis go away meanwhile
}

func (r *Redis) run(ctx context.Context, keys []string, args []any, now time.Time) (time.Duration, error) {
	ask, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	wait, err := r.script.Run(ask, r.client, keys, args...).Int64()
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err == nil && !r.away.IsZero():
		r.away = time.Time{}
		r.logger.Info("pacing is shared again")
	case err != nil && ctx.Err() == nil:
		if r.away.IsZero() {
			r.logger.Warn("redis does not answer; each process paces by itself", "error", err)
		}
		r.away = now.Add(leaveAlone)
	}
	return time.Duration(wait) * time.Millisecond, err
}

// answers reports whether Redis is to be asked.
func (r *Redis) answers(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.away.Sub(now) <= 0 || r.away.Sub(now) > leaveAlone // the clock was set back
}

// key shares a Cluster slot with the other scopes of its account.
func (r *Redis) key(account channels.Name, scope string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(scope))
	return fmt.Sprintf("{%s:pace:%s:%s}:%016x", r.prefix, account.Channel, account.Account, h.Sum64())
}
