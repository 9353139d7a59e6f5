package store

import "errors"

// saveContact inserts a new contact or updates the name and language of a
// known one. The id of a new one is not written into the step before the end:
// the transaction may be run again.
func (r *recording) saveContact() error {
	contact := r.step.Contact
	if contact == nil {
		return nil
	}
	if contact.ID != 0 {
		r.contactID = contact.ID
		n, err := change(r.tx, `UPDATE contacts SET name = ?, language = ? WHERE id = ?`,
			text(contact.Name), text(contact.Language), contact.ID)
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		return err
	}
	row := contactRow{ID: r.batch.nextID("contacts"), Name: text(contact.Name), Language: text(contact.Language), CreatedAt: instant{contact.CreatedAt}}
	if row.CreatedAt.IsZero() {
		row.CreatedAt = instant{r.step.At}
	}
	r.batch.contacts = append(r.batch.contacts, row)
	r.contactID = row.ID
	return nil
}

// saveAddresses adds and marks addresses. An address belongs to one contact
// and stays with it. When the first one of a new contact belongs to another,
// that contact was made meanwhile, and the step must be thought through again.
func (r *recording) saveAddresses() error {
	isNew := r.step.Contact != nil && r.step.Contact.ID == 0
	for _, a := range r.step.Addresses {
		ofStep := a.ContactID == 0
		if ofStep {
			a.ContactID = r.contactID
		}
		if a.ContactID == 0 {
			return errors.New("an address without a contact")
		}
		if ofStep && isNew && len(r.step.Addresses) == 1 { // the usual; that it is new the index sees to
			r.batch.addresses = append(r.batch.addresses, newAddressRow(a))
			return nil
		}
		added, err := r.saveAddress(a)
		if err != nil {
			return err
		}
		if !added && ofStep && isNew {
			return ErrConflict
		}
		isNew = isNew && !ofStep
	}
	return nil
}

// saveAddress reports whether the address is now the contact's.
func (r *recording) saveAddress(a AddressChange) (bool, error) {
	n, err := change(r.tx, `INSERT INTO contact_addresses
			(contact_id, channel, value, account, verified_at, opted_out_at, undeliverable_at)
		VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (channel, value) DO UPDATE SET
			account = CASE WHEN excluded.account = '' THEN contact_addresses.account ELSE excluded.account END,
			verified_at = coalesce(contact_addresses.verified_at, excluded.verified_at),
			opted_out_at = coalesce(contact_addresses.opted_out_at, excluded.opted_out_at),
			undeliverable_at = coalesce(contact_addresses.undeliverable_at, excluded.undeliverable_at)
		WHERE contact_addresses.contact_id = excluded.contact_id`,
		rowID(a.ContactID), key(a.Address.Channel), key(a.Address.Value), key(a.Account),
		optional(a.Verified), optional(a.OptedOut), optional(a.Undeliverable))
	if err != nil || n == 0 || !a.OptedIn && !a.Reachable {
		return n > 0, err
	}
	_, err = change(r.tx, `UPDATE contact_addresses SET
			opted_out_at = CASE WHEN ? THEN NULL ELSE opted_out_at END,
			undeliverable_at = CASE WHEN ? THEN NULL ELSE undeliverable_at END
		WHERE channel = ? AND value = ?`, a.OptedIn, a.Reachable, key(a.Address.Channel), key(a.Address.Value))
	return true, err
}

// setLanguage sets the language a contact chose, also for its open cases,
// including the one this step changed.
func (r *recording) setLanguage() error {
	choice := r.step.Language
	if choice == nil {
		return nil
	}
	id := choice.ContactID
	if id == 0 {
		id = r.contactID
	}
	if _, err := change(r.tx, `UPDATE contacts SET language = ? WHERE id = ?`, text(choice.Language), id); err != nil {
		return err
	}
	_, err := change(r.tx, `UPDATE cases SET language = ?, version = version + 1 WHERE contact_id = ? AND `+openStatuses, text(choice.Language), id)
	return err
}
