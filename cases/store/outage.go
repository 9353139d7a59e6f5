package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/glebarez/go-sqlite"
	"github.com/jackc/pgx/v5/pgconn"
)

// outageClasses are SQLSTATEs, or their first letters, that speak of the
// server and not of what it was asked: connections, resources (disk full),
// an operator, the system; read-only after a switch-over.
// https://www.postgresql.org/docs/current/errcodes-appendix.html
var outageClasses = []string{"08", "53", "57", "58", "25006"}

// outageCodes are SQLite's primary codes of the same kind: busy, locked, read
// only, I/O, full, cannot open.
// https://www.sqlite.org/rescode.html
var outageCodes = []int{5, 6, 8, 10, 13, 14}

// IsOutage reports whether err says that a database does not answer or cannot
// work just now, so that the same may well succeed later.
func IsOutage(err error) bool {
	var server *pgconn.PgError
	if errors.As(err, &server) {
		for _, class := range outageClasses {
			if strings.HasPrefix(server.Code, class) {
				return true
			}
		}
		return false
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		for _, code := range outageCodes {
			if lite.Code()&0xff == code {
				return true
			}
		}
		return false
	}
	var network net.Error
	var connect *pgconn.ConnectError
	return pgconn.SafeToRetry(err) || errors.As(err, &connect) || errors.As(err, &network) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.DeadlineExceeded)
}
