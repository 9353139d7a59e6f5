package store_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
)

// complaint is a whole step: a new contact with a new case and all that goes
// with it.
func complaint(reference string) store.Step {
	phone := cases.Address{Channel: "sms", Value: "+1555" + reference}
	due := now.Add(10 * 24 * time.Hour)
	id := "01OUT" + reference
	return store.Step{
		At:        now,
		Contact:   &cases.Contact{Name: "Mira", Language: "en", CreatedAt: now},
		Addresses: []store.AddressChange{{Address: phone, Account: "main", Verified: &now}},
		Change: &cases.Change{
			New: true,
			Case: cases.Case{
				Reference: cases.Reference(reference), Token: "token of " + reference,
				Type: cases.Complaint, Status: cases.Pending, Stage: 1, Level: 1, Priority: cases.High,
				Service: "water-leak", Department: "water", Area: "ward-4", Owner: "asha", Policy: "standard",
				Intake: "sms", Channel: "sms", Account: "main", Address: phone.Value, Language: "en",
				Description: "Water is leaking", ReceivedAt: now, DueAt: &due, LastInboundAt: &now,
				Facts: []cases.Fact{{Kind: "meter", Value: "4711"}}, Reasons: []cases.Reason{{Decision: "service", Value: "water-leak", Why: "the word leak"}},
			},
			Events: []cases.Event{
				{At: now, Actor: cases.Actor{Kind: cases.ActorComplainant, Channel: "sms"}, Kind: cases.EventRegistered, Note: "Water is leaking"},
				{At: now, Actor: cases.System, Kind: cases.EventRouted, Data: map[string]string{"owner.after": "asha"}},
			},
			Timers: []cases.Timer{
				{Kind: "remind:0", At: now.Add(time.Hour)}, {Kind: "remind:1", At: now.Add(2 * time.Hour)},
				{Kind: "escalate:0", At: due}, {Kind: cases.TimerSettle, At: now.Add(time.Minute)},
			},
		},
		Messages: []cases.Message{
			{Direction: cases.In, To: cases.ToStaff, Channel: "sms", Account: "main", Address: phone.Value,
				Text: "Water is leaking", ExternalID: "SM1", At: now,
				Attachments: []cases.Attachment{{Filename: "leak.jpg", ContentType: "image/jpeg", ClaimedType: "image/heic", Size: 3, SHA256: "abc", State: cases.AttachmentPending}}},
			{Direction: cases.Out, To: cases.ToComplainant, Channel: "sms", Account: "main", Address: phone.Value,
				Text: "Your number is " + reference, OutboundID: id, At: now},
		},
		Outbox: []store.Outbound{{
			ID: id, Dedupe: "ack/" + reference, Kind: cases.NoticeAcknowledged, To: cases.ToComplainant,
			Channel: "sms", Account: "main", Address: phone.Value, Text: "Your number is " + reference,
		}},
	}
}

