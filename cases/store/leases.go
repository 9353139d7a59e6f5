package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Cursor is how far a poller has read, as it put it itself; "" before the
// first SetCursor.
func (s *Store) Cursor(ctx context.Context, name string) (string, error) {
	value, err := one[string](s.read(ctx), `SELECT value FROM cursors WHERE name = ?`, key(name))
	if err != nil && !errors.Is(err, ErrNotFound) {
		return "", fmt.Errorf("read cursor %s: %w", name, err)
	}
	return value, nil
}

// InitCursor sets a cursor that has no value yet, and returns the one it then
// has: of several processes that start together, all get the first one's.
func (s *Store) InitCursor(ctx context.Context, name, value string) (string, error) {
	_, err := s.exec(ctx, `INSERT INTO cursors (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING`, key(name), text(value))
	if err != nil {
		return "", fmt.Errorf("init cursor %s: %w", name, err)
	}
	return s.Cursor(ctx, name)
}

// SetCursor keeps how far a poller has read.
func (s *Store) SetCursor(ctx context.Context, name, value string) error {
	_, err := s.exec(ctx, `INSERT INTO cursors (name, value) VALUES (?, ?)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, key(name), text(value))
	if err != nil {
		return fmt.Errorf("set cursor %s: %w", name, err)
	}
	return nil
}

// ProcessLease is the lease that says that a process is alive. What it claimed
// is abandoned when that runs out.
func ProcessLease(holder string) string { return "process:" + holder }

// Lease takes or renews a lease for holder until now + ttl, and reports
// whether holder has it. Whoever lets it run out may lose it to another. On
// PostgreSQL now is the database's, so that machines whose clocks differ agree.
func (s *Store) Lease(ctx context.Context, name, holder string, now time.Time, ttl time.Duration) (bool, error) {
	var n int64
	var err error
	if s.writer.Name() == postgresName {
		n, err = s.exec(ctx, `INSERT INTO leases (name, holder, expires_at)
			VALUES (?, ?, clock_timestamp() + ? * interval '1 microsecond')
			ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
			WHERE leases.holder = excluded.holder OR leases.expires_at <= clock_timestamp()`,
			key(name), key(holder), ttl.Microseconds())
	} else {
		n, err = s.exec(ctx, `INSERT INTO leases (name, holder, expires_at) VALUES (?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
			WHERE leases.holder = excluded.holder OR leases.expires_at <= ?`,
			key(name), key(holder), instant{now.Add(ttl)}, instant{now})
	}
	if err != nil {
		return false, fmt.Errorf("take lease %s: %w", name, err)
	}
	return n > 0, nil
}

// ReleaseLease gives a lease back before it runs out, if holder has it.
func (s *Store) ReleaseLease(ctx context.Context, name, holder string) error {
	_, err := s.exec(ctx, `DELETE FROM leases WHERE name = ? AND holder = ?`, key(name), key(holder))
	if err != nil {
		return fmt.Errorf("release lease %s: %w", name, err)
	}
	return nil
}

// Clock is what the clock of PostgreSQL shows, give or take within; zero for
// the embedded engine, which has none of its own.
func (s *Store) Clock(ctx context.Context) (shown time.Time, within time.Duration, err error) {
	if s.writer.Name() != postgresName {
		return time.Time{}, 0, nil
	}
	asked := time.Now()
	row, err := one[struct{ Shown instant }](s.read(ctx), `SELECT clock_timestamp() AS shown`)
	if err != nil {
		return time.Time{}, 0, fmt.Errorf("ask for the time: %w", err)
	}
	within = time.Since(asked) / 2
	return row.Shown.Add(within), within, nil
}
