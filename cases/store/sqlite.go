package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	"github.com/glebarez/sqlite"
)

// sqliteFile is the database's name in the data folder.
const sqliteFile = "redress.db"

// sqlitePragmas are set on every connection. With WAL, synchronous must be
// FULL: NORMAL can lose the last commits when power fails
// (https://www.sqlite.org/pragma.html#pragma_synchronous).
var sqlitePragmas = [...]string{
	"busy_timeout(10000)", // ms; commands write beside a running service
	"journal_mode(WAL)",
	"synchronous(FULL)",
	"foreign_keys(1)",
}

func openSQLite(ctx context.Context, o Options) (*Store, error) {
	path, err := makeSQLite(o.DataDir)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	writer, err := sql.Open(sqlite.DriverName, sqliteDSN(path, "immediate", nil))
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	writer.SetMaxOpenConns(1) // several writers would stall one another in busy_timeout
	reader, err := sql.Open(sqlite.DriverName, sqliteDSN(path, "deferred", []string{"query_only(1)"}))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the database: %w", err), writer.Close())
	}
	reader.SetMaxOpenConns(max(4, runtime.GOMAXPROCS(0)))
	reader.SetMaxIdleConns(max(4, runtime.GOMAXPROCS(0)))

	s := &Store{random: o.Random, now: o.Now, pools: []*sql.DB{reader, writer}}
	if err := s.startSQLite(ctx, writer, reader); err != nil {
		return nil, errors.Join(fmt.Errorf("open the database %s: %w", path, err), s.Close())
	}
	return s, nil
}

func (s *Store) startSQLite(ctx context.Context, writer, reader *sql.DB) error {
	var err error
	if s.writer, err = openGorm(sqlite.Dialector{Conn: writer}); err != nil {
		return err
	}
	if _, _, err := s.Migrate(ctx); err != nil {
		return err
	}
	s.reader, err = openGorm(sqlite.Dialector{Conn: reader})
	return err
}

// makeSQLite makes the folder and an empty database that only its owner can
// read; SQLite gives its other files the same mode.
func makeSQLite(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	path := filepath.Join(dir, sqliteFile)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", err
	}
	return path, f.Close()
}

// sqliteDSN is a URI file name (https://www.sqlite.org/uri.html).
func sqliteDSN(path, lock string, more []string) string {
	query := url.Values{"_txlock": {lock}}
	for _, pragma := range append(sqlitePragmas[:], more...) {
		query.Add("_pragma", pragma)
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query.Encode()
}
