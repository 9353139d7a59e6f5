package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
)

// everydayWork is what must not cost more as the history grows; n is the round.
// People ask about cases of these weeks, however old the archive is.
var everydayWork = []struct {
	name string
	do   func(ctx context.Context, h *history, n int) error
}{
	{"intake: webhook to acknowledgement", func(ctx context.Context, h *history, n int) error {
		return h.say(ctx, phone(n), complaint(n))
	}},
	{"status by SMS: webhook to answer", func(ctx context.Context, h *history, n int) error {
		return h.say(ctx, person((h.cases-n)/2), "STATUS")
	}},
	{"my queue", func(ctx context.Context, h *history, _ int) error {
		owner := fmt.Sprintf("officer-%d-%d", rand.IntN(cityDepartments), rand.IntN(cityOfficers))
		_, err := h.store.ListCases(ctx, store.CaseFilter{Statuses: openStatuses, Owner: owner})
		return err
	}},
	{"overdue cases", func(ctx context.Context, h *history, _ int) error {
		now := time.Now()
		_, err := h.store.ListCases(ctx, store.CaseFilter{Overdue: &now, Limit: 50})
		return err
	}},
	{"timers that are due", func(ctx context.Context, h *history, _ int) error {
		_, err := h.store.DueTimers(ctx, time.Now(), 100)
		return err
	}},
	{"sweep of inbox and outbox", func(ctx context.Context, h *history, _ int) error {
		if _, err := h.store.DueInbound(ctx, time.Now(), 0, 1000); err != nil {
			return err
		}
		_, err := h.store.DueOutbound(ctx, time.Now(), 1000)
		return err
	}},
	{"load of all officers", func(ctx context.Context, h *history, _ int) error {
		_, err := h.store.OwnerLoad(ctx, "")
		return err
	}},
	{"lookup by reference, of the last 10,000", func(ctx context.Context, h *history, _ int) error {
		_, err := h.store.CaseByReference(ctx, cases.Reference(fmt.Sprintf("S-%d", h.cases-rand.IntN(seedSmall))))
		return err
	}},
	{"lookup by phone, with cases, likewise", func(ctx context.Context, h *history, _ int) error {
		contact, err := h.store.ContactByAddress(ctx, cases.Address{Channel: "sms", Value: person(h.cases/2 - rand.IntN(seedSmall/2))})
		if err != nil {
			return err
		}
		_, err = h.store.CasesOfContact(ctx, contact.ID, 20)
		return err
	}},
}

var openStatuses = []cases.Status{cases.Pending, cases.Deferred, cases.Reforwarded, cases.Reopened, cases.Escalated}

// person is the number of the nth contact of a history.
func person(n int) string { return fmt.Sprintf("+1630%d", 1000000+n) }

// say posts a message and waits for the answer at the provider.
func (h *history) say(ctx context.Context, from, text string) error {
	f := form("q", 0)
	f.Set("From", from)
	f.Set("Body", text)
	f.Set("MessageSid", fmt.Sprintf("SMq%x", rand.Uint64()))
	before := h.taker.messages(from)
	if err := h.client.post(sign(h.product, f)); err != nil {
		return err
	}
	return h.taker.awaitMore(ctx, from, before)
}
