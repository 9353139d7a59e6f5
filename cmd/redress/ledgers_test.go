package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/channels/sandbox/mailserver"
	"github.com/redress-cms/redress/channels/sandbox/twilioapi"
	"github.com/redress-cms/redress/cmd/redress/internal/app"
	"github.com/redress-cms/redress/pipeline"
)

// cases is `redress case list --json`.
func (w *world) cases() []app.CaseView {
	w.t.Helper()
	var list []app.CaseView
	must(w.t, json.Unmarshal([]byte(w.run("case", "list", "--limit", "1000", "--json")), &list))
	return list
}

// casesOf are the cases of who has an address, such as "sms:+12025550141".
func (w *world) casesOf(address string) []app.CaseView {
	w.t.Helper()
	return slices.DeleteFunc(w.cases(), func(c app.CaseView) bool { return !slices.Contains(c.Contact.Addresses, address) })
}

// inbound is `redress inbound list --json` with the flags given.
func (w *world) inbound(flags ...string) []app.InboundView {
	w.t.Helper()
	var list []app.InboundView
	must(w.t, json.Unmarshal([]byte(w.run(append([]string{"inbound", "list", "--limit", "1000", "--json"}, flags...)...)), &list))
	return list
}

// outbound is `redress outbound list --all --json` of one address.
func (w *world) outbound(address string) []app.OutboundView {
	w.t.Helper()
	var list []app.OutboundView
	must(w.t, json.Unmarshal([]byte(w.run("outbound", "list", "--all", "--limit", "5000", "--json")), &list))
	return slices.DeleteFunc(list, func(o app.OutboundView) bool { return o.Address != address })
}

// awaitOutbound waits until all that is to be sent to an address has a state.
func (w *world) awaitOutbound(address, state string, count int) []app.OutboundView {
	w.t.Helper()
	var list []app.OutboundView
	w.eventually(fmt.Sprintf("%d messages %s", count, state), func() error {
		list = w.outbound(address)
		for _, o := range list {
			if o.State != state {
				return fmt.Errorf("one is %s after %d attempts: %s", o.State, o.Attempts, text(o.Error))
			}
		}
		if len(list) != count {
			return fmt.Errorf("there are %d", len(list))
		}
		return nil
	})
	return list
}

// awaitHandled waits until every received message was handled.
func (w *world) awaitHandled() {
	w.t.Helper()
	w.atLast("an empty inbox", func() error {
		for _, in := range w.inbound() {
			if in.State == "received" {
				return fmt.Errorf("message %d of %s waits: %s", in.ID, in.Channel, in.Reason)
			}
		}
		return nil
	})
}

// atLast is eventually for much work: it is patient, and looks more and more
// seldom, since looking is work too.
func (w *world) atLast(what string, check func() error) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 3*patience)
	defer cancel()
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		err := check()
		if err == nil {
			return
		}
		if (pipeline.SystemClock{}).Wait(ctx, time.Now().Add(pause)) != nil {
			w.t.Fatalf("waiting for %s: %v\nlog:\n%s", what, err, w.logs)
		}
	}
}

// texts are the messages that a phone got from the city, not from the carrier.
func (w *world) texts(number string) []string {
	var got []string
	for _, m := range w.twilio.Messages() {
		if m.To == number && m.Direction == twilioapi.Outbound && !m.Carrier {
			got = append(got, m.Body)
		}
	}
	return got
}

// letters are the mails that an address got.
func (s *played) letters(address string) []mailserver.Mail {
	return slices.DeleteFunc(s.mail.Mailbox(address), func(m mailserver.Mail) bool { return m.Outgoing })
}

func count[T comparable](list []T, want T) int {
	n := 0
	for _, v := range list {
		if v == want {
			n++
		}
	}
	return n
}

// kinds are the events of a case in order.
func kinds(c app.CaseStory) []string {
	var list []string
	for _, e := range c.Events {
		list = append(list, e.Kind)
	}
	return list
}

// incomingOf are the texts that came from the complainant.
func incomingOf(messages []app.MessageView) []string {
	var list []string
	for _, m := range messages {
		if m.Direction == "in" {
			list = append(list, m.Text)
		}
	}
	return list
}

// unsent is an error while messages to a party, or to any, are in one of the states.
func (w *world) unsent(to cases.Audience, states ...string) error {
	w.t.Helper()
	var list []app.OutboundView
	must(w.t, json.Unmarshal([]byte(w.run("outbound", "list", "--limit", "5000", "--json")), &list))
	list = slices.DeleteFunc(list, func(o app.OutboundView) bool {
		return !slices.Contains(states, o.State) || (to != "" && o.To != string(to))
	})
	if len(list) > 0 {
		return fmt.Errorf("%d, one is %s by %s: %s", len(list), list[0].State, list[0].Channel, text(list[0].Error))
	}
	return nil
}
