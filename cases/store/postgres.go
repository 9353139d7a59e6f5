package store

import (
	"context"
	"database/sql"
	"fmt"
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
)

func openPostgres(o Options) (*Store, error) {
	config, err := pgx.ParseConfig(o.URL)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err) // pgx leaves the password out
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "redress"
	}
	pool := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(demandDurability))
	pool.SetMaxOpenConns(postgresConnections)
	pool.SetMaxIdleConns(postgresConnections)
	pool.SetConnMaxLifetime(postgresLifetime)
	pool.SetConnMaxIdleTime(postgresIdleTime)
	db, err := openGorm(postgres.New(postgres.Config{Conn: pool}))
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return &Store{random: o.Random, now: o.Now, writer: db, reader: db, pools: []*sql.DB{pool}}, nil
}

// demandDurability makes a commit wait for the disk where the server is set
// not to: a provider is told "accepted" on the strength of it.
func demandDurability(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `SELECT set_config('synchronous_commit', 'on', false)
		WHERE current_setting('synchronous_commit') = 'off'`)
	return err
}
