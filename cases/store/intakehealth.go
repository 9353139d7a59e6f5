package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// intakeForgotten is how long the last word of a process that is gone is kept.
const intakeForgotten = 24 * time.Hour

// IntakeHealth is what one process says of an account that it takes in on.
type IntakeHealth struct {
	Channel, Account string
	Holder           string // the process
	Up               bool
	Error            string // safe to show
	Since            time.Time
	At               time.Time // of its last word
}

type intakeHealthRow struct {
	Channel key
	Account key
	Holder  key
	Up      bool
	Error   text
	Since   instant
	At      instant
}

// SaveIntakeHealth keeps what holder says of its accounts at a time. What it
// left out it has nothing to say of any more.
func (s *Store) SaveIntakeHealth(ctx context.Context, holder string, list []IntakeHealth, at time.Time) error {
	err := s.write(ctx, func(tx *gorm.DB) error {
		for _, h := range list {
			err := tx.Exec(`INSERT INTO intake_health (channel, account, holder, up, error, since, at) VALUES (?, ?, ?, ?, ?, ?, ?)
				ON CONFLICT (channel, account, holder) DO UPDATE SET up = excluded.up, error = excluded.error, at = excluded.at,
					since = CASE WHEN intake_health.up = excluded.up THEN intake_health.since ELSE excluded.since END`,
				key(h.Channel), key(h.Account), key(holder), h.Up, text(h.Error), instant{at}, instant{at}).Error
			if err != nil {
				return err
			}
		}
		return tx.Exec(`DELETE FROM intake_health WHERE holder = ? AND at < ? OR at < ?`,
			key(holder), instant{at}, instant{at.Add(-intakeForgotten)}).Error
	})
	if err != nil {
		return fmt.Errorf("save the state of intake: %w", err)
	}
	return nil
}

// IntakeHealth is the last word of every process on every account.
func (s *Store) IntakeHealth(ctx context.Context) ([]IntakeHealth, error) {
	rows, err := all[intakeHealthRow](s.read(ctx), `SELECT * FROM intake_health ORDER BY channel, account, holder`)
	list, err := converted(rows, err, func(r intakeHealthRow) IntakeHealth {
		return IntakeHealth{
			Channel: string(r.Channel), Account: string(r.Account), Holder: string(r.Holder),
			Up: r.Up, Error: string(r.Error), Since: r.Since.Time, At: r.At.Time,
		}
	})
	if err != nil {
		return nil, fmt.Errorf("read the state of intake: %w", err)
	}
	return list, nil
}
