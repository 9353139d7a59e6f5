package main

import (
	"context"
	"math/rand/v2"
	"syscall"
	"time"
)

// stoppedFor is longer than every lease.
const stoppedFor = 32 * time.Second

func processFaults() []fault {
	gateways := func(s *system) []*process { return s.gateways }
	workers := func(s *system) []*process { return s.workers }
	return []fault{
		{"kill-gateway", "gateway", 3 * time.Second, "kill -9 of a gateway", ends(gateways, syscall.SIGKILL)},
		{"kill-worker", "worker", 3 * time.Second, "kill -9 of a worker", ends(workers, syscall.SIGKILL)},
		{"kill-workers", "worker", 10 * time.Second, "kill -9 of both workers, three times in a row", killWorkers},
		{"stop-gateway", "gateway", 5 * time.Second, "SIGTERM to a gateway, and a new start", ends(gateways, syscall.SIGTERM)},
		{"stop-worker", "worker", 5 * time.Second, "SIGTERM to a worker, and a new start", ends(workers, syscall.SIGTERM)},
		{"rolling-restart", "gateway worker", 15 * time.Second, "SIGTERM to one process after the other", rollingRestart},
		{"freeze-gateway", "gateway", stoppedFor, "SIGSTOP of a gateway for longer than a lease", freezes(gateways)},
		{"freeze-worker", "worker", stoppedFor, "SIGSTOP of a worker for longer than a lease", freezes(workers)},
		{"clock-steps", "clock", 8 * time.Second, "the clock of a process goes by two hours, forth or back", clockSteps},
		{"answer-lost", "balancer", 2 * time.Second, "webhooks whose 2xx does not come out", answerLost},
	}
}

// ends ends one of some processes by a signal and starts it again.
func ends(some func(*system) []*process, by syscall.Signal) func(context.Context, *system, *rand.Rand) error {
	return func(ctx context.Context, s *system, random *rand.Rand) error {
		p := one(random, some(s))
		s.end(p, by)
		_ = rest(ctx, between(random, 0, 2*time.Second))
		return s.begin(p)
	}
}

func killWorkers(ctx context.Context, s *system, random *rand.Rand) error {
	for range 3 {
		for _, p := range s.workers {
			s.end(p, syscall.SIGKILL)
		}
		_ = rest(ctx, between(random, 0, time.Second))
		for _, p := range s.workers {
			if err := s.begin(p); err != nil {
				return err
			}
		}
		_ = rest(ctx, between(random, time.Second, 3*time.Second))
	}
	return nil
}

func rollingRestart(ctx context.Context, s *system, random *rand.Rand) error {
	for _, p := range s.processes() {
		s.end(p, syscall.SIGTERM)
		if err := s.begin(p); err != nil {
			return err
		}
		_ = rest(ctx, between(random, time.Second, 3*time.Second))
	}
	return nil
}

// freezes stops a process so that it does not notice.
func freezes(some func(*system) []*process) func(context.Context, *system, *rand.Rand) error {
	return func(ctx context.Context, s *system, random *rand.Rand) error {
		p := one(random, some(s))
		p.signal(syscall.SIGSTOP, false)
		_ = rest(ctx, stoppedFor)
		p.signal(syscall.SIGCONT, false)
		return nil
	}
}

func clockSteps(ctx context.Context, s *system, random *rand.Rand) error {
	p := one(random, s.processes())
	by := 2 * time.Hour
	if random.IntN(2) == 0 {
		by = -by
	}
	if err := s.setClock(p, by); err != nil {
		return err
	}
	_ = rest(ctx, between(random, 2*time.Second, 8*time.Second))
	return s.setClock(p, 0)
}

func answerLost(ctx context.Context, s *system, random *rand.Rand) error {
	s.balancer.losing.Store(int64(1 + random.IntN(20)))
	_ = rest(ctx, 2*time.Second)
	s.balancer.losing.Store(0)
	return nil
}
