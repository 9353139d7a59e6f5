package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/scripts/testenv"
)

// engine is one of the databases, with a connection beside the store's by
// which tests look at it or damage it.
type engine struct {
	*store.Store
	name string
	url  string // empty: SQLite
	db   *sql.DB
}

// now is the time of all tests.
var now = time.Date(2027, 3, 14, 9, 26, 53, 589793000, time.UTC)

// each runs a test on every engine, each time on a database of its own.
func each(t *testing.T, test func(t *testing.T, s engine)) {
	t.Run("sqlite", func(t *testing.T) { test(t, sqliteEngine(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, postgresEngine(t)) })
}

func sqliteEngine(t *testing.T) engine {
	t.Helper()
	dir := t.TempDir()
	return sqliteEngineIn(t, dir)
}

func sqliteEngineIn(t *testing.T, dir string) engine {
	t.Helper()
	return openEngine(t, "sqlite", store.Options{DataDir: dir}, "sqlite", filepath.Join(dir, "redress.db"))
}

func postgresEngine(t *testing.T) engine {
	t.Helper()
	address := emptyDatabase(t)
	e := openEngine(t, "postgres", store.Options{URL: address}, "pgx", address)
	if _, _, err := e.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}

// emptyDatabase makes a database and drops it when the test is over.
func emptyDatabase(t *testing.T) string {
	t.Helper()
	server := testenv.Need(t, testenv.Postgres)
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { admin.Close() })
	var seq int64
	if err := admin.QueryRow(`SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint`).Scan(&seq); err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("redress_store_%d_%d", os.Getpid(), seq)
	if _, err := admin.Exec(`CREATE DATABASE ` + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec(`DROP DATABASE ` + name + ` WITH (FORCE)`); err != nil {
			t.Error(err)
		}
	})
	address, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	address.Path = "/" + name
	return address.String()
}

func openEngine(t *testing.T, name string, o store.Options, driver, dsn string) engine {
	t.Helper()
	o.Now = func() time.Time { return now }
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return engine{Store: s, name: name, url: o.URL, db: db}
}

// exec runs a statement behind the store's back.
func (e engine) exec(t *testing.T, query string) {
	t.Helper()
	if _, err := e.db.ExecContext(context.Background(), query); err != nil {
		t.Fatal(err)
	}
}

// count runs a query for one number behind the store's back.
func (e engine) count(t *testing.T, query string) int {
	t.Helper()
	var n int
	if err := e.db.QueryRowContext(context.Background(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func openRaw(t *testing.T, driver, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// load runs a file of statements.
func load(t *testing.T, db *sql.DB, path string) {
	t.Helper()
	script, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), string(script)); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// schemaOf describes all tables, columns and indexes.
func schemaOf(t *testing.T, e engine) string {
	t.Helper()
	query := `SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name`
	if e.name == "postgres" {
		query = `SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
				FROM information_schema.columns WHERE table_schema = 'public'
			UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1`
	}
	rows, err := e.db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out strings.Builder
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		out.WriteString(line + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
