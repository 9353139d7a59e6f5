package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	_ "github.com/glebarez/go-sqlite" // the driver of the embedded database
	"github.com/jackc/pgx/v5"
)

var pgbenchRate = regexp.MustCompile(`tps = ([0-9.]+)`)

// pgbench runs PostgreSQL's own benchmark and returns its transactions a second.
func (b *bench) pgbench(ctx context.Context, database string, clients int, args ...string) (float64, error) {
	args = append([]string{
		"-n", "-c", strconv.Itoa(clients), "-j", "2", "-T", strconv.Itoa(b.size(2, 5)),
	}, append(args, database)...)
	out, err := exec.CommandContext(ctx, "pgbench", args...).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("pgbench: %w: %s", err, out)
	}
	match := pgbenchRate.FindSubmatch(out)
	if match == nil {
		return 0, fmt.Errorf("pgbench tells no rate: %s", out)
	}
	return strconv.ParseFloat(string(match[1]), 64)
}

// oneRowInserts commits the bytes of a webhook under a fresh key, row by row.
func (b *bench) oneRowInserts(ctx context.Context, clients int) (float64, error) {
	database, err := b.newDatabase(ctx)
	if err != nil {
		return 0, err
	}
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return 0, err
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, `CREATE TABLE received (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		external_id text NOT NULL UNIQUE, raw bytea NOT NULL)`); err != nil {
		return 0, err
	}
	script := filepath.Join(b.folder, "insert.sql")
	text := fmt.Sprintf(`INSERT INTO received (external_id, raw) VALUES (gen_random_uuid(), '\x%x');`, form("base", 1).Encode())
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		return 0, err
	}
	return b.pgbench(ctx, database, clients, "-f", script)
}

// bankTransfers is pgbench's own workload, much like TPC-B.
func (b *bench) bankTransfers(ctx context.Context, clients int) (float64, error) {
	database, err := b.newDatabase(ctx)
	if err != nil {
		return 0, err
	}
	// As pgbench's manual asks: a scale of at least the clients.
	if out, err := exec.CommandContext(ctx, "pgbench", "-i", "-q", "-s", strconv.Itoa(clients), database).CombinedOutput(); err != nil {
		return 0, fmt.Errorf("pgbench -i: %w: %s", err, out)
	}
	return b.pgbench(ctx, database, clients)
}

// oneRowCommits is what the SQLite driver alone does with synchronous=FULL.
func (b *bench) oneRowCommits(ctx context.Context) (float64, error) {
	path := filepath.Join(b.folder, "commits.db")
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		return 0, err
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS received
		(id INTEGER PRIMARY KEY, external_id TEXT NOT NULL UNIQUE, raw BLOB NOT NULL) STRICT`); err != nil {
		return 0, err
	}
	insert, err := db.PrepareContext(ctx, `INSERT INTO received (external_id, raw) VALUES (?, ?)`)
	if err != nil {
		return 0, err
	}
	defer func() { _ = insert.Close() }()
	raw := []byte(form("base", 1).Encode())
	began, commits := time.Now(), 0
	for length := time.Duration(b.size(1, 5)) * time.Second; time.Since(began) < length; commits++ {
		if _, err := insert.ExecContext(ctx, rand.Text(), raw); err != nil {
			return 0, err
		}
	}
	return float64(commits) / time.Since(began).Seconds(), nil
}
