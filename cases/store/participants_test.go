package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
)

func TestParticipantsAreKeptOnce(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		ctx := t.Context()
		c, other := registered(t, s, "C-1"), registered(t, s, "C-2")
		ravi := cases.Participant{Address: cases.Address{Channel: "email", Value: "ravi@home.test"}, Name: "Ravi", AddedAt: now}
		lata := cases.Participant{Address: cases.Address{Channel: "email", Value: "lata@home.test"}, AddedAt: now}
		for _, list := range [][]cases.Participant{{ravi}, {{Address: ravi.Address, Name: "Somebody"}, lata}} {
			step := act(c, cases.EventCopied)
			step.Participants = list
			if _, err := s.Record(ctx, step); err != nil {
				t.Fatal(err)
			}
			c.Version++
		}
		got, err := s.Participants(ctx, c.ID)
		if diff := cmp.Diff([]cases.Participant{ravi, lata}, got); err != nil || diff != "" {
			t.Errorf("participants: %v %s", err, diff)
		}
		if got, err := s.Participants(ctx, other.ID); err != nil || len(got) != 0 {
			t.Errorf("another case has %v, %v", got, err)
		}
	})
}

func TestCasesByTheirMessages(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		ctx := t.Context()
		first, second := registered(t, s, "C-1"), registered(t, s, "C-2")
		say := func(c cases.Case, id string, held bool) {
			step := store.Step{At: now, Messages: []cases.Message{{CaseID: c.ID, Direction: cases.In, To: cases.ToStaff, Channel: "email", Address: "a@b", ExternalID: id, Held: held}}}
			if _, err := s.Record(ctx, step); err != nil {
				t.Fatal(err)
			}
		}
		say(second, "1@home", false)
		say(first, "2@home", false)
		say(first, "1@home", false)
		say(first, "3@home", true)
		for _, test := range []struct {
			channel string
			ids     []string
			want    []cases.Reference
		}{
			{"email", []string{"2@home"}, []cases.Reference{"C-1"}},
			{"email", []string{"1@home", "2@home"}, []cases.Reference{"C-2", "C-1"}},
			{"email", []string{"3@home", "4@home"}, nil},
			{"letter", []string{"1@home"}, nil},
			{"email", nil, nil},
		} {
			found, err := s.CasesByMessage(ctx, test.channel, test.ids)
			var got []cases.Reference
			for _, c := range found {
				got = append(got, c.Reference)
			}
			if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
				t.Errorf("%s %v: %v %s", test.channel, test.ids, err, diff)
			}
		}
	})
}

func TestAMessageByItsReplyToken(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		c := registered(t, s, "C-1")
		for _, id := range []string{"01X", "02X"} {
			step := store.Step{At: now, Outbox: []store.Outbound{{ID: id, CaseID: c.ID, To: cases.ToComplainant, Channel: "email", Address: "a@b", ReplyToken: "token"}}}
			if _, err := s.Record(t.Context(), step); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.OutboundByReplyToken(t.Context(), "token")
		if err != nil || len(got) != 1 || got[0].ID != "01X" || got[0].CaseID != c.ID || got[0].ReplyToken != "token" {
			t.Errorf("got %+v, %v", got, err)
		}
		for _, token := range []string{"", "another"} {
			if got, err := s.OutboundByReplyToken(t.Context(), token); err != nil || len(got) != 0 {
				t.Errorf("token %q: %+v, %v", token, got, err)
			}
		}
	})
}
