package store_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/redress-cms/redress/cases/store"
)

func TestOutagesAreToldFromWrongData(t *testing.T) {
	for _, tc := range []struct {
		name string
		err  error
		want bool
	}{
		{"shut down", &pgconn.PgError{Code: "57P01"}, true},
		{"starting up", &pgconn.PgError{Code: "57P03"}, true},
		{"disk full", &pgconn.PgError{Code: "53100"}, true},
		{"too many connections", &pgconn.PgError{Code: "53300"}, true},
		{"a stand-by", &pgconn.PgError{Code: "25006"}, true},
		{"connection refused", &net.OpError{Op: "dial", Err: errors.New("refused")}, true},
		{"connection lost", fmt.Errorf("commit: %w", driver.ErrBadConn), true},
		{"no answer", context.DeadlineExceeded, true},
		{"a wrong byte", &pgconn.PgError{Code: "22021"}, false},
		{"a duplicate", &pgconn.PgError{Code: "23505"}, false},
		{"no such row", store.ErrNotFound, false},
		{"another's change", store.ErrConflict, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := store.IsOutage(fmt.Errorf("saving: %w", tc.err)); got != tc.want {
				t.Errorf("outage: %t, want %t", got, tc.want)
			}
		})
	}
}
