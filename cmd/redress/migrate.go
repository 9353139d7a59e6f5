package main

import (
	"fmt"
	"io"

	"github.com/redress-cms/redress/cmd/redress/internal/app"
)

type migrateCommand struct{}

// Help is shown by `redress migrate --help`.
func (migrateCommand) Help() string {
	return "Run it once after an update, before the new gateways and workers start. On SQLite, serve does it by itself.\n\n" +
		"Example:\n\n  redress migrate --config /etc/redress/redress.yaml"
}

// Run migrates the database.
func (migrateCommand) Run(r *invocation) error {
	settings, err := r.settings()
	if err != nil {
		return err
	}
	from, to, err := app.Migrate(r.Context, settings)
	if err != nil {
		return whileAway(err)
	}
	return r.print(map[string]int64{"from": from, "to": to}, func(w io.Writer) {
		if from == to {
			fmt.Fprintf(w, "The database is up to date (version %d).\n", to)
			return
		}
		fmt.Fprintf(w, "Migrated the database from version %d to %d.\n", from, to)
	})
}
