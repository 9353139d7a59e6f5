package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Of the account at the provider.
const (
	accountSID = "AC00000000000000000000000000000001"
	authToken  = "0123456789abcdef0123456789abcdef"
	ourNumber  = "+12025550100"
)

const (
	startTimeout = 30 * time.Second
	stopTimeout  = 60 * time.Second
)

// product is a running redress.
type product struct {
	folder  string
	config  string
	address string // host:port it listens on
	command *exec.Cmd
	ended   chan error
}

// engines are what a product runs on.
type engines struct {
	database string // URL; empty: SQLite
	redis    string // URL; empty: in process
}

// settle writes the settings of a product that has not started yet. smsAPI is
// the provider's address; mailbox, when not empty, is read by IMAP.
func (b *bench) settle(ctx context.Context, e engines, smsAPI, mailbox string) (*product, error) {
	folder, err := os.MkdirTemp(b.folder, "redress-")
	if err != nil {
		return nil, err
	}
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	p := &product{folder: folder, config: filepath.Join(folder, "redress.yaml"), address: address}
	text := fmt.Sprintf("data_dir: %q\nhttp: {listen: %q, public_url: %q}\norganisation: {file: %q}\nlog: {level: warn}\n",
		filepath.Join(folder, "data"), address, "http://"+address, filepath.Join(folder, "organisation.yaml"))
	if e.database != "" {
		text += fmt.Sprintf("database: {url: %q}\n", e.database)
	}
	if e.redis != "" {
		text += fmt.Sprintf("redis: {url: %q}\n", e.redis)
	}
	text += "channels:\n"
	if smsAPI != "" {
		text += fmt.Sprintf("  sms:\n    - {name: main, provider: twilio, account_sid: %q, auth_token: %q, api_base_url: %q, numbers: [%q], segments_per_second: 10000}\n",
			accountSID, authToken, smsAPI, ourNumber)
	}
	if mailbox != "" { // nobody listens at the SMTP address: what counts is that answers are queued
		text += fmt.Sprintf("  email:\n    - name: complaints\n      imap: {address: %q, tls: none, username: %s, password: secret, poll_interval: 5s, after: keep}\n"+
			"      smtp: {address: \"127.0.0.1:1\", tls: none}\n      from: City <%s@redress.test>\n", b.imap, mailbox, mailbox)
	}
	if err := os.WriteFile(p.config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	return p, os.WriteFile(filepath.Join(folder, "organisation.yaml"), []byte(organisation()), 0o600)
}

// run runs a short command.
func (b *bench) run(ctx context.Context, p *product, args ...string) error {
	command := exec.CommandContext(ctx, b.redress, append(args, "--config", p.config)...)
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("redress %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// start starts a long command and waits until everything works.
func (b *bench) start(ctx context.Context, p *product, role string) error {
	return b.startUntil(ctx, p, role, "/readyz")
}

// startUntil starts a long command and waits until a page of it answers 200.
func (b *bench) startUntil(ctx context.Context, p *product, role, page string) error {
	log, err := os.Create(filepath.Join(p.folder, role+".log"))
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	p.command = exec.CommandContext(ctx, b.redress, role, "--config", p.config)
	p.command.Stdout, p.command.Stderr = log, log
	if err := p.command.Start(); err != nil {
		return fmt.Errorf("starting redress %s: %w", role, err)
	}
	b.started = append(b.started, p.command.Process)
	p.ended = make(chan error, 1)
	go func() { p.ended <- p.command.Wait() }()
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.address+page, nil)
		if err != nil {
			return err
		}
		if response, err := http.DefaultClient.Do(request); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case err := <-p.ended:
			text, _ := os.ReadFile(log.Name())
			return fmt.Errorf("redress %s ended: %w: %s", role, err, text)
		case <-ctx.Done():
			return fmt.Errorf("redress %s is not ready after %s; its log is %s", role, startTimeout, log.Name())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stop ends a product as an operator does.
func (p *product) stop() error {
	if p.command == nil {
		return nil
	}
	_ = p.command.Process.Signal(os.Interrupt)
	select {
	case err := <-p.ended:
		return err
	case <-time.After(stopTimeout):
		return errors.Join(errors.New("redress does not stop"), p.command.Process.Kill())
	}
}

// newDatabase makes an empty database on the server.
func (b *bench) newDatabase(ctx context.Context) (string, error) {
	conn, err := pgx.Connect(ctx, b.postgres)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(ctx) }()
	name := fmt.Sprintf("bench_%d", time.Now().UnixNano())
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	return strings.Replace(b.postgres, "/postgres?", "/"+name+"?", 1), nil
}

// ready makes a product on PostgreSQL, its schema in place, or on SQLite.
func (b *bench) ready(ctx context.Context, onPostgres bool, smsAPI, mailbox string) (*product, engines, error) {
	var e engines
	var err error
	if onPostgres {
		if e.database, err = b.newDatabase(ctx); err != nil {
			return nil, e, err
		}
	}
	p, err := b.settle(ctx, e, smsAPI, mailbox)
	if err != nil {
		return nil, e, err
	}
	return p, e, b.run(ctx, p, "migrate")
}

// usage is what a process took so far.
type usage struct {
	cpu  time.Duration
	peak float64 // resident memory, MB
	now  float64
}

// clockTick is the unit of /proc/PID/stat on every Linux that Go runs on.
const clockTick = 10 * time.Millisecond

// usageOf reads /proc.
func usageOf(pid int) (usage, error) {
	var u usage
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return u, err
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	for _, field := range fields[11:13] {
		n, err := strconv.Atoi(field)
		if err != nil {
			return u, err
		}
		u.cpu += time.Duration(n) * clockTick
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return u, err
	}
	for line := range strings.Lines(string(status)) {
		var kb float64
		if _, err := fmt.Sscanf(line, "VmHWM: %f kB", &kb); err == nil {
			u.peak = kb / 1024
		}
		if _, err := fmt.Sscanf(line, "VmRSS: %f kB", &kb); err == nil {
			u.now = kb / 1024
		}
	}
	return u, nil
}

func (p *product) usage() (usage, error) { return usageOf(p.command.Process.Pid) }

func freeAddress(ctx context.Context) (string, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
