package main

import (
	"bufio"
	"context"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/redress-cms/redress/scripts/testenv"
)

// process is the program in a process of its own, so that it can be killed.
type process struct {
	command *exec.Cmd
	ended   chan struct{}
}

func (w *world) startProcess(command string, environ ...string) *process {
	w.t.Helper()
	self, err := os.Executable()
	must(w.t, err)
	p := &process{command: exec.Command(self, command, "--config", w.config), ended: make(chan struct{})}
	p.command.Env = append(environ, asProgram+"=1")
	p.command.Stderr = w.logs
	must(w.t, p.command.Start())
	go func() {
		_ = p.command.Wait() // its end is the test's doing
		close(p.ended)
	}()
	w.t.Cleanup(p.kill)
	return p
}

// kill is kill -9: nothing is finished and nothing given back.
func (p *process) kill() {
	_ = p.command.Process.Kill() // it may have ended
	<-p.ended
}

// steppedClock is the machine's clock, off by as much as a test says.
type steppedClock struct {
	mu     sync.Mutex
	offset time.Duration
	moved  chan struct{}
}

// Now implements pipeline.Clock.
func (c *steppedClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset).UTC()
}

// Wait implements pipeline.Clock.
func (c *steppedClock) Wait(ctx context.Context, until time.Time) error {
	c.mu.Lock()
	moved, left := c.moved, until.Sub(time.Now().Add(c.offset))
	c.mu.Unlock()
	if left <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(min(left, time.Minute))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-moved:
	case <-timer.C:
	}
	return nil
}

// step moves the clock by d, forwards or back.
func (c *steppedClock) step(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
	close(c.moved)
	c.moved = make(chan struct{})
}

// stepTo makes it t by this clock.
func (c *steppedClock) stepTo(t time.Time) { c.step(t.Sub(c.Now())) }

// redisServer is a Redis of one test, which may be flushed and stopped.
type redisServer struct {
	t       *testing.T
	address string
	command *exec.Cmd
}

func startRedis(t *testing.T) *redisServer {
	t.Helper()
	testenv.Need(t, testenv.Redis)
	r := &redisServer{t: t, address: freeAddress(t)}
	r.start()
	t.Cleanup(r.stop)
	return r
}

func (r *redisServer) start() {
	r.t.Helper()
	_, port, err := net.SplitHostPort(r.address)
	must(r.t, err)
	r.command = exec.Command("redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", r.t.TempDir())
	out, err := r.command.StdoutPipe()
	must(r.t, err)
	must(r.t, r.command.Start())
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.Contains(lines.Text(), "Ready to accept connections") {
			return
		}
	}
	r.t.Fatal("redis-server does not start")
}

func (r *redisServer) stop() {
	_ = r.command.Process.Kill()
	_ = r.command.Wait()
}

// flush is FLUSHALL.
func (r *redisServer) flush() {
	r.t.Helper()
	client := redis.NewClient(&redis.Options{Addr: r.address})
	defer client.Close()
	must(r.t, client.FlushAll(context.Background()).Err())
}
