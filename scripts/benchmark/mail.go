package main

import "context"

func (b *bench) mail(ctx context.Context) error   { return nil }
func (b *bench) seeded(ctx context.Context) error { return nil }
