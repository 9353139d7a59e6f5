package store_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redress-cms/redress/cases/store"
)

func TestHotQueriesUseTheirIndex(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		fill(t, s)
		for _, q := range store.HotQueries(now) {
			t.Run(q.Name, func(t *testing.T) {
				plan, err := s.Explain(t.Context(), q.SQL, q.Args...)
				if err != nil {
					t.Fatal(err)
				}
				if !strings.Contains(plan, q.Index) {
					t.Errorf("index %s is not used:\n%s", q.Index, plan)
				}
			})
		}
	})
}

// fill makes the tables so large that a plan without index would be a loss:
// nearly all of it is done, as in a service that has run for a while.
func fill(t *testing.T, s engine) {
	t.Helper()
	registered(t, s, "C-1")
	received(t, s, message("+15550001111", "SM1"))
	for _, statement := range []string{
		`CREATE TABLE numbers AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT i FROM n`,
		`INSERT INTO inbound (channel, account, external_id, sender, received_at, content_type, state, reason, tries, next_try_at, raw)
			SELECT channel, account, 'X' || i, '+1' || i, received_at, content_type, 'processed', reason, tries, next_try_at, raw
			FROM inbound, numbers WHERE id = 1`,
		`INSERT INTO contacts (name, language, created_at) SELECT name || i, language, created_at FROM contacts, numbers WHERE id = 1`,
		`INSERT INTO contact_addresses (contact_id, channel, value, account) SELECT id, 'sms', name, 'main' FROM contacts WHERE id > 1`,
		`CREATE TABLE copies AS SELECT * FROM cases`,
		`INSERT INTO timers (case_id, kind, due_at, state) SELECT case_id, 'remind:' || i, due_at, 'fired' FROM timers, numbers WHERE id = 1`,
		`INSERT INTO outbox (id, dedupe, reference, kind, audience, login, channel, account, address, subject, text, html, automatic,
				in_reply_to, reply_to_row, edits_row, thread, prompt, press_id, context, state, attempts, next_attempt_at,
				segments, error_code, error, created_at, message_id, provider_id)
			SELECT id || i, dedupe || i, reference, kind, audience, login, channel, account, address, subject, text, html, automatic,
				in_reply_to, reply_to_row, edits_row, thread, prompt, press_id, context, 'sent', attempts, next_attempt_at,
				segments, error_code, error, created_at, 'm' || i, 'p' || i
			FROM outbox, numbers`,
	} {
		s.exec(t, statement)
	}
	fillCases(t, s)
	s.exec(t, `INSERT INTO messages (case_id, direction, audience, channel, account, address, subject, text, full_text, external_id, state, at, held, album)
		SELECT case_id, direction, audience, channel, account, address, subject, text, full_text, external_id || i, state, at, held,
			CASE WHEN i % 50 = 0 THEN 'A' || i ELSE '' END
		FROM messages, numbers WHERE direction = 'in'`)
	s.exec(t, `INSERT INTO attachments (message_id, filename, content_type, size, sha256, inline, state, public_id)
		SELECT message_id, filename, content_type, size, sha256, inline, 'clean', 'f' || i FROM attachments, numbers`)
	s.exec(t, `INSERT INTO participants (case_id, channel, address, name, added_at) SELECT id, channel, address, '', received_at FROM cases`)
	if s.name == "postgres" {
		s.exec(t, `ANALYSE`) // as autovacuum does
	}
}

// fillCases copies the case under other references, all of them resolved.
func fillCases(t *testing.T, s engine) {
	t.Helper()
	s.exec(t, `UPDATE copies SET status = 'resolved'`)
	var columns []string
	names := columnNames(t, s)
	for _, name := range names {
		switch name {
		case "id", "contact_id":
			columns = append(columns, "i + 1")
		case "reference", "token":
			columns = append(columns, name+" || i")
		default:
			columns = append(columns, name)
		}
	}
	s.exec(t, `INSERT INTO cases (`+strings.Join(names, ", ")+`) SELECT `+strings.Join(columns, ", ")+` FROM copies, numbers`)
}

