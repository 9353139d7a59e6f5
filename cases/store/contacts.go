package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/redress-cms/redress/cases"
)

// contactRow is a row of contacts.
type contactRow struct {
	ID        int64 `gorm:"primaryKey"`
	Name      text
	Language  text
	CreatedAt instant
}

// TableName implements gorm's Tabler.
func (contactRow) TableName() string { return "contacts" }

// addressRow is a row of contact_addresses.
type addressRow struct {
	ID              int64 `gorm:"primaryKey"`
	ContactID       rowID
	Channel         key
	Value           key
	Account         key
	VerifiedAt      instant
	OptedOutAt      instant
	UndeliverableAt instant
}

// TableName implements gorm's Tabler.
func (addressRow) TableName() string { return "contact_addresses" }

// newAddressRow is the row of an address that was not known.
func newAddressRow(a AddressChange) addressRow {
	row := addressRow{
		ContactID: rowID(a.ContactID), Channel: key(a.Address.Channel), Value: key(a.Address.Value), Account: key(a.Account),
		VerifiedAt: optional(a.Verified), OptedOutAt: optional(a.OptedOut), UndeliverableAt: optional(a.Undeliverable),
	}
	if a.OptedIn {
		row.OptedOutAt = instant{}
	}
	if a.Reachable {
		row.UndeliverableAt = instant{}
	}
	return row
}

func (r addressRow) domain() cases.ContactAddress {
	return cases.ContactAddress{
		Address: cases.Address{Channel: string(r.Channel), Value: string(r.Value)}, Account: string(r.Account),
		VerifiedAt: r.VerifiedAt.pointer(), OptedOutAt: r.OptedOutAt.pointer(), UndeliverableAt: r.UndeliverableAt.pointer(),
	}
}

// Contact reads a contact with its addresses.
func (s *Store) Contact(ctx context.Context, id int64) (cases.Contact, error) {
	c, err := readContact(s.read(ctx), `SELECT * FROM contacts WHERE id = ?`, id)
	if err != nil {
		return cases.Contact{}, fmt.Errorf("read contact %d: %w", id, err)
	}
	return c, nil
}

// ContactByAddress reads the contact an address belongs to.
func (s *Store) ContactByAddress(ctx context.Context, a cases.Address) (cases.Contact, error) {
	c, err := readContact(s.read(ctx), contactByAddressSQL, key(a.Channel), key(a.Value))
	if err != nil {
		return cases.Contact{}, fmt.Errorf("read a contact by address: %w", err)
	}
	return c, nil
}

const contactByAddressSQL = `SELECT c.* FROM contact_addresses a JOIN contacts c ON c.id = a.contact_id
	WHERE a.channel = ? AND a.value = ?`

func readContact(db *gorm.DB, query string, args ...any) (cases.Contact, error) {
	row, err := one[contactRow](db, query, args...)
	if err != nil {
		return cases.Contact{}, err
	}
	addresses, err := all[addressRow](db, `SELECT channel, value, account, verified_at, opted_out_at, undeliverable_at
		FROM contact_addresses WHERE contact_id = ? ORDER BY id`, row.ID)
	list, err := converted(addresses, err, addressRow.domain)
	return cases.Contact{
		ID: row.ID, Name: string(row.Name), Language: string(row.Language), CreatedAt: row.CreatedAt.Time, Addresses: list,
	}, err
}
