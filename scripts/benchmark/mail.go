package main

import "context"

func (b *bench) mail(ctx context.Context) error { return nil }
