package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
)

// The pool of one process. PostgreSQL allows 100 connections as installed, so
// that a handful of processes fit.
const (
	postgresConnections = 16
	postgresLifetime    = 30 * time.Minute
	postgresIdleTime    = 5 * time.Minute
	postgresConnect     = 10 * time.Second // unless connect_timeout is in the URL
	postgresSilence     = 30 * time.Second // of the network, not of a long statement
)

func openPostgres(o Options) (*Store, error) {
	config, err := pgx.ParseConfig(o.URL)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err) // pgx leaves the password out
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "redress"
	}
	config.DialFunc = postgresDialer(config.ConnectTimeout).DialContext
	pool := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(demandDurability))
	pool.SetMaxOpenConns(postgresConnections)
	pool.SetMaxIdleConns(postgresConnections)
	pool.SetConnMaxLifetime(postgresLifetime)
	pool.SetConnMaxIdleTime(postgresIdleTime)
	db, err := openGorm(postgres.New(postgres.Config{Conn: pool}))
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return &Store{random: o.Random, now: o.Now, holder: o.Holder, writer: db, reader: db, pools: []*sql.DB{pool}}, nil
}

// postgresDialer connects so that a server whose host vanished is noticed.
func postgresDialer(timeout time.Duration) *net.Dialer {
	return &net.Dialer{Timeout: cmp.Or(timeout, postgresConnect), Control: giveUpSilent}
}

// demandDurability makes a commit wait for the disk where the server is set
// not to: a provider is told "accepted" on the strength of it.
func demandDurability(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `SELECT set_config('synchronous_commit', 'on', false)
		WHERE current_setting('synchronous_commit') = 'off'`)
	return err
}
