package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// meter is what redress and its database took so far.
type meter struct {
	redress  time.Duration // CPU
	database time.Duration // CPU of PostgreSQL; SQLite's is redress's
	commits  float64
	wal      float64 // bytes
	size     float64 // of the database, bytes
	peak     float64 // MB
}

func (b *bench) meter(ctx context.Context, p *product, e engines) (meter, error) {
	u, err := p.usage()
	if err != nil || e.database == "" {
		return meter{redress: u.cpu, peak: u.peak}, err
	}
	m := meter{redress: u.cpu, peak: u.peak}
	conn, err := pgx.Connect(ctx, e.database)
	if err != nil {
		return m, err
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, `SELECT pg_stat_force_next_flush()`); err != nil {
		return m, fmt.Errorf("flushing statistics: %w", err)
	}
	err = conn.QueryRow(ctx, `SELECT (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()),
		(SELECT wal_bytes FROM pg_stat_wal), pg_database_size(current_database())`).Scan(&m.commits, &m.wal, &m.size)
	if err != nil {
		return m, fmt.Errorf("reading statistics: %w", err)
	}
	m.database, err = cpuOf("postgres")
	return m, err
}

// cpuOf sums the processes of a program that run now.
func cpuOf(program string) (time.Duration, error) {
	files, err := filepath.Glob("/proc/[0-9]*/comm")
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, file := range files {
		name, err := os.ReadFile(file)
		if err != nil || strings.TrimSpace(string(name)) != program {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if u, err := usageOf(pid); err == nil { // else it has ended
			sum += u.cpu
		}
	}
	return sum, nil
}

// cost adds what one complaint took.
func (r *report) cost(engine string, before, after meter, count int) {
	per := func(v float64) float64 { return v / float64(count) }
	name := "  one complaint on " + engine + ": "
	r.note(name+"CPU of redress", per(milliseconds(after.redress-before.redress)), "ms")
	if after.database > 0 {
		r.note(name+"CPU of PostgreSQL", per(milliseconds(after.database-before.database)), "ms")
		r.note(name+"transactions", per(after.commits-before.commits), "")
		r.note(name+"WAL", per(after.wal-before.wal)/1024, "kB")
		r.note(name+"on disk", per(after.size-before.size)/1024, "kB")
	}
	r.note(name+"peak memory", after.peak, "MB")
}
