package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// fullWithin is how soon a small spool has to be full.
const fullWithin = 90 * time.Second

func storeFaults() []fault {
	return []fault{
		{"redis-kill", "redis", 6 * time.Second, "kill -9 of Redis, empty when it comes back", redisKill},
		{"redis-flush", "redis", time.Second, "FLUSHALL", func(ctx context.Context, s *system, _ *rand.Rand) error { return s.redis.flush(ctx) }},
		{"redis-slow", "redis", 8 * time.Second, "every answer of Redis takes half a second and more", slowed("redis", 800*time.Millisecond)},
		{"redis-cut", "redis", 3 * time.Second, "connections to Redis are cut", cutOff("redis")},
		{"postgres-restart", "postgres", 8 * time.Second, "PostgreSQL stops at once and recovers", postgresRestart},
		{"postgres-backend", "postgres", 6 * time.Second, "kill -9 of a backend, for which PostgreSQL ends all others", backendKill},
		{"postgres-slow", "postgres", 8 * time.Second, "every answer of PostgreSQL takes a tenth of a second and more", slowed("postgres", 150*time.Millisecond)},
		{"postgres-cut", "postgres", 3 * time.Second, "connections to PostgreSQL are cut", cutOff("postgres")},
		{"postgres-away", "postgres", 20 * time.Second, "nothing of PostgreSQL for a while, over a gateway's restart", postgresAway},
		{"postgres-silent", "postgres", 12 * time.Second, "PostgreSQL takes everything and answers nothing", silent("postgres")},
		{"commit-cut", "postgres", 4 * time.Second, "the connection is cut between COMMIT and its answer", commitCut},
		{"spool-full", "postgres", 40 * time.Second, "no PostgreSQL until a spool is full and providers are refused", spoolFull},
		{"disk-full", "postgres disk", 12 * time.Second, "no PostgreSQL, and no room for the spool and attachments", diskFull},
		{"attachments-full", "disk", 12 * time.Second, "no room for attachments", attachmentsFull},
	}
}

func slowed(proxy string, latency time.Duration) func(context.Context, *system, *rand.Rand) error {
	return func(ctx context.Context, s *system, random *rand.Rand) error {
		return s.slow(ctx, proxy, latency, between(random, 3*time.Second, 8*time.Second))
	}
}

func cutOff(proxy string) func(context.Context, *system, *rand.Rand) error {
	return func(ctx context.Context, s *system, random *rand.Rand) error {
		for range 1 + random.IntN(3) {
			if err := s.away(ctx, proxy, between(random, 10*time.Millisecond, 500*time.Millisecond)); err != nil {
				return err
			}
			_ = rest(ctx, between(random, 100*time.Millisecond, time.Second))
		}
		return nil
	}
}

// silent has a server take requests and not answer.
func silent(proxy string) func(context.Context, *system, *rand.Rand) error {
	return func(ctx context.Context, s *system, random *rand.Rand) error {
		return s.poisoned(ctx, proxy, "timeout", "downstream", map[string]any{"timeout": 0}, between(random, 4*time.Second, 12*time.Second))
	}
}

func redisKill(ctx context.Context, s *system, random *rand.Rand) error {
	s.redis.kill()
	_ = rest(ctx, between(random, time.Second, 5*time.Second))
	return s.redis.begin(context.WithoutCancel(ctx))
}

// postgresRestart stops it fast, which rolls back, or immediately, which is a
// crash.
func postgresRestart(ctx context.Context, s *system, random *rand.Rand) error {
	s.database.signal(one(random, []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT}), true)
	_ = rest(ctx, between(random, 0, 4*time.Second))
	return s.database.begin(context.WithoutCancel(ctx))
}

func backendKill(ctx context.Context, s *system, _ *rand.Rand) error {
	conn, err := pgx.Connect(ctx, s.database.url(s.database.address))
	if err != nil {
		return fmt.Errorf("looking for a backend: %w", err)
	}
	defer conn.Close(ctx)
	var pid int
	err = conn.QueryRow(ctx, `SELECT pid FROM pg_stat_activity
		WHERE application_name = 'redress' ORDER BY (state = 'active') DESC, state_change DESC LIMIT 1`).Scan(&pid)
	if err != nil {
		return fmt.Errorf("looking for a backend: %w", err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return fmt.Errorf("killing a backend: %w", err)
	}
	return rest(ctx, 2*time.Second)
}

// postgresAway also kills a gateway meanwhile, which has to take messages in
// all the same when it comes back.
func postgresAway(ctx context.Context, s *system, random *rand.Rand) error {
	s.proxies["postgres"].Stop()
	_ = rest(ctx, between(random, 2*time.Second, 5*time.Second))
	p := one(random, s.gateways)
	s.end(p, syscall.SIGKILL)
	err := s.begin(p)
	_ = rest(ctx, between(random, 5*time.Second, 12*time.Second))
	return errors.Join(err, s.proxies["postgres"].Start())
}

func commitCut(ctx context.Context, s *system, random *rand.Rand) error {
	s.commits.armed.Store(int64(1 + random.IntN(12)))
	_ = rest(ctx, 3*time.Second)
	s.commits.armed.Store(0)
	return nil
}

func spoolFull(ctx context.Context, s *system, _ *rand.Rand) error {
	refused := s.balancer.refused.Load()
	s.proxies["postgres"].Stop()
	for until := time.Now().Add(fullWithin); s.balancer.refused.Load() == refused && time.Now().Before(until); {
		if rest(ctx, 100*time.Millisecond) != nil {
			break
		}
	}
	_ = rest(ctx, 2*time.Second)
	return s.proxies["postgres"].Start()
}

func diskFull(ctx context.Context, s *system, random *rand.Rand) error {
	s.proxies["postgres"].Stop()
	err := s.disk.fill()
	_ = rest(ctx, between(random, 4*time.Second, 8*time.Second))
	if err == nil {
		err = s.disk.free()
	}
	return errors.Join(err, s.proxies["postgres"].Start())
}

func attachmentsFull(ctx context.Context, s *system, random *rand.Rand) error {
	if err := s.disk.fill(); err != nil {
		return err
	}
	_ = rest(ctx, between(random, 6*time.Second, 12*time.Second))
	return s.disk.free()
}
