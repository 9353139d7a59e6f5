package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/redress-cms/redress/cases"
	"github.com/redress-cms/redress/cases/store"
)

func TestAlertsBehindOneGoTogether(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		alert := func(id string) store.Outbound {
			row := text(id)
			row.To, row.Address, row.Brief, row.Buttons = cases.ToStaff, "501", "in a line", [][]store.Button{{{Label: "Accept", Data: "a"}}}
			return row
		}
		var list []store.Outbound
		for i := range 6 {
			list = append(list, alert(fmt.Sprintf("01A%d", i)))
		}
		answer, other, late := alert("01B0"), alert("01B1"), alert("01B2")
		answer.Brief, other.Address, late.ExpiresAt = "", "502", now.Add(-time.Second)
		queued(t, s, append(list, answer, other, late)...)
		first, err := s.Claim(t.Context(), []string{"01A0"}, now)
		if err != nil || len(first) != 1 {
			t.Fatalf("%+v, %v", first, err)
		}
		if got, err := s.ClaimAlerts(t.Context(), first[0], 6, 10, now); err != nil || len(got) != 0 {
			t.Fatalf("too few are taken all the same: %d, %v", len(got), err)
		}
		got, err := s.ClaimAlerts(t.Context(), first[0], 3, 4, now)
		if err != nil || len(got) != 4 {
			t.Fatalf("%d alerts, %v", len(got), err)
		}
		for i, row := range got {
			if row.ID != fmt.Sprintf("01A%d", i+1) || row.State != store.OutAttempting || row.Attempts != 1 || row.Brief != "in a line" {
				t.Errorf("number %d: %+v", i, row)
			}
		}
		for id, want := range map[string]bool{"01A0": false, "01A1": false, "01A5": true, "01B0": true, "01B1": true} {
			row, err := s.Outbound(t.Context(), id)
			if err != nil || len(row.Buttons) > 0 != want {
				t.Errorf("%s has buttons: %v, %v", id, len(row.Buttons) > 0, err)
			}
		}
	})
}
