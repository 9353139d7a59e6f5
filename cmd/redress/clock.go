//go:build !faults

package main

import "github.com/redress-cms/redress/pipeline"

// machineClock is the clock that a process works by.
func machineClock([]string) pipeline.Clock { return pipeline.SystemClock{} }
