package pipeline

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redress-cms/redress/cases"
)

// busyOffice counts slowly.
type busyOffice struct {
	CaseStore
	counted int
}

func (b *busyOffice) OwnerLoad(context.Context, string) (map[string]int, error) {
	b.counted++
	time.Sleep(100 * time.Millisecond)
	return map[string]int{"asha": 10}, nil
}

func TestALongCountOfOpenCasesIsGoodForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := &busyOffice{}
		o := NewOffice(OfficeOptions{Store: db, Clock: SystemClock{}})
		count := func() int {
			load, err := o.load(t.Context(), "water")
			if err != nil {
				t.Fatal(err)
			}
			return load["asha"]
		}
		if got := count(); got != 10 {
			t.Errorf("she has %d, want 10", got)
		}
		change := cases.Change{New: true}
		change.Case.Department, change.Case.Owner = "water", "asha"
		o.loads.handedOut(&change)
		time.Sleep(time.Second)
		if got := count(); got != 11 || db.counted != 1 {
			t.Errorf("with a new one she has %d, counted %d times; want 11, counted once", got, db.counted)
		}
		time.Sleep(2 * time.Second)
		if got := count(); got != 10 || db.counted != 2 {
			t.Errorf("later she has %d, counted %d times; want 10, counted again", got, db.counted)
		}
	})
}
