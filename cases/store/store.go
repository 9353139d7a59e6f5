package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// The names gorm has for the engines.
const (
	sqliteName   = "sqlite"
	postgresName = "postgres"
)

// maxRetries of a transaction that the database itself asks to repeat.
const maxRetries = 5

// Options say where the database is.
type Options struct {
	URL     string           // postgres://…; empty: SQLite in DataDir
	DataDir string           // folder of redress.db; made if missing
	Random  io.Reader        // salts of event notes; nil: crypto/rand
	Now     func() time.Time // when an organisation is applied; nil: time.Now
	// Holder names this process among those that share the database, and holds
	// its ProcessLease while it claims. Empty: it shares it with none.
	Holder string
}

// Store keeps everything. All methods are safe for concurrent use.
type Store struct {
	random io.Reader
	now    func() time.Time
	holder string
	writer *gorm.DB // SQLite: one connection, whose transactions begin by taking the write lock
	reader *gorm.DB
	pools  []*sql.DB
}

// Open opens the database. SQLite is created and brought to this version.
// PostgreSQL is not connected to before it is needed, so that a gateway starts
// while it is away: ask Ping and SchemaVersion.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	switch {
	case o.URL == "":
		return openSQLite(ctx, o)
	case strings.HasPrefix(o.URL, "postgres://"), strings.HasPrefix(o.URL, "postgresql://"):
		return openPostgres(o)
	}
	return nil, errors.New("open the database: its URL must begin with postgres://, or be empty for SQLite")
}

// Close ends all connections.
func (s *Store) Close() error {
	var errs []error
	for _, pool := range s.pools {
		errs = append(errs, pool.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close the database: %w", err)
	}
	return nil
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	for _, pool := range s.pools {
		if err := pool.PingContext(ctx); err != nil {
			return fmt.Errorf("reach the database: %w", err)
		}
	}
	return nil
}

// openGorm puts gorm on a pool. Its log is off: it would hold values.
func openGorm(dialector gorm.Dialector) (*gorm.DB, error) {
	return gorm.Open(dialector, &gorm.Config{
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
		Logger:                 logger.Discard,
	})
}

func (s *Store) read(ctx context.Context) *gorm.DB { return s.reader.WithContext(ctx) }

// write runs f in one transaction, again when the database found that it
// crossed another one. f must not change what it was handed before it returns nil.
func (s *Store) write(ctx context.Context, f func(tx *gorm.DB) error) error {
	return repeated(func() error { return s.writer.WithContext(ctx).Transaction(f) })
}

// writeOnce is write for an f with one statement that changes something, which
// is a transaction by itself.
func (s *Store) writeOnce(ctx context.Context, f func(db *gorm.DB) error) error {
	return repeated(func() error { return f(s.writer.WithContext(ctx)) })
}

func repeated(f func() error) error {
	var err error
	for range maxRetries {
		if err = f(); !isCrossed(err) {
			return err
		}
	}
	return err
}

// exec runs one statement that is a transaction by itself and returns how many
// rows it changed.
func (s *Store) exec(ctx context.Context, query string, args ...any) (int64, error) {
	var n int64
	var err error
	for range maxRetries {
		if n, err = change(s.writer.WithContext(ctx), query, args...); !isCrossed(err) {
			break
		}
	}
	return n, err
}

// converted turns rows into what callers get.
func converted[R, T any](rows []R, err error, convert func(R) T) ([]T, error) {
	if err != nil {
		return nil, err
	}
	out := make([]T, len(rows))
	for i, row := range rows {
		out[i] = convert(row)
	}
	return out, nil
}
