package store

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
)

// earlyReportsKept is how long a report waits for the message it is about.
const earlyReportsKept = 7 * 24 * time.Hour

// rank orders the states a provider tells of: a message only moves to a higher
// one, whatever the order in which reports arrive.
func rank(state OutboundState) int {
	switch state {
	case OutSent:
		return 1
	case OutUndelivered, OutFailed, OutOptedOut, OutExpired:
		return 2
	case OutDelivered:
		return 3
	}
	return 0
}

// below are the states from which a message can move to state.
func below(state OutboundState) []OutboundState {
	var out []OutboundState
	for _, s := range []OutboundState{
		OutPending, OutAttempting, OutRetry, OutUncertain, OutSent, OutUndelivered, OutFailed, OutOptedOut, OutExpired,
	} {
		if rank(s) < rank(state) {
			out = append(out, s)
		}
	}
	return out
}

// reportRow is a row of early_reports.
type reportRow struct {
	ID         int64 `gorm:"primaryKey"`
	Channel    key
	Account    key
	ProviderID key
	State      OutboundState
	Code       text
	Text       text
	Hard       bool
	OptedOut   bool
	At         instant
}

// TableName implements gorm's Tabler.
func (reportRow) TableName() string { return "early_reports" }

func (r reportRow) report() Report {
	return Report{
		Channel: string(r.Channel), Account: string(r.Account), ProviderID: string(r.ProviderID),
		State: r.State, Code: string(r.Code), Text: string(r.Text), Hard: r.Hard, OptedOut: r.OptedOut, At: r.At.Time,
	}
}

// applyReports moves the messages that reports are about. A report whose
// message is not known by that provider id yet is kept for it.
func applyReports(tx *gorm.DB, reports []Report) error {
	for _, r := range reports {
		rows, err := reported(tx, r)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := applyReport(tx, row, r); err != nil {
				return err
			}
		}
		if len(rows) == 0 && r.ProviderID != "" {
			if err := keepReport(tx, r); err != nil {
				return err
			}
		}
	}
	return nil
}

func reported(tx *gorm.DB, r Report) ([]outboxRow, error) {
	if r.ProviderID != "" {
		row := outboxRow{Channel: key(r.Channel), Account: key(r.Account), ProviderID: outsideID(r.ProviderID)}
		if err := lockProviderIDs(tx, row); err != nil {
			return nil, err
		}
		return all[outboxRow](tx, `SELECT id, channel, address FROM outbox
			WHERE channel = ? AND account = ? AND provider_id = ? ORDER BY id`, key(r.Channel), key(r.Account), key(r.ProviderID))
	}
	if r.MessageID != "" {
		return all[outboxRow](tx, `SELECT id, channel, address FROM outbox WHERE message_id = ? ORDER BY id`, key(r.MessageID))
	}
	return nil, nil
}

func applyReport(tx *gorm.DB, row outboxRow, r Report) error {
	if from := below(r.State); len(from) > 0 {
		if _, err := change(tx, `UPDATE outbox SET state = ?, error_code = ?, error = ?, finished_at = ?
			WHERE id = ? AND state IN ?`, r.State, text(r.Code), text(r.Text), instant{r.At}, key(row.ID), from); err != nil {
			return err
		}
	}
	for _, mark := range []struct {
		set    bool
		column string
	}{{r.Hard, "undeliverable_at"}, {r.OptedOut, "opted_out_at"}} {
		if !mark.set {
			continue
		}
		if _, err := change(tx, `UPDATE contact_addresses SET `+mark.column+` = coalesce(`+mark.column+`, ?)
			WHERE channel = ? AND value = ?`, instant{r.At}, row.Channel, row.Address); err != nil {
			return err
		}
	}
	return nil
}

func keepReport(tx *gorm.DB, r Report) error {
	if _, err := change(tx, `DELETE FROM early_reports WHERE at < ?`, instant{r.At.Add(-earlyReportsKept)}); err != nil {
		return err
	}
	return tx.Create(&reportRow{
		Channel: key(r.Channel), Account: key(r.Account), ProviderID: key(r.ProviderID), State: r.State,
		Code: text(r.Code), Text: text(r.Text), Hard: r.Hard, OptedOut: r.OptedOut, At: instant{r.At},
	}).Error
}

// lockProviderIDs lets either the reports or the answers that name the
// messages come first, so that neither misses the other. SQLite has one writer
// anyway.
func lockProviderIDs(tx *gorm.DB, rows ...outboxRow) error {
	if tx.Name() != postgresName {
		return nil
	}
	names := make([]string, len(rows))
	for i, row := range rows {
		names[i] = strings.Join([]string{string(row.Channel), string(row.Account), string(row.ProviderID)}, "/")
	}
	slices.Sort(names) // all take them in one order
	_, err := tx.Statement.ConnPool.ExecContext(tx.Statement.Context,
		`SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM unnest($1::text[]) AS names (name)`, names)
	return err
}

// applyEarlyReports takes the reports that came before the provider's answers,
// which are in the rows.
func applyEarlyReports(tx *gorm.DB, rows []outboxRow) error {
	rows = slices.DeleteFunc(slices.Clone(rows), func(r outboxRow) bool { return r.ProviderID == "" })
	if len(rows) == 0 {
		return nil
	}
	if err := lockProviderIDs(tx, rows...); err != nil {
		return err
	}
	byAccount := map[[2]key][]outboxRow{}
	for _, row := range rows {
		account := [2]key{row.Channel, row.Account}
		byAccount[account] = append(byAccount[account], row)
	}
	for account, rows := range byAccount {
		if err := takeEarlyReports(tx, account[0], account[1], rows); err != nil {
			return err
		}
	}
	return nil
}

func takeEarlyReports(tx *gorm.DB, channel, account key, rows []outboxRow) error {
	byID := make(map[key]outboxRow, len(rows))
	for _, row := range rows {
		byID[key(row.ProviderID)] = row
	}
	early, err := all[reportRow](tx, `DELETE FROM early_reports WHERE channel = ? AND account = ? AND provider_id IN ?
		RETURNING *`, channel, account, slices.Collect(maps.Keys(byID)))
	if err != nil {
		return err
	}
	slices.SortFunc(early, func(a, b reportRow) int { return cmp.Compare(a.ID, b.ID) })
	for _, r := range early {
		if err := applyReport(tx, byID[r.ProviderID], r.report()); err != nil {
			return err
		}
	}
	return nil
}
