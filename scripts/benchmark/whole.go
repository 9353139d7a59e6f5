package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// whole measures the whole way: webhook, case, acknowledgement accepted by the
// provider, of as many complaints as come in.
func (b *bench) whole(ctx context.Context) error {
	var rates []float64
	var transfers []float64
	for range b.size(1, 3) {
		rate, err := b.wholeWay(ctx, true)
		if err != nil {
			return err
		}
		rates = append(rates, rate)
		if rate, err = b.bankTransfers(ctx, 16); err != nil {
			return err
		}
		transfers = append(transfers, rate)
	}
	b.report.relative("whole way on PostgreSQL", median(rates), "/s", "pgbench, TPC-B, 16 clients", median(transfers), atLeast(0.5))
	b.report.absolute("whole way on PostgreSQL", median(rates), "/s", atLeast(300))
	rate, err := b.wholeWay(ctx, false)
	if err != nil {
		return err
	}
	b.report.absolute("whole way on SQLite", rate, "/s", atLeast(300))
	return nil
}

// wholeWay runs the whole way once and returns complaints a second.
func (b *bench) wholeWay(ctx context.Context, onPostgres bool) (float64, error) {
	taker, err := newProvider(ctx, 0)
	if err != nil {
		return 0, err
	}
	defer taker.close()
	p, e, err := b.ready(ctx, onPostgres, taker.url, "")
	if err != nil {
		return 0, err
	}
	if err := b.start(ctx, p, "serve"); err != nil {
		return 0, err
	}
	count := b.size(1500, 8000)
	requests := shots(p, "w", 0, count)
	before, err := b.meter(ctx, p, e)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	accepted, err := fire(ctx, p, 16, requests, time.Hour)
	if err != nil {
		return 0, err
	}
	_, last, err := taker.await(ctx, count)
	if err != nil {
		return 0, err
	}
	after, err := b.meter(ctx, p, e)
	if err != nil {
		return 0, err
	}
	b.report.cost(map[bool]string{true: "PostgreSQL", false: "SQLite"}[onPostgres], before, after, count)
	b.report.note("  accepted meanwhile", accepted, "/s")
	return float64(count) / last.Sub(began).Seconds(), p.stop()
}

// latency measures how long a complainant waits for the acknowledgement, at a
// hundred complaints a second.
func (b *bench) latency(ctx context.Context) error {
	taker, err := newProvider(ctx, 0)
	if err != nil {
		return err
	}
	defer taker.close()
	p, _, err := b.ready(ctx, true, taker.url, "")
	if err != nil {
		return err
	}
	if err := b.start(ctx, p, "serve"); err != nil {
		return err
	}
	const perSecond = 100
	count := perSecond * b.size(5, 60)
	sent, err := drip(ctx, p, shots(p, "l", 0, count), time.Second/perSecond)
	if err != nil {
		return err
	}
	if _, _, err := taker.await(ctx, count); err != nil {
		return err
	}
	waits := make([]time.Duration, count)
	for n, at := range sent {
		waits[n] = taker.took[phone(n)].Sub(at)
	}
	b.report.absolute("webhook → acknowledgement at 100/s, p50", milliseconds(percentile(waits, 0.5)), "ms", atMost(50))
	b.report.absolute("webhook → acknowledgement at 100/s, p99", milliseconds(percentile(waits, 0.99)), "ms", atMost(500))
	return p.stop()
}

// drip posts one request every so often, whether or not the last is answered,
// and returns when each was due.
func drip(ctx context.Context, p *product, requests [][]byte, every time.Duration) ([]time.Time, error) {
	const clients = 32
	type shot struct {
		request []byte
		due     time.Time
	}
	queue, errs := make(chan shot, len(requests)), make(chan error, clients)
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			c, err := dial(ctx, p)
			for s := range queue {
				if err == nil {
					err = c.post(s.request)
				}
			}
			if err != nil {
				errs <- err
				return
			}
			_ = c.conn.Close()
		})
	}
	due := make([]time.Time, len(requests))
	began := time.Now()
	for n, request := range requests {
		due[n] = began.Add(time.Duration(n) * every)
		time.Sleep(time.Until(due[n]))
		queue <- shot{request, due[n]}
	}
	close(queue)
	wg.Wait()
	close(errs)
	return due, <-errs
}

// replies measures sending alone: messages that wait in the outbox, to a
// provider that takes 50 ms for each.
func (b *bench) replies(ctx context.Context) error {
	taker, err := newProvider(ctx, 50*time.Millisecond)
	if err != nil {
		return err
	}
	defer taker.close()
	p, e, err := b.ready(ctx, true, taker.url, "")
	if err != nil {
		return err
	}
	count := b.size(1000, 10_000)
	if err := queueReplies(ctx, e.database, count); err != nil {
		return err
	}
	if err := b.start(ctx, p, "serve"); err != nil {
		return err
	}
	first, last, err := taker.await(ctx, count)
	if err != nil {
		return err
	}
	b.report.absolute(fmt.Sprintf("sending %d replies, 50 ms each at the provider", count),
		float64(count)/last.Sub(first).Seconds(), "/s", atLeast(1000))
	return p.stop()
}
