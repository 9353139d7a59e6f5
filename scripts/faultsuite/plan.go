package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

// step is one fault at a time of the run.
type step struct {
	At    time.Duration `json:"at"`
	Fault string        `json:"fault"`
	Seed  uint64        `json:"seed"`
}

// Between two faults of the mixed run.
const leastPause, mostPause = time.Second, 6 * time.Second

// plan is what happens in a mixed run. The same seed gives the same plan. No
// two faults of one target overlap, and half a minute in each four is quiet,
// so that the system has to catch up under load too.
func plan(seed uint64, length time.Duration, list []fault) []step {
	random := rand.New(rand.NewPCG(seed, 2)) //nolint:gosec // to be replayed
	busy := map[string]time.Duration{}
	var steps []step
	for at := 2 * time.Second; at < length; at += between(random, leastPause, mostPause) {
		f := one(random, list)
		next := random.Uint64()
		if at%(4*time.Minute) > 210*time.Second || at+f.lasts > length {
			continue
		}
		free := true
		for target := range strings.FieldsSeq(f.target) {
			free = free && busy[target] <= at
		}
		if !free {
			continue
		}
		for target := range strings.FieldsSeq(f.target) {
			busy[target] = at + f.lasts + 2*time.Second
		}
		steps = append(steps, step{at, f.name, next})
	}
	return steps
}

// breaker does faults, and keeps those of one target apart.
type breaker struct {
	system *system
	mu     sync.Mutex
	locks  map[string]*sync.Mutex
	failed []string
}

func newBreaker(s *system) *breaker { return &breaker{system: s, locks: map[string]*sync.Mutex{}} }

func (b *breaker) lock(target string) *sync.Mutex {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.locks[target] == nil {
		b.locks[target] = &sync.Mutex{}
	}
	return b.locks[target]
}

// do has one fault from its beginning to its end.
func (b *breaker) do(ctx context.Context, f fault, seed uint64) {
	for target := range strings.FieldsSeq(f.target) { // in the order of the table: no two wait for each other
		lock := b.lock(target)
		lock.Lock()
		defer lock.Unlock()
	}
	begun := time.Now()
	err := f.run(ctx, b.system, rand.New(rand.NewPCG(seed, 3))) //nolint:gosec // to be replayed
	b.system.log("%-16s %6.1fs", f.name, time.Since(begun).Seconds())
	if err != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.failed = append(b.failed, fmt.Sprintf("%s: %v", f.name, err))
		b.system.log("%s could not be done: %v", f.name, err)
	}
}

// follow does the steps of a plan, each at its time.
func (b *breaker) follow(ctx context.Context, steps []step) {
	var all sync.WaitGroup
	begun := time.Now()
	for _, s := range steps {
		f, err := faultNamed(s.Fault)
		if err != nil || rest(ctx, time.Until(begun.Add(s.At))) != nil {
			break
		}
		all.Go(func() { b.do(ctx, f, s.Seed) })
	}
	all.Wait()
}
