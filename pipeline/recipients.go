package pipeline

import (
	"slices"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
)

// complainant is where notices about the case go: the place the complainant
// talks with us, else another address of the contact that still works. The
// one that just failed is left out.
func (s *sending) complainant(failed cases.Address) (recipient, bool) {
	own := cases.ContactAddress{
		Address: cases.Address{Channel: s.kase.Channel, Value: s.kase.Address}, Account: s.kase.Account,
	}
	candidates := []cases.ContactAddress{own}
	for _, a := range s.contact.Addresses {
		if a.Address == own.Address {
			candidates[0].OptedOutAt, candidates[0].UndeliverableAt = a.OptedOutAt, a.UndeliverableAt
			continue
		}
		// An address the complainant never wrote from is not trusted with news.
		if a.VerifiedAt != nil {
			candidates = append(candidates, a)
		}
	}
	for _, change := range s.step.Addresses { // what this very step finds out
		for i := range candidates {
			if candidates[i].Address == change.Address {
				candidates[i] = marked(candidates[i], change)
			}
		}
	}
	for _, a := range candidates {
		if a.Value == "" || a.Address == failed || a.OptedOutAt != nil || a.UndeliverableAt != nil {
			continue
		}
		if r, ok := s.at(a.Address, a.Account, channels.ForComplainants); ok {
			r.language = s.kase.Language
			return r, true
		}
	}
	return recipient{}, false
}

// marked is the address with the marks of the change.
func marked(a cases.ContactAddress, change store.AddressChange) cases.ContactAddress {
	if change.OptedOut != nil {
		a.OptedOutAt = change.OptedOut
	}
	if change.OptedIn {
		a.OptedOutAt = nil
	}
	if change.Undeliverable != nil {
		a.UndeliverableAt = change.Undeliverable
	}
	if change.Reachable {
		a.UndeliverableAt = nil
	}
	return a
}

// at is a recipient at an address, by the named account; by any of its channel
// that can send where none is named or the named one is no longer there.
func (s *sending) at(address cases.Address, account string, audience channels.Audience) (recipient, bool) {
	adapter, ok := s.Adapters.Get(address.Channel, account)
	if !ok || adapter.Format().Medium == "" {
		if adapter, ok = s.Adapters.For(address.Channel, audience); !ok {
			return recipient{}, false
		}
	}
	return recipient{address: address, account: adapter.Name().Account, format: adapter.Format()}, true
}

// staffRecipients are those who get an alert: the named one, else the staff
// group of the department, else the owner, else the officers of the level. A
// case that comes up the hierarchy is also brought to its new owner in person:
// supervisors do not read every group.
func (s *sending) staffRecipients(n cases.Notice) []recipient {
	if n.Login != "" && n.Login != s.kase.Owner {
		return s.users(n.Login)
	}
	owner := s.users(s.kase.Owner)
	if department, ok := s.org.Department(s.kase.Department); ok && department.Alerts != nil {
		if r, ok := s.at(*department.Alerts, "", channels.ForStaff); ok {
			r.login, r.language = s.kase.Owner, s.staffLanguage("")
			raised := n.Kind == cases.AlertEscalated || n.Kind == cases.AlertReopened
			if raised && len(owner) > 0 && owner[0].address != r.address {
				return append(owner, r)
			}
			return []recipient{r}
		}
	}
	if len(owner) > 0 {
		return owner
	}
	var logins []string
	for _, officer := range s.org.Officers(s.kase.Department, s.kase.Area, max(s.kase.Level, 1)) {
		logins = append(logins, officer.Login)
	}
	return s.users(logins[:min(len(logins), 5)]...)
}

// users are the first address that works of each user.
func (s *sending) users(logins ...string) []recipient {
	var found []recipient
	for _, login := range logins {
		if ways := s.waysTo(login); len(ways) > 0 {
			found = append(found, ways[0])
		}
	}
	return found
}

// waysTo are the addresses of a user that can be written to, best first.
func (s *sending) waysTo(login string) []recipient {
	user, ok := s.org.User(login)
	if !ok || user.Disabled {
		return nil
	}
	var ways []recipient
	for _, address := range user.Addresses {
		if r, ok := s.at(address, "", channels.ForStaff); ok {
			r.login, r.language = login, s.staffLanguage(login)
			ways = append(ways, r)
		}
	}
	return ways
}

func (s *sending) staffLanguage(login string) string {
	user, ok := s.org.User(login)
	if ok && slices.Contains(s.org.Jurisdiction.Languages, user.Language) {
		return user.Language
	}
	return s.org.Jurisdiction.Languages[0]
}