// registered records a complaint and returns its case.
func registered(t *testing.T, s engine, reference string) cases.Case {
	t.Helper()
	recorded, err := s.Record(t.Context(), complaint(reference))
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Case(t.Context(), recorded.CaseID)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// act is a step that changes a case and says so.
func act(c cases.Case, kind cases.EventKind) store.Step {
	return store.Step{At: now, Change: &cases.Change{
		Case: c, Events: []cases.Event{{At: now, Actor: cases.System, Kind: kind}},
	}}
}

func TestRecordSavesAllOfAComplaint(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		ctx := t.Context()
		in := received(t, s, message("+1555C-1", "SM1"))[0]
		step := complaint("C-1")
		step.Inbound, step.InboundState = in, store.InboundProcessed
		recorded, err := s.Record(ctx, step)
		if err != nil {
			t.Fatal(err)
		}
		wantDue := []store.OutboundRef{{ID: "01OUTC-1", Channel: "sms", Account: "main", Address: "+1555C-1"}}
		if diff := cmp.Diff(wantDue, recorded.Outbox); diff != "" {
			t.Error("to be sent:", diff)
		}
		if step.Contact.ID == 0 || step.Contact.ID != recorded.ContactID {
			t.Errorf("contact %d in the step, %d recorded", step.Contact.ID, recorded.ContactID)
		}

		want := step.Change.Case
		want.ID, want.Version, want.ContactID = recorded.CaseID, 1, recorded.ContactID
		row, got, err := s.InboundCase(ctx, "sms", "main", "SM1")
		if err != nil || row.State != store.InboundProcessed {
			t.Fatalf("message: %+v, %v", row, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error("case:", diff)
		}
		byReference, err := s.CaseByReference(ctx, "C-1")
		if err != nil || byReference.ID != got.ID {
			t.Errorf("by reference: %+v, %v", byReference, err)
		}
		byToken, err := s.CaseByToken(ctx, "token of C-1")
		if err != nil || byToken.ID != got.ID {
			t.Errorf("by token: %+v, %v", byToken, err)
		}

		contact, err := s.ContactByAddress(ctx, cases.Address{Channel: "sms", Value: "+1555C-1"})
		wantContact := cases.Contact{ID: recorded.ContactID, Name: "Mira", Language: "en", CreatedAt: now,
			Addresses: []cases.ContactAddress{{Address: cases.Address{Channel: "sms", Value: "+1555C-1"}, Account: "main", VerifiedAt: &now}}}
		if diff := cmp.Diff(wantContact, contact); diff != "" || err != nil {
			t.Error("contact:", diff, err)
		}

		messages, err := s.Messages(ctx, got.ID)
		if err != nil || len(messages) != 2 {
			t.Fatalf("messages: %+v, %v", messages, err)
		}
		if messages[0].State != "received" || messages[1].State != "pending" {
			t.Errorf("states of the messages: %q, %q; want received, pending", messages[0].State, messages[1].State)
		}
		if diff := cmp.Diff(step.Messages[0].Attachments, messages[0].Attachments,
			cmpopts.IgnoreFields(cases.Attachment{}, "ID", "MessageID", "PublicID")); diff != "" {
			t.Error("attachments:", diff)
		}
		out, err := s.Outbound(ctx, "01OUTC-1")
		if err != nil || out.CaseID != got.ID || out.Reference != "C-1" || out.State != store.OutPending || !out.NextAttemptAt.Equal(now) {
			t.Errorf("outbox row: %+v, %v", out, err)
		}
		timers, err := s.Timers(ctx, got.ID)
		if err != nil || len(timers) != 4 || timers[0].Kind != cases.TimerSettle {
			t.Errorf("timers: %+v, %v", timers, err)
		}
		events, err := s.Events(ctx, got.ID)
		if err != nil || len(events) != 2 || events[1].Seq != 2 || events[1].Data["owner.after"] != "asha" {
			t.Errorf("events: %+v, %v", events, err)
		}
	})
}

func TestRecordSavesNothingOfAStepThatFails(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		registered(t, s, "C-1")
		in := received(t, s, message("+1555C-2", "SM2"))[0]
		tables := []string{"contacts", "contact_addresses", "cases", "events", "timers", "messages", "attachments", "outbox"}
		before := map[string]int{}
		for _, table := range tables {
			before[table] = s.count(t, `SELECT count(*) FROM `+table)
		}

		step := complaint("C-2")
		step.Inbound, step.InboundState = in, store.InboundProcessed
		step.Change.Case.Reference = "C-1"
		if _, err := s.Record(t.Context(), step); !errors.Is(err, store.ErrReferenceTaken) {
			t.Errorf("taken reference: %v, want ErrReferenceTaken", err)
		}
		step.Change.Case.Reference = "C-2"
		step.Messages[1].CaseID = 4711 // fails late, by a foreign key
		if _, err := s.Record(t.Context(), step); err == nil {
			t.Error("a message of an unknown case was saved")
		}
		for _, table := range tables {
			if n := s.count(t, `SELECT count(*) FROM `+table); n != before[table] {
				t.Errorf("%s: %d rows, were %d", table, n, before[table])
			}
		}
		if step.Contact.ID != 0 {
			t.Errorf("the contact got id %d though nothing was saved", step.Contact.ID)
		}
		row, err := s.Inbound(t.Context(), in)
		if err != nil || row.State != store.InboundReceived {
			t.Errorf("the message is %s, %v; want received", row.State, err)
		}
	})
}

