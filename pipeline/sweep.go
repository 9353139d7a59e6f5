package pipeline

import (
	"context"
	"fmt"
	"hash/fnv"
	"log/slog"
	"strconv"
	"time"

	"github.com/redress-cms/redress/cases/store"
	"github.com/redress-cms/redress/pipeline/queue"
)

// The topics of dispatch. Each account has an outbound topic, OutboundTopic,
// with calls of its own, so that a slow one delays no other. TopicOutbound
// itself is for rows of accounts that nobody sends for.
const (
	TopicInbound  = "inbound"
	TopicOutbound = "outbound"
)

// OutboundTopic is where the messages of an account wait to be sent.
func OutboundTopic(channel, account string) string {
	return TopicOutbound + ":" + channel + ":" + account
}

// InboundItem names an inbound row to dispatch, in line with others of its
// sender. Its key is a hash: no personal data leaves the database.
func InboundItem(ref store.InboundRef) queue.Item {
	return queue.Item{ID: strconv.FormatInt(ref.ID, 10), Key: hashKey(ref.Channel, ref.Sender)}
}

// OutboundItem names an outbox row to dispatch, in line with others to its
// recipient.
func OutboundItem(ref store.OutboundRef) queue.Item {
	return queue.Item{ID: ref.ID, Key: hashKey(ref.Channel, ref.Account, ref.Address)}
}

func hashKey(parts ...string) string {
	h := fnv.New64a()
	for _, part := range parts {
		_, _ = h.Write([]byte(part))
		_, _ = h.Write([]byte{0})
	}
	return fmt.Sprintf("%016x", h.Sum64())
}

// Bounds of the sweep.
const (
	sweepFast      = time.Second     // between rounds that find work
	sweepSlow      = 5 * time.Second // of an idle system
	sweepPage      = 1000
	maxSweepPage   = 64_000
	abandonedEvery = 15 * time.Second
	abandonAfter   = 3 * time.Minute // longer than a call, its saving and a stop take together
	maxSetBack     = 24 * time.Hour  // by which the clock may have been set back over a restart
	firstRepush    = 5 * time.Second
	maxRepush      = 5 * time.Minute
)

// Backlog is what the database says is not done.
type Backlog interface {
	DueInbound(ctx context.Context, now time.Time, after int64, limit int) ([]store.InboundRef, error)
	DueOutbound(ctx context.Context, now time.Time, limit int) ([]store.OutboundRef, error)
	Abandoned(ctx context.Context, before time.Time) ([]store.Outbound, error)
}

// Sweep feeds dispatch with whatever the database says is due, so that
// dispatch may lose everything at any time, and marks attempts that were cut
// off as uncertain. One per process that works; several do no harm.
type Sweep struct {
	Store   Backlog
	Queue   queue.Queue
	Clock   Clock
	Logger  *slog.Logger
	Metrics *Metrics
	// Serves reports whether this installation sends by an account. Rows of
	// others go to TopicOutbound. nil: it sends by all.
	Serves func(channel, account string) bool
	// Sole is true when no other process sends: what is attempting when Run
	// starts was cut off by a crash, and is uncertain at once.
	Sole bool

	inbound, outbound   recent
	lastAbandoned       time.Time
	inPage, outPage     int
	inFailed, outFailed bool
}

// Run sweeps at once and then every one to five seconds, until ctx ends.
func (s *Sweep) Run(ctx context.Context) error {
	if s.Sole {
		s.abandon(ctx, s.Clock.Now().Add(maxSetBack))
	}
	for every := sweepFast; ; every = min(2*every, sweepSlow) {
		if s.Round(ctx) > 0 {
			every = sweepFast
		}
		if !waitUntil(ctx, s.Clock, s.Clock.Now().Add(every)) {
			return nil
		}
	}
}

// Round sweeps once and returns how many rows were due.
func (s *Sweep) Round(ctx context.Context) int {
	now := s.Clock.Now()
	if since := now.Sub(s.lastAbandoned); since < 0 || since >= abandonedEvery {
		s.lastAbandoned = now
		s.abandon(ctx, now.Add(-abandonAfter))
	}
	return s.feedInbound(ctx, now) + s.feedOutbound(ctx, now)
}

