//go:build faults

package main

import (
	"context"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redress-cms/redress/pipeline"
)

// machineClock is the machine's clock, put off by what the file named in
// REDRESS_FAULTS_CLOCK says. It is in the binaries of the fault suite only,
// which steps clocks so: Go takes the time past libfaketime.
func machineClock(environ []string) pipeline.Clock {
	for _, variable := range environ {
		if file, ok := strings.CutPrefix(variable, "REDRESS_FAULTS_CLOCK="); ok {
			return &steppedByFile{file: file}
		}
	}
	return pipeline.SystemClock{}
}

// Between two looks at the file, and the longest wait for a time.
const (
	lookEvery = 100 * time.Millisecond
	longest   = time.Second
)

type steppedByFile struct {
	file string

	mu     sync.Mutex
	looked time.Time
	offset time.Duration
}

// Now implements pipeline.Clock.
func (c *steppedByFile) Now() time.Time {
	now := time.Now().UTC()
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.looked) > lookEvery {
		c.looked = now
		if text, err := os.ReadFile(c.file); err == nil {
			if n, err := strconv.ParseInt(string(text), 10, 64); err == nil {
				c.offset = time.Duration(n)
			}
		}
	}
	return now.Add(c.offset)
}

// Wait implements pipeline.Clock.
func (c *steppedByFile) Wait(ctx context.Context, until time.Time) error {
	left := min(until.Sub(c.Now()), longest)
	if left <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