func TestOneOfManyWhoChangeACaseAtOnceWins(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		c := registered(t, s, "C-1")
		c.Status = cases.Resolved
		var wg sync.WaitGroup
		var won, conflicts atomic.Int32
		for range 8 {
			wg.Go(func() {
				switch _, err := s.Record(t.Context(), act(c, cases.EventResolved)); {
				case err == nil:
					won.Add(1)
				case errors.Is(err, store.ErrConflict):
					conflicts.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 || conflicts.Load() != 7 {
			t.Errorf("%d won, %d were told; want 1 and 7", won.Load(), conflicts.Load())
		}
		got, err := s.Case(t.Context(), c.ID)
		if err != nil || got.Version != 2 || got.Status != cases.Resolved {
			t.Errorf("case: version %d, %s, %v", got.Version, got.Status, err)
		}
		events, err := s.Events(t.Context(), c.ID)
		if err != nil || len(events) != 3 {
			t.Errorf("%d events, %v; want 3", len(events), err)
		}
	})
}

func TestMessagesOfASenderTakeEffectInOrder(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		ids := received(t, s, message("+1", "SM1"), message("+2", "SM2"), message("+1", "SM3"), message("+1", "SM4"))
		finish := func(id int64) error {
			_, err := s.Record(t.Context(), store.Step{At: now, Inbound: id, InboundState: store.InboundIgnored, InboundReason: "list mail"})
			return err
		}
		if err := finish(ids[2]); !errors.Is(err, store.ErrDone) {
			t.Errorf("third before first: %v, want ErrDone", err)
		}
		if err := finish(ids[1]); err != nil {
			t.Errorf("another sender had to wait: %v", err)
		}
		if err := s.QuarantineInbound(t.Context(), ids[0], "poison"); err != nil {
			t.Fatal(err)
		}
		if err := finish(ids[2]); err != nil {
			t.Errorf("a quarantined message blocks the next: %v", err)
		}
		if err := finish(ids[2]); !errors.Is(err, store.ErrDone) {
			t.Errorf("twice: %v, want ErrDone", err)
		}
		queue, err := s.SenderQueue(t.Context(), "sms", "+1", 10)
		if err != nil || len(queue) != 1 || queue[0].ID != ids[3] || string(queue[0].Raw) != "Body=SM4" {
			t.Errorf("queue: %+v, %v", queue, err)
		}
	})
}

