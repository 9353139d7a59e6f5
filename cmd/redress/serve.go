package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/redress-cms/redress/cmd/redress/internal/app"
	"github.com/redress-cms/redress/configs"
	"github.com/redress-cms/redress/pipeline"
)

type serveCommand struct{}

// Help is shown by `redress serve --help`.
func (serveCommand) Help() string {
	return "Without settings it uses SQLite in ./data and no provider: with an organisation.yaml beside it, the web form at http://localhost:8080 works at once.\n\n" +
		"Example:\n\n  redress serve --config /etc/redress/redress.yaml"
}

// Run serves until it is told to stop.
func (serveCommand) Run(r *invocation) error {
	settings, err := r.settings()
	if err != nil {
		return err
	}
	return serve(r, settings, app.Role{Gateway: true, Worker: true})
}

type gatewayCommand struct{}

// Help is shown by `redress gateway --help`.
func (gatewayCommand) Help() string {
	return "Any number of gateways share a PostgreSQL and a Redis, behind a load balancer. Each mailbox and bot is polled by one of them.\n\n" +
		"Example:\n\n  redress gateway --config /etc/redress/redress.yaml"
}

// Run is serve without the worker.
func (gatewayCommand) Run(r *invocation) error { return runShared(r, app.Role{Gateway: true}) }

type workerCommand struct{}

// Help is shown by `redress worker --help`.
func (workerCommand) Help() string {
	return "Any number of workers share a PostgreSQL and a Redis. Its HTTP address answers /healthz, /readyz and /metrics only.\n\n" +
		"Example:\n\n  redress worker --config /etc/redress/redress.yaml"
}

// Run is serve without the gateway.
func (workerCommand) Run(r *invocation) error { return runShared(r, app.Role{Worker: true}) }

// runShared refuses the embedded engines, which one process has to itself.
func runShared(r *invocation, role app.Role) error {
	settings, err := r.settings()
	if err != nil {
		return err
	}
	if settings.Database.URL == "" || len(settings.Redis.URL) == 0 {
		return errors.New("gateway and worker need database.url (postgres://…) and redis.url in the settings; on one machine run: redress serve")
	}
	return serve(r, settings, role)
}

// databaseRetry is between two tries to reach the database at start.
const databaseRetry = 3 * time.Second

// serve opens everything and runs it. The listener is there first, so that
// /readyz tells what is missing while a database is away.
func serve(r *invocation, settings *configs.Settings, role app.Role) (err error) {
	ctx := r.Context
	listener, err := app.Listen(ctx, settings.HTTP.Listen)
	if err != nil {
		return err
	}
	gate := app.NewGate(ctx, listener)
	defer gate.Drain(ctx)
	if err := app.ServeDebug(ctx, settings.Debug.Listen); err != nil {
		return err
	}
	a, err := openPatiently(ctx, app.Options{
		Settings: settings, Logger: app.NewLogger(r.Streams.Err, settings.Log), Machine: machineClock(r.environ),
		Recall: role.Gateway && settings.Database.URL != "",
	}, gate)
	if ctx.Err() != nil && a == nil {
		return nil // told to stop while waiting
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return a.Run(ctx, role, gate)
}

// openPatiently waits for a PostgreSQL that is away. What waiting cannot mend
// is an error at once.
func openPatiently(ctx context.Context, options app.Options, gate *app.Gate) (*app.App, error) {
	for {
		a, err := app.Open(ctx, options)
		if err == nil || !app.Away(err) {
			return a, err
		}
		options.Logger.Warn("the database is away; trying again", "in", databaseRetry, "error", err)
		gate.Waiting(fmt.Sprintf("database: %v", app.Brief(err)))
		if stopped := (pipeline.SystemClock{}).Wait(ctx, time.Now().Add(databaseRetry)); stopped != nil {
			return nil, stopped
		}
	}
}

// listenerPort is the port a listener got.
func listenerPort(l net.Listener) int {
	if address, ok := l.Addr().(*net.TCPAddr); ok {
		return address.Port
	}
	return 0
}