func columnNames(t *testing.T, s engine) []string {
	t.Helper()
	rows, err := s.db.QueryContext(t.Context(), `SELECT * FROM cases WHERE 1 = 0`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err := errors.Join(err, rows.Err()); err != nil {
		t.Fatal(err)
	}
	return names
}

func TestSQLiteKeepsWhatItCommitted(t *testing.T) {
	s := sqliteEngine(t)
	for name, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "10000",
	} {
		writer, reader, err := s.Pragmas(t.Context(), name)
		if err != nil || writer != want || reader != want {
			t.Errorf("%s: %s for the writer, %s for readers, %v; want %s", name, writer, reader, err, want)
		}
	}
}

func TestPostgreSQLWaitsForTheDisk(t *testing.T) {
	address := emptyDatabase(t)
	s := openEngine(t, "postgres", store.Options{URL: address + "&options=-c%20synchronous_commit%3Doff"}, "pgx", address)
	if got, err := s.Setting(t.Context(), "synchronous_commit"); err != nil || got != "on" {
		t.Errorf("synchronous_commit is %s, %v; want on", got, err)
	}
}

func TestTheDatabaseIsForItsOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data with ?#% in it")
	s := sqliteEngineIn(t, dir)
	registered(t, s, "C-1")
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %s", d.Name(), info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "redress.db")); err != nil {
		t.Error(err)
	}
}

func TestADatabaseOfTheFirstSchemaIsBroughtUp(t *testing.T) {
	fresh := map[string]string{}
	each(t, func(t *testing.T, s engine) { fresh[s.name] = schemaOf(t, s) })
	t.Run("sqlite", func(t *testing.T) {
		dir := t.TempDir()
		old := openRaw(t, "sqlite", filepath.Join(dir, "redress.db"))
		load(t, old, "testdata/first.sqlite.sql")
		checkFirst(t, sqliteEngineIn(t, dir), fresh["sqlite"])
	})
	t.Run("postgres", func(t *testing.T) {
		address := emptyDatabase(t)
		load(t, openRaw(t, "pgx", address), "testdata/first.postgres.sql")
		s := openEngine(t, "postgres", store.Options{URL: address}, "pgx", address)
		if _, _, err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		checkFirst(t, s, fresh["postgres"])
	})
}

// checkFirst finds the complaint that the frozen database holds and the schema
// that a new one has.
func checkFirst(t *testing.T, s engine, schema string) {
	t.Helper()
	c, err := s.CaseByReference(t.Context(), "C-1")
	if err != nil || c.Description != "Water is leaking" || !c.ReceivedAt.Equal(now) {
		t.Errorf("case: %+v, %v", c, err)
	}
	if events, err := s.Events(t.Context(), c.ID); err != nil || len(events) != 2 {
		t.Errorf("events: %+v, %v", events, err)
	}
	if faults, err := s.VerifyAudit(t.Context(), nil); err != nil || len(faults) != 0 {
		t.Errorf("audit: %+v, %v", faults, err)
	}
	registered(t, s, "C-2")
	if have, want, err := s.SchemaVersion(t.Context()); err != nil || have != want || have < 1 {
		t.Errorf("schema %d, want %d, %v", have, want, err)
	}
	if diff := cmp.Diff(schema, schemaOf(t, s)); diff != "" {
		t.Error("schema differs from a new database's (new, brought up):", diff)
	}
}

func TestANewerDatabaseIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := sqliteEngineIn(t, dir)
	s.exec(t, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`)
	_, err := store.Open(t.Context(), store.Options{DataDir: dir})
	if err == nil || !strings.Contains(err.Error(), "newer program") {
		t.Errorf("got %v, want an error that names the way out", err)
	}
}

func TestOpenNamesAWrongAddress(t *testing.T) {
	_, err := store.Open(t.Context(), store.Options{URL: "mysql://root:hunter2@db/x"})
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v, want an error without the password", err)
	}
	s, err := store.Open(t.Context(), store.Options{URL: "postgres://u:hunter2@127.0.0.1:1/x"})
	if err != nil {
		t.Fatalf("a database that is away keeps the gateway from starting: %v", err)
	}
	defer s.Close()
	if err := s.Ping(t.Context()); err == nil || strings.Contains(err.Error(), "hunter2") || errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v, want an error without the password", err)
	}
}
