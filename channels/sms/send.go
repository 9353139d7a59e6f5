package sms

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	api "github.com/twilio/twilio-go/rest/api/v2010"

	"github.com/redress-cms/redress/channels"
)

// maxValidity is the longest time Twilio keeps a message in its queue, and the
// largest value it takes for it.
const maxValidity = 36000 * time.Second

// Send implements channels.Adapter. A text of more than 1,600 UTF-16 units
// goes out as several messages; the receipt is that of the last one. When one
// of them fails after another went out, the error is SendUncertain, since the
// whole must not be sent again.
func (a *Adapter) Send(ctx context.Context, out channels.Outbound) (channels.Receipt, error) {
	if canonical(out.To, a.DefaultRegion) != out.To || strings.Trim(out.To, "+0123456789") != "" || out.To == "" {
		return channels.Receipt{}, &channels.SendError{Kind: channels.SendUnreachable, Text: "the address is not a phone number"}
	}
	parts := partsOf(out.Text)
	if len(parts) == 0 {
		return channels.Receipt{}, &channels.SendError{Kind: channels.SendPermanent, Text: "the message has no text"}
	}
	receipt := channels.Receipt{State: channels.DeliverySent}
	for i, part := range parts {
		id, failure := a.create(ctx, out, part)
		if failure != nil && i > 0 {
			failure.Kind, failure.Scope, failure.RetryAt = channels.SendUncertain, "", time.Time{}
			failure.Text = fmt.Sprintf("only %d of %d parts were sent: %s", i, len(parts), failure.Text)
		}
		if failure != nil {
			return channels.Receipt{}, failure
		}
		n, _ := Segments(part)
		receipt.ProviderID, receipt.Segments = id, receipt.Segments+n
	}
	return receipt, nil
}

// partsOf cuts a text into what one message takes. Several are numbered, since
// they may arrive in any order.
func partsOf(text string) []string {
	parts := channels.SplitText(text, maxBody)
	if len(parts) < 2 {
		return parts
	}
	parts = channels.SplitText(text, maxBody-len("(99/99) "))
	for i := range parts {
		parts[i] = fmt.Sprintf("(%d/%d) %s", i+1, len(parts), parts[i])
	}
	return parts
}

// create hands one message to Twilio and returns its id.
func (a *Adapter) create(ctx context.Context, out channels.Outbound, body string) (string, *channels.SendError) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	params := &api.CreateMessageParams{}
	params.SetTo(a.prefix + out.To)
	params.SetFrom(a.prefix + a.sender(out.To))
	params.SetBody(body)
	params.SetStatusCallback(a.publicURL(a.statusPath()))
	if !out.ExpiresAt.IsZero() && a.prefix == "" {
		left := min(max(out.ExpiresAt.Sub(a.Now()), time.Second), maxValidity)
		params.SetValidityPeriod(int(left / time.Second))
	}
	service, call := a.service(ctx)
	message, err := service.CreateMessage(params)
	if err == nil && (message.Sid == nil || *message.Sid == "") {
		err = errors.New("twilio's answer names no message")
	}
	if err != nil {
		failure := a.sendError(call, err)
		if failure.Kind == channels.SendMisconfigured {
			a.setHealth(failure.Text)
		}
		return "", failure
	}
	a.setHealth("") // what was refused before is mended
	return *message.Sid, nil
}

// reconcileWindow is how far from the attempt a message counts as the one
// sent. It is wide, since clocks are set; the same text to the same person a
// little earlier serves as well.
const reconcileWindow = 3 * time.Hour

const reconcilePage = 200 // messages to one recipient looked at, newest first

// Reconcile implements channels.Reconciler: it looks for the text among the
// messages that Twilio lists for the recipient. Twilio is not asked for a date
// of sending, which a message still in its queue has not got.
func (a *Adapter) Reconcile(ctx context.Context, out channels.Outbound, attemptedAt time.Time) (channels.Receipt, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	params := &api.ListMessageParams{}
	params.SetTo(a.prefix + out.To)
	params.SetFrom(a.prefix + a.sender(out.To))
	params.SetPageSize(reconcilePage)
	service, call := a.service(ctx)
	page, err := service.PageMessage(params, "", "")
	if err != nil {
		return channels.Receipt{}, false, fmt.Errorf("list messages at Twilio: %w", a.sendError(call, err))
	}
	receipt := channels.Receipt{State: channels.DeliverySent}
	parts, found := partsOf(out.Text), 0
	for _, part := range parts {
		n, _ := Segments(part)
		receipt.Segments += n
		if m := findBody(page.Messages, part, attemptedAt); m != nil {
			receipt.ProviderID, receipt.State = *m.Sid, stateOf(m)
			found++
		}
	}
	switch {
	case found == len(parts) && found > 0:
		return receipt, true, nil
	case found > 0:
		return channels.Receipt{}, false, fmt.Errorf("twilio has %d of %d parts of the message", found, len(parts))
	case len(page.Messages) == reconcilePage && created(page.Messages[reconcilePage-1]).After(attemptedAt):
		return channels.Receipt{}, false, errors.New("too many messages to this recipient since the attempt")
	}
	return channels.Receipt{}, false, nil
}

func findBody(messages []api.ApiV2010Message, body string, at time.Time) *api.ApiV2010Message {
	for i := range messages {
		m := &messages[i]
		if m.Sid == nil || m.Body == nil || strings.TrimSpace(*m.Body) != body {
			continue
		}
		if made := created(*m); made.IsZero() || made.Sub(at).Abs() <= reconcileWindow {
			return m
		}
	}
	return nil
}

// created is when Twilio took the message; zero where it does not say.
func created(m api.ApiV2010Message) time.Time {
	if m.DateCreated == nil {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC1123Z, *m.DateCreated)
	if err != nil {
		return time.Time{}
	}
	return t
}

// stateOf is the state of a message that Twilio took; on its way counts as sent.
func stateOf(m *api.ApiV2010Message) channels.DeliveryState {
	if m.Status != nil {
		if state, ok := deliveryStates[*m.Status]; ok {
			return state
		}
	}
	return channels.DeliverySent
}
