// Package tracing shows the way of a message as an OpenTelemetry trace, from
// its acceptance to the provider's answer to what we sent for it.
//
// The ids of a trace are computed from the message's own id. So gateway, worker
// and sender, in whatever process and however much later, add to the same trace
// without anything being carried or stored; and they agree on which messages
// are sampled. Spans hold ids, names and states, never content or addresses.
package tracing

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// stopTimeout is how long Close waits for the collector.
const stopTimeout = 5 * time.Second

// Tracer makes spans. A nil *Tracer makes none.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
	salt     []byte
}

// Options are what a Tracer is made of.
type Options struct {
	// Endpoint is the base address of an OTLP/HTTP collector
	// ("http://127.0.0.1:4318"), to which "/v1/traces" is added.
	Endpoint string
	Sample   float64 // share of the messages that are traced, 0 to 1
	// Salt tells the messages of this installation from those of others; all
	// its processes have the same.
	Salt     []byte
	Instance string // this process, among all that run
}

// New makes a Tracer that exports in the background. An empty endpoint gives
// nil. A collector that is away costs nothing but the spans.
func New(ctx context.Context, o Options) (*Tracer, error) {
	if o.Endpoint == "" {
		return nil, nil
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(strings.TrimSuffix(o.Endpoint, "/")+"/v1/traces"))
	if err != nil {
		return nil, fmt.Errorf("tracing: %w", err)
	}
	return NewWith(sdk.NewBatchSpanProcessor(exporter), o), nil
}

// NewWith makes a Tracer that hands its spans to a processor.
func NewWith(processor sdk.SpanProcessor, o Options) *Tracer {
	provider := sdk.NewTracerProvider(
		sdk.WithSpanProcessor(processor),
		sdk.WithSampler(sdk.TraceIDRatioBased(o.Sample)),
		sdk.WithIDGenerator(ids{}),
		sdk.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "redress"), attribute.String("service.instance.id", o.Instance),
		)),
	)
	return &Tracer{provider: provider, tracer: provider.Tracer("redress"), salt: o.Salt}
}

// Close exports what is left, for five seconds at most.
func (t *Tracer) Close() error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	return t.provider.Shutdown(ctx)
}

// End ends a span: with the error of its work, or nil.
type End func(err error, attributes ...attribute.KeyValue)

func noEnd(error, ...attribute.KeyValue) {}

// Accepted is the root of a message's trace: from when a provider handed the
// message over until it was committed.
func (t *Tracer) Accepted(inbound int64, channel, account string, from, to time.Time) {
	if t == nil {
		return
	}
	first := t.message(inbound)
	_, span := t.tracer.Start(withID(context.Background(), first), "accept", trace.WithTimestamp(from),
		trace.WithAttributes(Channel(channel), Account(account), attribute.Int64("inbound", inbound)))
	span.End(trace.WithTimestamp(to))
}

// Message is work on an inbound message, under its root.
func (t *Tracer) Message(ctx context.Context, inbound int64, name string, attributes ...attribute.KeyValue) (context.Context, End) {
	if t == nil {
		return ctx, noEnd
	}
	return t.start(trace.ContextWithRemoteSpanContext(ctx, t.message(inbound)), name, attributes)
}

// Outbound is work on an outgoing message: under the message that it answers,
// or in a trace of its own.
func (t *Tracer) Outbound(ctx context.Context, inbound int64, name string, attributes ...attribute.KeyValue) (context.Context, End) {
	if t == nil {
		return ctx, noEnd
	}
	if inbound == 0 {
		return t.start(trace.ContextWithSpanContext(ctx, trace.SpanContext{}), name, attributes)
	}
	return t.Message(ctx, inbound, name, attributes...)
}

// Step is a part of the work that ctx is in.
func (t *Tracer) Step(ctx context.Context, name string) (context.Context, End) {
	if t == nil {
		return ctx, noEnd
	}
	return t.start(ctx, name, nil)
}

func (t *Tracer) start(ctx context.Context, name string, attributes []attribute.KeyValue) (context.Context, End) {
	ctx, span := t.tracer.Start(ctx, name, trace.WithAttributes(attributes...))
	return ctx, func(err error, more ...attribute.KeyValue) {
		span.SetAttributes(more...)
		if err != nil { // without its words, which may hold what people wrote
			span.SetStatus(codes.Error, fmt.Sprintf("%T", err))
		}
		span.End()
	}
}

// message is the root span of an inbound message.
func (t *Tracer) message(inbound int64) trace.SpanContext {
	h := hmac.New(sha256.New, t.salt)
	fmt.Fprintf(h, "trace of inbound %d", inbound)
	sum := h.Sum(nil)
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID(sum[:16]), SpanID: trace.SpanID(sum[16:24]), TraceFlags: trace.FlagsSampled, Remote: true,
	})
}

// Attributes of spans.
var (
	Channel = attribute.Key("channel").String
	Account = attribute.Key("account").String
	Result  = attribute.Key("result").String
)

// ids draws span ids, and gives a root the ids that its context names.
type ids struct{}

type rootKey struct{}

func withID(ctx context.Context, root trace.SpanContext) context.Context {
	return context.WithValue(ctx, rootKey{}, root)
}

// NewIDs implements sdk.IDGenerator.
func (ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	if root, ok := ctx.Value(rootKey{}).(trace.SpanContext); ok {
		return root.TraceID(), root.SpanID()
	}
	var id trace.TraceID
	for i := range id {
		id[i] = byte(rand.Uint32()) //nolint:gosec // an id, no secret
	}
	return id, ids{}.NewSpanID(ctx, id)
}

// NewSpanID implements sdk.IDGenerator.
func (ids) NewSpanID(context.Context, trace.TraceID) trace.SpanID {
	var id trace.SpanID
	for i := range id {
		id[i] = byte(rand.Uint32()) //nolint:gosec // an id, no secret
	}
	return id
}
