package store

import (
	"errors"
	"strings"

	"github.com/glebarez/go-sqlite"
	"github.com/jackc/pgx/v5/pgconn"
)

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const (
	pgUniqueViolation      = "23505"
	pgSerializationFailure = "40001"
	pgDeadlock             = "40P01"
)

// https://www.sqlite.org/rescode.html#constraint_unique
const sqliteConstraintUnique = 2067

// violates reports whether err is the violation of the unique index on these
// columns ("cases.reference", "contact_addresses.channel, contact_addresses.value"),
// which PostgreSQL tells by the name of the index.
func violates(err error, index, columns string) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == pgUniqueViolation && pg.ConstraintName == index
	}
	var lite *sqlite.Error
	return errors.As(err, &lite) && lite.Code() == sqliteConstraintUnique && strings.Contains(err.Error(), columns)
}

// isCrossed reports whether PostgreSQL gave a transaction up because it
// crossed another, and it can be run again.
func isCrossed(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == pgSerializationFailure || pg.Code == pgDeadlock)
}
