package main

import (
	"context"
	"time"
)

// idle measures the embedded program while nothing happens.
func (b *bench) idle(ctx context.Context) error {
	taker, err := newProvider(ctx, 0)
	if err != nil {
		return err
	}
	defer taker.close()
	p, _, err := b.ready(ctx, false, taker.url, "idle")
	if err != nil {
		return err
	}
	if err := b.start(ctx, p, "serve"); err != nil {
		return err
	}
	time.Sleep(2 * time.Second)
	before, err := p.usage()
	if err != nil {
		return err
	}
	length := time.Duration(b.size(5, 60)) * time.Second
	time.Sleep(length)
	after, err := p.usage()
	if err != nil {
		return err
	}
	b.report.absolute("memory after start, embedded", before.now, "MB", atMost(60))
	b.report.absolute("idle, embedded, of a core", 100*float64(after.cpu-before.cpu)/float64(length), "%", atMost(0.5))
	return p.stop()
}
