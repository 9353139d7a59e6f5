package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"
)

// Fault is one way to break the system. It breaks, waits and mends; what it
// returns went wrong with the breaking itself.
type fault struct {
	name   string
	target string // no two faults have one target at the same time
	lasts  time.Duration
	what   string
	run    func(context.Context, *system, *rand.Rand) error
}

// faults are all there are.
func faults() []fault {
	return append(append(processFaults(), storeFaults()...), providerFaults()...)
}

func faultNamed(name string) (fault, error) {
	for _, f := range faults() {
		if f.name == name {
			return f, nil
		}
	}
	return fault{}, fmt.Errorf("there is no fault %q; --list names them", name)
}

// one draws one of a list.
func one[T any](random *rand.Rand, list []T) T { return list[random.IntN(len(list))] }

// between draws a duration.
func between(random *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(random.Int64N(int64(most-least)))
}

// poisoned has a toxic in a connection for a while.
func (s *system) poisoned(ctx context.Context, proxy, kind, stream string, attributes map[string]any, d time.Duration) error {
	body, err := toxicJSON(kind, stream, attributes)
	if err != nil {
		return err
	}
	collection := s.proxies[proxy].Toxics
	if _, err := collection.AddToxicJson(body); err != nil {
		return fmt.Errorf("poisoning %s: %w", proxy, err)
	}
	_ = rest(ctx, d)
	return collection.RemoveToxic(context.WithoutCancel(ctx), toxicName)
}

// away cuts all connections to a server and refuses new ones for a while.
func (s *system) away(ctx context.Context, proxy string, d time.Duration) error {
	s.proxies[proxy].Stop()
	_ = rest(ctx, d)
	return s.proxies[proxy].Start()
}

// slow puts a latency into a connection for a while.
func (s *system) slow(ctx context.Context, proxy string, latency, d time.Duration) error {
	return s.poisoned(ctx, proxy, "latency", "downstream",
		map[string]any{"latency": latency.Milliseconds(), "jitter": latency.Milliseconds() / 2}, d)
}

const toxicName = "toxic"

// toxicJSON is how toxiproxy takes a toxic.
func toxicJSON(kind, stream string, attributes map[string]any) (*bytes.Reader, error) {
	body, err := json.Marshal(map[string]any{"name": toxicName, "type": kind, "stream": stream, "toxicity": 1, "attributes": attributes})
	if err != nil {
		return nil, fmt.Errorf("describing a toxic: %w", err)
	}
	return bytes.NewReader(body), nil
}
