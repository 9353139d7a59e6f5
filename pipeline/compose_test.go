package pipeline_test

import (
	"testing"
	"testing/synctest"

	"github.com/redress-cms/redress/cases/store"
)

func TestAnswersAndEditsWaitForTheMessageBefore(t *testing.T) {
	for _, tc := range []struct {
		name      string
		before    store.OutboundState
		id        string
		reply     store.OutboundState
		inReplyTo string
		edit      store.OutboundState
		edits     string
	}{
		{"pending", store.OutPending, "", store.OutRetry, "", store.OutRetry, ""},
		{"retried", store.OutRetry, "", store.OutRetry, "", store.OutRetry, ""},
		{"sent", store.OutSent, "P0", store.OutSent, "P0", store.OutSent, "P0"},
		{"undelivered", store.OutUndelivered, "P0", store.OutSent, "P0", store.OutSent, "P0"},
		{"failed", store.OutFailed, "", store.OutSent, "", store.OutExpired, ""},
		{"uncertain", store.OutUncertain, "", store.OutSent, "", store.OutExpired, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := newSender(nil)
				before := message("0")
				before.State, before.ProviderID = tc.before, tc.id
				reply, edit, orphan := message("1"), message("2"), message("3")
				reply.ReplyToRow, edit.EditsRow, orphan.EditsRow = "0", "0", "none"
				st.store.add(before, reply, edit, orphan)
				if row := st.handle(t, "1"); row.State != tc.reply || row.State == store.OutRetry && row.Attempts != 0 {
					t.Errorf("the answer is %s after %d attempts, want %s", row.State, row.Attempts, tc.reply)
				}
				if row := st.handle(t, "2"); row.State != tc.edit {
					t.Errorf("the edit is %s, want %s", row.State, tc.edit)
				}
				if row := st.handle(t, "3"); row.State != store.OutExpired {
					t.Errorf("an edit of nothing is %s", row.State)
				}
				for _, out := range st.provider.calls() {
					if out.ID == "1" && out.Thread.InReplyTo != tc.inReplyTo || out.ID == "2" && out.Edit != tc.edits {
						t.Errorf("sent %+v", out)
					}
				}
			})
		})
	}
}

func TestOnlyTheLastEditIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newSender(nil)
		card := message("0")
		card.State, card.ProviderID, card.CaseID = store.OutSent, "P0", 7
		st.store.add(card)
		for _, id := range []string{"1", "2", "3"} {
			edit := message(id)
			edit.EditsRow, edit.CaseID = "0", 7
			st.store.add(edit)
		}
		for _, id := range []string{"3", "1", "2"} {
			st.handle(t, id)
		}
		calls := st.provider.calls()
		if len(calls) != 1 || calls[0].ID != "3" || calls[0].Edit != "P0" {
			t.Errorf("sent %+v, want only the last edit", calls)
		}
		if row := st.store.row("1"); row.State != store.OutExpired || row.ErrorCode != "superseded" {
			t.Errorf("an older edit is %s %s", row.State, row.ErrorCode)
		}
	})
}
