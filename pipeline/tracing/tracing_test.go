package tracing_test

import (
	"errors"
	"testing"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"

	"github.com/redress-cms/redress/pipeline/tracing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func process(t *testing.T, spans *tracetest.InMemoryExporter, sample float64, salt string) *tracing.Tracer {
	t.Helper()
	tracer := tracing.NewWith(sdk.NewSimpleSpanProcessor(spans), tracing.Options{Sample: sample, Salt: []byte(salt)})
	t.Cleanup(func() { _ = tracer.Close() })
	return tracer
}

func TestProcessesAddToOneTraceWithoutCarryingAnything(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	gateway, worker, sender := process(t, spans, 1, "s"), process(t, spans, 1, "s"), process(t, spans, 1, "s")
	at := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	gateway.Accepted(7, "sms", "main", at, at.Add(time.Millisecond))
	ctx, end := worker.Message(t.Context(), 7, "handle")
	_, endStep := worker.Step(ctx, "understand")
	endStep(errors.New("secret words"))
	end(nil, tracing.Result("processed"))
	_, end = sender.Outbound(t.Context(), 7, "send")
	end(nil)

	got := spans.GetSpans()
	if len(got) != 4 {
		t.Fatalf("%d spans", len(got))
	}
	byName := map[string]tracetest.SpanStub{}
	for _, span := range got {
		byName[span.Name] = span
		if span.SpanContext.TraceID() != got[0].SpanContext.TraceID() {
			t.Errorf("%s is in another trace", span.Name)
		}
	}
	root := byName["accept"]
	if root.Parent.IsValid() || !root.StartTime.Equal(at) {
		t.Errorf("root %+v", root)
	}
	for name, parent := range map[string]string{"handle": "accept", "send": "accept", "understand": "handle"} {
		if byName[name].Parent.SpanID() != byName[parent].SpanContext.SpanID() {
			t.Errorf("%s is not under %s", name, parent)
		}
	}
	if status := byName["understand"].Status; status.Description != "*errors.errorString" {
		t.Errorf("an error is shown as %q", status.Description)
	}
}

func TestMessagesAndInstallationsAreToldApart(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	here, there := process(t, spans, 1, "here"), process(t, spans, 1, "there")
	for _, end := range []tracing.End{last(here.Message(t.Context(), 1, "a")), last(here.Message(t.Context(), 2, "b")),
		last(there.Message(t.Context(), 1, "c")), last(here.Outbound(t.Context(), 0, "d"))} {
		end(nil)
	}
	seen := map[string]bool{}
	for _, span := range spans.GetSpans() {
		seen[span.SpanContext.TraceID().String()] = true
	}
	if len(seen) != 4 {
		t.Errorf("%d traces, want 4", len(seen))
	}
}

func last[A, B any](_ A, b B) B { return b }

// Whether a message is sampled is the same in every process.
func TestSamplingAgrees(t *testing.T) {
	here, there := tracetest.NewInMemoryExporter(), tracetest.NewInMemoryExporter()
	gateway, worker := process(t, here, 0.3, "s"), process(t, there, 0.3, "s")
	for id := range int64(300) {
		gateway.Accepted(id, "sms", "main", time.Now(), time.Now())
		_, end := worker.Message(t.Context(), id, "handle")
		end(nil)
	}
	a, b := here.GetSpans(), there.GetSpans()
	if len(a) < 50 || len(a) > 140 || len(a) != len(b) {
		t.Fatalf("%d and %d of 300 sampled at 30 %%", len(a), len(b))
	}
	for i := range a {
		if a[i].SpanContext.TraceID() != b[i].SpanContext.TraceID() {
			t.Fatal("processes sample different messages")
		}
	}
}

func TestOffCostsNothing(t *testing.T) {
	tracer, err := tracing.New(t.Context(), tracing.Options{})
	if tracer != nil || err != nil {
		t.Fatalf("%v, %v", tracer, err)
	}
	if n := testing.AllocsPerRun(100, func() {
		ctx, end := tracer.Message(t.Context(), 1, "handle")
		_, endStep := tracer.Step(ctx, "understand")
		endStep(nil)
		end(nil)
		tracer.Accepted(1, "sms", "main", time.Time{}, time.Time{})
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
	if err := tracer.Close(); err != nil {
		t.Error(err)
	}
}
