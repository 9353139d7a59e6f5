package pipeline_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/pipeline"
)

// queueOf is every hundredth of a line of messages.
type queueOf struct {
	length int
	expiry time.Time
}

func (l queueOf) WaitingSample(context.Context, int) ([]store.Waiting, error) {
	var sample []store.Waiting
	for place := 1; place <= l.length; place += 100 {
		row := message("")
		row.ExpiresAt = l.expiry
		sample = append(sample, store.Waiting{Outbound: row, Place: place, Line: l.length})
	}
	return sample, nil
}

// slowNumber sends one message a second, as a long number does.
type slowNumber struct{ *provider }

func (slowNumber) Pace(out channels.Outbound) []channels.Charge {
	return []channels.Charge{
		{Scope: "account", Units: 1, PerSecond: 1, Burst: 1},
		{Scope: "to:" + out.To, Units: 1, PerSecond: 10, Burst: 1},
	}
}

func TestFortyThousandOnOneNumberTakeElevenHours(t *testing.T) {
	name := channels.Name{Channel: "sms", Account: "main"}
	adapters := pipeline.Adapters{slowNumber{&provider{name: name}}}
	now := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	got, err := pipeline.ForecastSending(t.Context(), queueOf{40_000, now.Add(10 * time.Hour)}, adapters, now)
	if err != nil {
		t.Fatal(err)
	}
	want := []pipeline.Forecast{{Name: name, Waiting: 40_000, Takes: 40_000 * time.Second, Expiring: 4_000}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnAccountWithoutLimitsTakesNoTime(t *testing.T) {
	name := channels.Name{Channel: "sms", Account: "main"}
	for what, adapters := range map[string]pipeline.Adapters{"no limits": {&provider{name: name}}, "no such account": nil} {
		got, err := pipeline.ForecastSending(t.Context(), queueOf{300, time.Time{}}, adapters, time.Now())
		if err != nil || len(got) != 1 || got[0].Takes != 0 || got[0].Waiting != 300 {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
}
