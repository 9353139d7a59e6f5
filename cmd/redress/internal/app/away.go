package app

import (
	"errors"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Away reports whether err means that a server does not answer just now, so
// that trying again makes sense.
func Away(err error) bool {
	var network net.Error
	var connect *pgconn.ConnectError
	var server *pgconn.PgError
	switch {
	case errors.As(err, &server):
		// 57P03: starting up; 53300: too many connections.
		return server.Code == "57P03" || server.Code == "53300" || strings.HasPrefix(server.Code, "08")
	case errors.As(err, &connect), errors.As(err, &network):
		return true
	}
	return false
}

// Brief is the first line of an error without connection details.
func Brief(err error) string {
	if Away(err) {
		return "does not answer"
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
