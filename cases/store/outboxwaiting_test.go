package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/redress-cms/redress/cases/store"
)

func TestASampleIsSpreadOverTheLine(t *testing.T) {
	each(t, func(t *testing.T, s engine) {
		var list []store.Outbound
		for i := range 40 {
			row := text(fmt.Sprintf("01L%02d", i))
			row.CreatedAt = now.Add(time.Duration(i) * time.Second)
			list = append(list, row)
		}
		mail := text("01M")
		mail.Channel, mail.Account = "email", "complaints"
		queued(t, s, append(list, mail)...)
		sent(t, s, "01L00", "P1")

		got, err := s.WaitingSample(t.Context(), 13)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 14 || got[0].Outbound.ID != "01M" || got[0].Line != 1 {
			t.Fatalf("%d rows, the first %+v", len(got), got[0])
		}
		for i, w := range got[1:] {
			if want := 3*i + 1; w.Place != want || w.Line != 39 || w.Outbound.ID != fmt.Sprintf("01L%02d", want) {
				t.Errorf("%s is number %d of %d, want number %d of 39", w.Outbound.ID, w.Place, w.Line, want)
			}
		}
	})
}
