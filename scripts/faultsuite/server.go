package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
)

// bootTime is how long a server may take to answer after it was started.
const bootTime = 60 * time.Second

// freeAddress is one of loopback that nobody listens on, below the ports that
// outgoing connections take: it has to be free again after a restart.
func freeAddress() (string, error) {
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(12000)) //nolint:gosec // any will do
		listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", address)
		if err == nil {
			return address, listener.Close()
		}
	}
	return "", errors.New("no port of loopback is free")
}

// daemon is a server in a process of its own that can be killed and started
// again. What it prints goes to a file.
type daemon struct {
	name    string
	command func() *exec.Cmd
	log     string

	mu    sync.Mutex
	run   *exec.Cmd
	ended chan struct{} // of the current run
}

func (d *daemon) start() error {
	out, err := os.OpenFile(d.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("starting %s: %w", d.name, err)
	}
	defer out.Close()
	run := d.command()
	run.Stdout, run.Stderr = out, out
	if err := run.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", d.name, err)
	}
	ended := make(chan struct{})
	d.mu.Lock()
	d.run, d.ended = run, ended
	d.mu.Unlock()
	go func() {
		_ = run.Wait() // how it ended is in its log
		close(ended)
	}()
	return nil
}

// signal sends a signal and, for one that ends the process, waits for the end.
func (d *daemon) signal(s syscall.Signal, wait bool) {
	d.mu.Lock()
	run, ended := d.run, d.ended
	d.mu.Unlock()
	if run == nil {
		return
	}
	_ = run.Process.Signal(s) // it may have ended
	if wait {
		<-ended
	}
}

func (d *daemon) kill() { d.signal(syscall.SIGKILL, true) }

// dead reports whether the process ended by itself or by a signal.
func (d *daemon) dead() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ended
}

// postgres is a PostgreSQL with a data folder of its own.
type postgres struct {
	daemon

	address string // host:port, not through the proxy
}

func newPostgres(folder string) (*postgres, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(found) == 0 {
		return nil, errors.New("PostgreSQL is not installed; scripts/services installs it")
	}
	bin := slices.Max(found)
	home := filepath.Join(folder, "postgres")
	if err := os.MkdirAll(home, 0o755); err != nil {
		return nil, fmt.Errorf("making %s: %w", home, err)
	}
	as, err := asPostgres(home)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(home, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "redress", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8")
	initdb.SysProcAttr, initdb.Dir = as, home
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(address)
	p := &postgres{address: address}
	p.daemon = daemon{name: "postgres", log: filepath.Join(folder, "postgres.log"), command: func() *exec.Cmd {
		c := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-p", port, "-k", home,
			"-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200")
		c.SysProcAttr, c.Dir = as, home
		return c
	}}
	return p, nil
}

// asPostgres is for root, as whom PostgreSQL refuses to run.
func asPostgres(home string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root: %w", err)
	}
	uid, _ := strconv.ParseUint(account.Uid, 10, 32)
	gid, _ := strconv.ParseUint(account.Gid, 10, 32)
	if err := os.Chown(home, int(uid), int(gid)); err != nil { //nolint:gosec // 32 bits
		return nil, fmt.Errorf("handing the folder to postgres: %w", err)
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}

func (p *postgres) url(address string) string {
	return "postgres://redress@" + address + "/postgres?sslmode=disable"
}

// begin starts it and waits until it answers. A server that was killed may
// still hold its memory for a moment.
func (p *postgres) begin(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, bootTime)
	defer cancel()
	for {
		if err := p.start(); err != nil {
			return err
		}
		for ended := p.dead(); !isClosed(ended); {
			if conn, err := pgx.Connect(ctx, p.url(p.address)); err == nil {
				return conn.Close(ctx)
			}
			if rest(ctx, 50*time.Millisecond) != nil {
				return errors.New("postgres does not start; see its log")
			}
		}
	}
}

// redisServer is a Redis without persistence, as the guide allows.
type redisServer struct {
	daemon

	address string
}

func newRedis(folder, name string, arguments ...string) (*redisServer, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(address)
	home := filepath.Join(folder, name)
	if err := os.MkdirAll(home, 0o755); err != nil {
		return nil, fmt.Errorf("making %s: %w", home, err)
	}
	r := &redisServer{address: address}
	r.daemon = daemon{name: name, log: filepath.Join(folder, name+".log"), command: func() *exec.Cmd {
		return exec.Command("redis-server", append([]string{"--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", home}, arguments...)...)
	}}
	return r, nil
}

func (r *redisServer) begin(ctx context.Context) error {
	if err := r.start(); err != nil {
		return err
	}
	client := redis.NewClient(&redis.Options{Addr: r.address, MaxRetries: -1})
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, bootTime)
	defer cancel()
	for client.Ping(ctx).Err() != nil {
		if rest(ctx, 20*time.Millisecond) != nil {
			return errors.New("redis-server does not start; see its log")
		}
	}
	return nil
}

func (r *redisServer) flush(ctx context.Context) error {
	client := redis.NewClient(&redis.Options{Addr: r.address})
	defer client.Close()
	return client.FlushAll(ctx).Err()
}

// lastLines are the end of a file, for a report.
func lastLines(path string, n int) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil {
		_, _ = file.Seek(max(0, info.Size()-64<<10), io.SeekStart)
	}
	var lines []string
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		lines = append(lines, scanner.Text())
	}
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// rest waits, or returns the error of a context that ended.
func rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
