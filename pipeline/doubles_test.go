package pipeline_test

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redress-cms/redress/channels"
	"github.com/redress-cms/redress/pipeline"
	"github.com/redress-cms/redress/pipeline/queue"
)

// steppedClock is the machine's, which somebody sets forward and back.
type steppedClock struct {
	pipeline.SystemClock
	offset atomic.Int64
}

func (c *steppedClock) Now() time.Time {
	return c.SystemClock.Now().Add(time.Duration(c.offset.Load()))
}

func (c *steppedClock) step(d time.Duration) { c.offset.Add(int64(d)) }

func (c *steppedClock) Wait(ctx context.Context, until time.Time) error {
	return c.SystemClock.Wait(ctx, until.Add(-time.Duration(c.offset.Load())))
}

// recordingQueue keeps what is pushed, by topic.
type recordingQueue struct {
	queue.Queue
	mu     sync.Mutex
	err    error
	pushed map[string][]string
}

func (q *recordingQueue) Push(_ context.Context, topic string, items ...queue.Item) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err != nil {
		return q.err
	}
	if q.pushed == nil {
		q.pushed = map[string][]string{}
	}
	for _, item := range items {
		q.pushed[topic] = append(q.pushed[topic], item.ID)
	}
	return nil
}

// taken returns what was pushed to a topic since it was last asked.
func (q *recordingQueue) taken(topic string) []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	ids := q.pushed[topic]
	delete(q.pushed, topic)
	return ids
}

// provider is a channel whose answers a test decides.
type provider struct {
	name channels.Name
	send func(ctx context.Context, out channels.Outbound) (channels.Receipt, error)

	mu   sync.Mutex
	sent []channels.Outbound
}

func (p *provider) Name() channels.Name     { return p.name }
func (p *provider) Format() channels.Format { return channels.Format{Medium: "sms"} }

func (p *provider) Send(ctx context.Context, out channels.Outbound) (channels.Receipt, error) {
	p.mu.Lock()
	p.sent = append(p.sent, out)
	p.mu.Unlock()
	if p.send == nil {
		return channels.Receipt{ProviderID: "P" + out.ID, State: channels.DeliverySent}, nil
	}
	return p.send(ctx, out)
}

func (p *provider) calls() []channels.Outbound {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.sent)
}

// logbook is a log that a test can read.
type logbook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *logbook) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