func TestATimerFiresOnce(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		c := registered(t, s, "C-1")
		due, err := s.DueTimers(t.Context(), now.Add(time.Minute), 10)
		if err != nil || len(due) != 1 || due[0].Kind != cases.TimerSettle {
			t.Fatalf("due timers: %+v, %v", due, err)
		}
		var wg sync.WaitGroup
		var fired, done atomic.Int32
		for range 3 {
			wg.Go(func() {
				step := act(c, cases.EventReminded)
				step.Timer = due[0].ID
				switch _, err := s.Record(t.Context(), step); {
				case err == nil:
					fired.Add(1)
				case errors.Is(err, store.ErrDone):
					done.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if fired.Load() != 1 || done.Load() != 2 {
			t.Errorf("fired %d times, %d workers were told; want 1 and 2", fired.Load(), done.Load())
		}
		if due, _ := s.DueTimers(t.Context(), now.Add(time.Minute), 10); len(due) != 0 {
			t.Errorf("still due: %+v", due)
		}
	})
}

func TestTimersAreReplacedAndCancelled(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		c := registered(t, s, "C-1")
		step := act(c, cases.EventDeferred)
		step.Change.Cancel = []cases.TimerKind{cases.TimerRemind}
		step.Change.Timers = []cases.Timer{{Kind: cases.TimerSettle, At: now.Add(3 * time.Hour)}}
		if _, err := s.Record(t.Context(), step); err != nil {
			t.Fatal(err)
		}
		timers, err := s.Timers(t.Context(), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		got := map[cases.TimerKind]time.Duration{}
		for _, timer := range timers {
			got[timer.Kind] = timer.At.Sub(now)
		}
		want := map[cases.TimerKind]time.Duration{"escalate:0": 240 * time.Hour, cases.TimerSettle: 3 * time.Hour}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestANoticeIsMadeOnce(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		c := registered(t, s, "C-1")
		step := act(c, cases.EventNote)
		step.Outbox = complaint("C-1").Outbox
		step.Outbox[0].ID = "01AGAIN"
		step.Messages = []cases.Message{{Direction: cases.Out, To: cases.ToComplainant, OutboundID: "01AGAIN", Text: "again"}}
		recorded, err := s.Record(t.Context(), step)
		if err != nil || len(recorded.Outbox) != 0 {
			t.Errorf("to be sent: %+v, %v; want nothing", recorded.Outbox, err)
		}
		if _, err := s.Outbound(t.Context(), "01AGAIN"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("second row: %v, want ErrNotFound", err)
		}
		messages, err := s.Messages(t.Context(), c.ID)
		if err != nil || len(messages) != 2 {
			t.Errorf("%d messages, %v; want 2", len(messages), err)
		}
	})
}

func TestHostileTextIsKept(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		step := complaint("C-1")
		bad := "a\x00b\xffc'\"; DROP TABLE cases; -- ?@x $1 " + strings.Repeat("z", 5000)
		step.Contact.Name, step.Change.Case.Description, step.Change.Events[0].Note = bad, bad, bad
		step.Change.Events[1].Data = map[string]string{"k\x00": "v\xff\x00"}
		step.Messages[0].Text, step.Messages[0].ExternalID, step.Messages[0].Attachments[0].Filename = bad, bad, bad
		step.Addresses[0].Address.Value, step.Change.Case.Address = bad, bad
		step.Outbox[0].References, step.Outbox[0].InReplyTo = []string{bad}, bad
		step.Outbox[0].Buttons = [][]store.Button{{{Label: bad, Data: "x"}}}
		recorded, err := s.Record(t.Context(), step)
		if err != nil {
			t.Fatal(err)
		}
		c, err := s.Case(t.Context(), recorded.CaseID)
		want := strings.ReplaceAll(strings.ReplaceAll(bad, "\x00", "\uFFFD"), "\xff", "\uFFFD")
		if err != nil || c.Description != want {
			t.Errorf("description: %q, %v", c.Description, err)
		}
		if _, err := s.ContactByAddress(t.Context(), cases.Address{Channel: "sms", Value: bad}); err != nil {
			t.Errorf("contact by its address: %v", err)
		}
		if faults, err := s.VerifyAudit(t.Context(), nil); err != nil || len(faults) != 0 {
			t.Errorf("audit: %+v, %v", faults, err)
		}
	})
}

func TestLinkedCasesNameOneAnother(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		a, b := registered(t, s, "C-1"), registered(t, s, "C-2")
		step := act(a, cases.EventLinked)
		step.Links = []int64{b.ID}
		if _, err := s.Record(t.Context(), step); err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			c    cases.Case
			want cases.Reference
		}{{a, "C-2"}, {b, "C-1"}} {
			got, err := s.Links(t.Context(), tt.c.ID)
			if diff := cmp.Diff([]cases.Reference{tt.want}, got); diff != "" || err != nil {
				t.Error(diff, err)
			}
		}
	})
}
