package store_test

import (
	"database/sql"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/redress-cms/redress/cases/store"
)

// column is what a program that knows a table relies on.
type column struct {
	kind     string
	required bool // a row cannot be inserted without it
	null     bool
}

// During a rolling restart programs of two versions work on one database, so a
// migration leaves what the version before reads and writes as it is.
func TestTheVersionBeforeWorksOnTheNewSchema(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		dir := t.TempDir()
		old := openRaw(t, "sqlite", filepath.Join(dir, "redress.db"))
		load(t, old, "testdata/first.sqlite.sql")
		const query = `SELECT m.name || '.' || c.name, c.type, c."notnull" = 1 AND c.dflt_value IS NULL, c."notnull" = 0 
			FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'`
		before := columnsOf(t, old, query)
		checkLeft(t, before, columnsOf(t, sqliteEngineIn(t, dir).db, query))
	})
	t.Run("postgres", func(t *testing.T) {
		address := emptyDatabase(t)
		old := openRaw(t, "pgx", address)
		load(t, old, "testdata/first.postgres.sql")
		const query = `SELECT table_name || '.' || column_name, data_type,
				is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO', is_nullable = 'YES' 
			FROM information_schema.columns WHERE table_schema = 'public'`
		before := columnsOf(t, old, query)
		s := openEngine(t, "postgres", store.Options{URL: address}, "pgx", address)
		if _, _, err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		checkLeft(t, before, columnsOf(t, old, query))
	})
}

func checkLeft(t *testing.T, before, after map[string]column) {
	t.Helper()
	tables := map[string]bool{}
	for name, was := range before {
		table, _, _ := strings.Cut(name, ".")
		tables[table] = true
		is, ok := after[name]
		switch {
		case !ok:
			t.Errorf("%s is gone", name)
		case is.kind != was.kind, is.null != was.null:
			t.Errorf("%s was %+v and is %+v", name, was, is)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		table, _, _ := strings.Cut(name, ".")
		if _, known := before[name]; tables[table] && !known && after[name].required {
			t.Errorf("%s is new and required: the version before does not fill it in", name)
		}
	}
	if len(tables) < 10 {
		t.Errorf("only %d tables were compared", len(tables))
	}
}

func columnsOf(t *testing.T, db *sql.DB, query string) map[string]column {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns := map[string]column{}
	for rows.Next() {
		var name string
		var c column
		if err := rows.Scan(&name, &c.kind, &c.required, &c.null); err != nil {
			t.Fatal(err)
		}
		columns[name] = c
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return columns
}
