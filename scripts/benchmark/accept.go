package main

import (
	"context"
	"fmt"
	"time"
)

// accept measures how many signed webhooks a second are answered, that is,
// durable, against commits of one row with the same bytes.
func (b *bench) accept(ctx context.Context) error {
	for _, clients := range []int{16, 64} {
		if err := b.acceptOnPostgres(ctx, clients); err != nil {
			return err
		}
	}
	commits, err := b.oneRowCommits(ctx)
	if err != nil {
		return err
	}
	for _, clients := range []int{16, 64} {
		rate, err := b.acceptOnSQLite(ctx, clients)
		if err != nil {
			return err
		}
		b.report.relative(fmt.Sprintf("accepted on SQLite, %d clients", clients), rate, "/s",
			"one-row commits by the driver", commits, atLeast(3))
	}
	return nil
}

// acceptRounds of gateway and pgbench in turns; the medians count.
const acceptRounds = 3

func (b *bench) acceptOnPostgres(ctx context.Context, clients int) error {
	p, _, err := b.readyShared(ctx)
	if err != nil {
		return err
	}
	if err := b.start(ctx, p, "gateway"); err != nil {
		return err
	}
	var accepted, inserted []float64
	for round := range b.size(1, acceptRounds) {
		rate, err := b.volley(ctx, p, clients, round)
		if err != nil {
			return err
		}
		accepted = append(accepted, rate)
		if rate, err = b.oneRowInserts(ctx, clients); err != nil {
			return err
		}
		inserted = append(inserted, rate)
	}
	b.report.relative(fmt.Sprintf("accepted on PostgreSQL, %d clients", clients), median(accepted), "/s",
		"pgbench, one-row inserts", median(inserted), atLeast(1))
	return p.stop()
}

func (b *bench) acceptOnSQLite(ctx context.Context, clients int) (float64, error) {
	taker, err := newProvider(ctx, 0)
	if err != nil {
		return 0, err
	}
	defer taker.close()
	p, _, err := b.ready(ctx, false, taker.url, "")
	if err != nil {
		return 0, err
	}
	if err := b.start(ctx, p, "serve"); err != nil {
		return 0, err
	}
	rate, err := b.volley(ctx, p, clients, 0)
	if err != nil {
		return 0, err
	}
	return rate, p.stop()
}

// volley posts webhooks for a while, as fast as they are answered, and returns
// the rate.
func (b *bench) volley(ctx context.Context, p *product, clients, round int) (float64, error) {
	length := b.size(1, 4)
	count := length * 20_000 // more than are answered
	return fire(ctx, p, clients, shots(p, fmt.Sprintf("a%dr%dx", clients, round), 0, count), time.Duration(length)*time.Second)
}

// readyShared makes a product on PostgreSQL and Redis.
func (b *bench) readyShared(ctx context.Context) (*product, engines, error) {
	e := engines{redis: b.redis}
	var err error
	if e.database, err = b.newDatabase(ctx); err != nil {
		return nil, e, err
	}
	taker, err := newProvider(ctx, 0) // answers the check of the account at start
	if err != nil {
		return nil, e, err
	}
	p, err := b.settle(ctx, e, taker.url, "")
	if err != nil {
		return nil, e, err
	}
	return p, e, b.run(ctx, p, "migrate")
}