func (s *Sweep) feedInbound(ctx context.Context, now time.Time) int {
	s.inPage = max(s.inPage, sweepPage)
	refs, err := s.Store.DueInbound(ctx, now, 0, s.inPage)
	if s.failed(ctx, &s.inFailed, "reading what is due of the inbox", err) {
		return 0
	}
	s.inbound.begin()
	var items []queue.Item
	for _, ref := range refs {
		if item := InboundItem(ref); s.inbound.push(item.ID, now) {
			items = append(items, item)
		}
	}
	s.inPage = nextPage(s.inPage, len(refs))
	s.inbound.end()
	s.push(ctx, TopicInbound, items, &s.inbound)
	return len(refs)
}

func (s *Sweep) feedOutbound(ctx context.Context, now time.Time) int {
	s.outPage = max(s.outPage, sweepPage)
	refs, err := s.Store.DueOutbound(ctx, now, s.outPage)
	if s.failed(ctx, &s.outFailed, "reading what is due of the outbox", err) {
		return 0
	}
	s.outbound.begin()
	topics := map[string][]queue.Item{}
	for _, ref := range refs {
		item, topic := OutboundItem(ref), OutboundTopic(ref.Channel, ref.Account)
		if s.Serves != nil && !s.Serves(ref.Channel, ref.Account) {
			topic = TopicOutbound
		}
		if s.outbound.push(item.ID, now) {
			topics[topic] = append(topics[topic], item)
		}
	}
	s.outPage = nextPage(s.outPage, len(refs))
	s.outbound.end()
	for topic, items := range topics {
		s.push(ctx, topic, items, &s.outbound)
	}
	return len(refs)
}

func (s *Sweep) push(ctx context.Context, topic string, items []queue.Item, r *recent) {
	if len(items) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, pushTimeout)
	defer cancel()
	if err := s.Queue.Push(ctx, topic, items...); err != nil {
		s.Logger.Debug("dispatch does not take work; it is done here", "topic", topic, "error", err)
		if here, ok := s.Queue.(offerer); ok {
			here.Offer(topic, items...)
		}
		for _, item := range items {
			r.forget(item.ID)
		}
	}
}

// offerer is a queue shared with other processes that can also give work to
// this one alone, for while what is shared is away.
type offerer interface {
	Offer(topic string, items ...queue.Item)
}

func (s *Sweep) abandon(ctx context.Context, before time.Time) {
	rows, err := s.Store.Abandoned(ctx, before)
	if err != nil {
		if ctx.Err() == nil {
			s.Logger.Error("looking for attempts that were cut off", "error", err)
		}
		return
	}
	for _, row := range rows {
		s.Metrics.Outbound(row.Channel, store.OutUncertain)
		s.Logger.Warn("an attempt was cut off; whether the message was sent is uncertain",
			"channel", row.Channel, "account", row.Account, "outbound", row.ID, "case", row.Reference)
	}
}

// failed logs an error once until it is over.
func (s *Sweep) failed(ctx context.Context, before *bool, doing string, err error) bool {
	if err != nil && !*before && ctx.Err() == nil {
		s.Logger.Error("the sweep does not work", "error", fmt.Errorf("%s: %w", doing, err))
	}
	*before = err != nil
	return err != nil
}

// nextPage is how many rows to ask for next: more when there may be more, so
// that work behind a backlog of a slow channel is found.
func nextPage(page, got int) int {
	if got == page {
		return min(2*page, maxSweepPage)
	}
	if got <= sweepPage {
		return sweepPage
	}
	return page
}

// recent remembers what was pushed. A row that stays due is pushed again after
// growing pauses; one that was not due in a round is forgotten, so that its
// next try is pushed at once.
type recent struct {
	known map[string]pushed
	seen  map[string]pushed // in this round
}

type pushed struct {
	at    time.Time
	again time.Duration
}

func (r *recent) begin() { r.seen = make(map[string]pushed, len(r.known)) }

func (r *recent) end() { r.known, r.seen = r.seen, nil }

// push reports whether a due row is to be pushed now.
func (r *recent) push(id string, now time.Time) bool {
	p, known := r.known[id]
	since := now.Sub(p.at)
	if known && since >= 0 && since < p.again {
		r.seen[id] = p
		return false
	}
	r.seen[id] = pushed{now, min(max(firstRepush, 2*p.again), maxRepush)}
	return true
}

func (r *recent) forget(id string) { delete(r.known, id) }
